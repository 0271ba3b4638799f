/// The numeric kernels of Quern, in C because they name instructions that Swift's default target
/// lacks. Each exists at several levels; `QK_PLAIN` is the simple loop that the others are tested
/// against, and the caller passes the level with every call, so there is no hidden state.
///
/// All matrices are row-major float32. "row stride" and "column stride" count floats. No pointer
/// needs an alignment beyond that of float; 64 bytes is quickest. Nothing here allocates, locks or
/// starts a thread: a call uses the thread it is on, and its result has the same bits wherever and
/// whenever it is called at the same level.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdint.h>

/// Levels, slowest first.
enum {
    QK_PLAIN = 0,     // scalar loops, written to be read
    QK_PORTABLE = 1,  // vectors of four floats: SSE2, NEON
    QK_AVX2 = 2,      // AVX2 and FMA
    QK_AVX512 = 3,    // AVX-512 F, VL, DQ, BW
    QK_LEVEL_COUNT = 4,
    // As the levels of the names, but for matrix products, which round their operands to bfloat16
    // and sum in float32.
    QK_PLAIN_MIXED = 4,
    QK_AVX512_MIXED = 5  // with AVX512-BF16
};

/// Whether this processor and operating system can run a level.
int qk_level_is_available(int level);

/// The fastest level in float32 that is available.
int qk_best_level(void);

/// Processors that this process may use.
int qk_processor_count(void);

/// Asks the system to hold whole, aligned parts of memory in large pages, where it can: a pass over
/// much memory then looks up fewer of them. Nothing depends on the answer.
void qk_prefer_large_pages(void *address, long bytes);

/// Tells the processor that this thread spins.
static inline void qk_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// MARK: Matrix products

/// What happens to a product P = A·B on its way to C.
enum {
    QK_STORE = 0,          // C = P
    QK_ADD = 1,            // C = C + P
    QK_BIAS = 2,           // C = P + bias
    QK_BIAS_RESIDUAL = 3,  // C = P + bias + other
    QK_BIAS_GELU = 4,      // x = P + bias; C = gelu(x); second = gelu'(x)
    QK_MULTIPLY = 5,       // C = P * other, elementwise
    QK_RESIDUAL = 6        // C = P + other
};

/// An epilogue: fields that the kind does not name are ignored and may be null.
typedef struct {
    int kind;
    const float *bias;   // (n)
    const float *other;  // (m, n), row stride other_row; not C, for which there is QK_ADD
    long other_row;
    float *second;  // (m, n), row stride second_row
    long second_row;
} qk_epilogue;

/// Floats of workspace that `qk_gemm` and `qk_gemm_packed` need, whatever the shape.
long qk_gemm_workspace(void);

/// C (m, n) = A (m, k) · B (k, n) through an epilogue. Strides say which of the operands are
/// transposed: A[i, p] is a[i * a_row + p * a_column]. C must not overlap A or B.
void qk_gemm(
    int level, long m, long n, long k, const float *a, long a_row, long a_column, const float *b,
    long b_row, long b_column, float *c, long c_row, const qk_epilogue *epilogue,
    float *workspace);

/// Floats that `qk_pack` writes for B (k, n) at a level.
long qk_packed_count(int level, long k, long n);

/// Lays B (k, n) out as the product's inner loop reads it, for many products with one B.
void qk_pack(
    int level, long k, long n, const float *b, long b_row, long b_column, float *packed);

/// As `qk_gemm`, with B packed before by `qk_pack` at the same level.
void qk_gemm_packed(
    int level, long m, long n, long k, const float *a, long a_row, long a_column,
    const float *packed, float *c, long c_row, const qk_epilogue *epilogue, float *workspace);

/// Y (m, n) = X (m, k) · B (k, n), plus Y itself when `add`, for few rows: reads B once, where it
/// lies. B's rows must be contiguous when b_column is 1, its columns when b_row is 1; one of them is
/// 1. A row of Y has the same bits whatever m is, and whichever columns of B are asked for at once.
void qk_few_rows(
    int level, long m, long n, long k, const float *x, long x_row, const float *b, long b_row,
    long b_column, float *y, long y_row, int add);

/// Number formats of weights that take fewer bytes than float32.
enum {
    QK_BFLOAT16 = 0,  // the upper half of a float32, rounded to nearest, ties to even
    QK_INT8 = 1,      // blocks of 32 along k: integers from -127 to 127 times a bfloat16
    QK_FLOAT16 = 2    // binary16, rounded to nearest, ties to even; at most 65,504 in size
};

/// Columns of a panel of reduced weights, which is the least that can be asked for at once.
#define QK_REDUCED_COLUMNS 32

/// Bytes that `qk_reduce` writes for B (k, n).
long qk_reduced_bytes(int format, long k, long n);

/// Rounds B (k, n) to a format, in panels of `QK_REDUCED_COLUMNS` columns, zero beyond the last
/// column. A panel of 16-bit numbers is (k, 32). One of int8 is, for each 32 rows of B, 32 scales and then
/// (32, 32) integers.
void qk_reduce(
    int format, long k, long n, const float *b, long b_row, long b_column, uint8_t *reduced);

/// As `qk_few_rows`, for the first n columns of the panels that `reduced` points to.
void qk_few_rows_reduced(
    int level, int format, long m, long n, long k, const float *x, long x_row,
    const uint8_t *reduced, float *y, long y_row, int add);

/// Lays the first n columns of reduced panels out as `qk_pack` would lay out what they stand for.
void qk_pack_reduced(
    int level, int format, long k, long n, const uint8_t *reduced, float *packed);

/// The float32 multiply-adds per second of one thread, in 1e9 floating-point operations, counted
/// over about `iterations` * 256 instructions in registers.
double qk_peak_gflops(int level, long iterations);

// MARK: Rows

/// out[r] = (x[r] - mean) * rstd * weight + bias for each of `rows` rows of `n`.
void qk_layer_norm(
    int level, long rows, long n, const float *x, const float *weight, const float *bias,
    float epsilon, float *out, float *mean, float *rstd);

/// The gradient of `qk_layer_norm`: adds to dx, dweight and dbias.
void qk_layer_norm_backward(
    int level, long rows, long n, const float *dout, const float *x, const float *weight,
    const float *mean, const float *rstd, float *dx, float *dweight, float *dbias);

/// out[r] = x[r] / √(mean of x[r]² + epsilon) * weight for each of `rows` rows of `n`; out may be x.
/// Zhang and Sennrich, https://arxiv.org/abs/1910.07467.
void qk_rms_norm(
    int level, long rows, long n, const float *x, long x_row, const float *weight, float epsilon,
    float *out, long out_row, float *rstd);

/// The gradient of `qk_rms_norm`: adds to dweight, and to dx when `adds`, else writes dx, which may
/// then be dout.
void qk_rms_norm_backward(
    int level, long rows, long n, const float *dout, long dout_row, const float *x, long x_row,
    const float *weight, const float *rstd, float *dx, long dx_row, int adds, float *dweight);

/// Turns each head of x in place: of its `d` floats, i and i + d/2 are the coordinates of a point
/// that is turned by the angle of position places[r] and i. A row of `table` is [cosines | sines],
/// d/2 each. `inverse` turns back, which is also the gradient.
/// Su and others, https://arxiv.org/abs/2104.09864, in the order of Hugging Face's `rotate_half`.
void qk_rotate(
    int level, long rows, long heads, long d, float *x, long x_row, const int32_t *places,
    const float *table, int inverse);

/// out = silu(gate) * up, where a row of `gates` is [gate | up], n floats each, and
/// silu(x) = x / (1 + e^-x). Shazeer, https://arxiv.org/abs/2002.05202.
void qk_swiglu(
    int level, long rows, long n, const float *gates, long gates_row, float *out, long out_row);

/// The gradient of `qk_swiglu`: writes dgates, which may be gates.
void qk_swiglu_backward(
    int level, long rows, long n, const float *dout, long dout_row, const float *gates,
    long gates_row, float *dgates, long dgates_row);

/// out = gelu(x) by the tanh formula, and its derivative where `derivative` is not null.
void qk_gelu(int level, long count, const float *x, float *out, float *derivative);

/// Loss of each row of logits (rows, n) against its target, and, where `scale` is not zero, the
/// logits replaced by `scale` times the gradient of the loss. A target of -1 has loss 0, gradient 0.
void qk_cross_entropy(
    int level, long rows, long n, float *logits, long row_stride, const int32_t *targets,
    float scale, float *losses);

/// Replaces x by exp(x * factor - max) / sum.
void qk_softmax(int level, long n, float *x, float factor);

// MARK: Dropout

/// Which numbers of a matrix are dropped: the same for the same fields, at every level, so that the
/// backward asks again instead of remembering. Number (r, j) belongs to word j/16 % 4 of the block
/// that Philox4x32-10 makes of the counter {j/64*16 + j%16, r, counter[0], counter[1]}; it is dropped
/// if that word is below `threshold`, and multiplied by `scale` if not.
/// Salmon and others, https://doi.org/10.1145/2063384.2063405.
typedef struct {
    uint32_t key[2], counter[2];
    uint32_t threshold;  // 2^32 times the share that is dropped
    float scale;         // 1 / (1 - the share that is dropped)
} qk_dropout;

/// out = x with numbers dropped, plus `other` unless that is null; rows of n. out may be x.
void qk_drop(
    int level, long rows, long n, const float *x, const float *other, float *out,
    const qk_dropout *dropout);

// MARK: Attention

/// What one head of one sequence has in common forward and backward.
typedef struct {
    long t, d;                  // positions, floats of a head
    long qkv_row, out_row;      // floats from a position to the next in q, k, v, and in out
    const int32_t *starts;      // (t) the first position that each sees, never falling; null: 0
    const qk_dropout *dropout;  // of the weights (t, t); null: none
} qk_attention_shape;

/// Floats of workspace for attention over t positions with heads of d.
long qk_attention_workspace(int level, long t, long d);

/// Causal attention of one head of one sequence: out = softmax(q·kᵀ / √d, masked) · v. q, k, v
/// and out are (t, d). `logsumexp` (t) is for the backward.
void qk_attention(
    int level, const qk_attention_shape *shape, const float *q, const float *k, const float *v,
    float *out, float *logsumexp, float *workspace);

/// The gradient of `qk_attention`: writes dq; adds to dk and dv when `adds`, else writes them.
void qk_attention_backward(
    int level, const qk_attention_shape *shape, const float *q, const float *k, const float *v,
    const float *out, const float *dout, const float *logsumexp, float *dq, float *dk, float *dv,
    int adds, float *workspace);

/// Attention of one new position over `count` cached ones, for `heads` heads that share keys and
/// values: q and out are (heads, d); `scores` has room for heads · count floats.
void qk_attention_step(
    int level, long heads, long count, long d, const float *q, const float *keys,
    const float *values, long cache_row, float *out, float *scores);

/// Attention of one head of the last t of `count` cached positions: q and out are (t, d), and the
/// workspace is that of `qk_attention` over `count` positions.
void qk_attention_cached(
    int level, long t, long count, long d, const float *q, long q_row, const float *keys,
    const float *values, long cache_row, float *out, long out_row, float *workspace);

// MARK: Elements

/// out[t] = table[ids[t]], rows of n, plus out[t] itself when `adds`.
void qk_embed(
    int level, long rows, long n, const int32_t *ids, const float *table, float *out, int adds);

/// dtable[ids[t]] += dout[t].
void qk_embed_backward(
    int level, long rows, long n, const int32_t *ids, const float *dout, float *dtable);

/// y += x.
void qk_add(int level, long count, const float *x, float *y);

/// out += the sum over `rows` rows of x (rows, n).
void qk_add_rows(int level, long rows, long n, const float *x, long x_row, float *out);

/// The sum of squares, in double, in a fixed order.
double qk_sum_of_squares(int level, long count, const float *x);

/// One step of AdamW. The gradient is multiplied by `gradient_scale` (clipping); corrections are
/// 1 / (1 - beta^t). p -= rate * (m̂ / (√v̂ + epsilon) + decay * p).
typedef struct {
    float rate, beta1, beta2, epsilon, decay, gradient_scale, correction1, correction2;
} qk_adamw_step;

void qk_adamw(
    int level, long count, float *p, const float *g, float *m, float *v,
    const qk_adamw_step *step);

/// Asks for the cache line at `address`, which is about to be read.
static inline void qk_prefetch(const void *address) { __builtin_prefetch(address); }

// Bytes of text.

/// Words that `qk_byte_masks` writes for every 64 bytes, in this order.
enum {
    QK_LETTER,      // A-Z a-z
    QK_UPPERCASE,   // A-Z
    QK_DIGIT,       // 0-9
    QK_WHITESPACE,  // U+0009 to U+000D, space
    QK_NEWLINE,     // U+000A, U+000D
    QK_SPACE,       // space
    QK_APOSTROPHE,  // '
    QK_SLASH,       // /
    QK_NOT_ASCII,   // 0x80 and above
    QK_BYTE_MASK_COUNT,

    // Those of `qk_character_masks`, which also adds to letters and upper case.
    QK_CONTINUATION = QK_BYTE_MASK_COUNT,  // bytes of a character after its first
    QK_HARD,                               // no character, or one of the class `hard`
    QK_UNCASED,                            // letters of no case
    QK_MARK,                               // the class `mark`
    QK_CHARACTER_MASK_COUNT
};

/// The classes of `count` bytes, a bit for each byte: the first byte of every 64 lowest. One kind's words
/// stand side by side, and the next kind's begin `stride` words further on; bits past the last byte
/// are 0.
void qk_byte_masks(int level, long count, const uint8_t *text, uint64_t *masks, long stride);

/// The classes of code points, and what they count as.
typedef struct {
    const uint8_t *blocks;   // (8704): for every 128 code points the number of their block
    const uint8_t *classes;  // (blocks, 128): the classes of each, a bit for each class
    uint8_t letter, uppercase, cased, hard, mark;
} qk_character_classes;

static inline uint8_t qk_classes_of(const qk_character_classes *classes, uint32_t code_point) {
    return classes->classes[(uint32_t)classes->blocks[code_point >> 7] << 7 | (code_point & 0x7F)];
}

/// Completes the masks that `qk_byte_masks` made of `count` bytes by those of the characters of several
/// bytes; every byte of a character has its class. A character may go over the end: `available` bytes
/// of text are there, and one word more of each mask than `count` bytes have, which must be zero.
void qk_character_masks(
    int level, long count, long available, const uint8_t *text,
    const qk_character_classes *classes, uint64_t *masks, long stride);

/// Writes the numbers of the bits that are set, each plus `offset`, in order; there is room for 64.
void qk_bit_numbers(int level, uint64_t bits, uint32_t offset, uint32_t *numbers);

/// What a pattern does with runs of characters of one kind.
typedef struct {
    int takes_any_prefix;     // letters: any character but line breaks, or else a space
    int number_group;         // how many numbers make a piece; 0 for all of a run
    int tail;                 // what punctuation takes behind
    int cuts_after_newlines;  // whitespace up to the last line break of a run is a piece
    int contraction;          // what 's, 't, 're and their like are
    int cuts_at_uppercase;    // a word ends where upper case follows lower case
    int numbers_divide;       // numbers divide the text into parts
} qk_cut_rules;

enum { QK_TAIL_NONE, QK_TAIL_NEWLINES, QK_TAIL_NEWLINES_AND_SLASHES };

enum {
    QK_CONTRACTION_NONE,
    QK_CONTRACTION_LOWERCASE,  // a piece, in lower case only
    QK_CONTRACTION_PIECE,      // a piece, in any case
    QK_CONTRACTION_SUFFIX      // the end of the word before it, in any case
};

/// Where pieces start, a word for each 64 bytes, in multiples of eight words.
typedef struct {
    uint64_t *starts;
    uint64_t *apostrophes;  // those that may begin contractions, which `starts` is without
    uint64_t *doubts;       // not zero where `starts` may be wrong
} qk_block_starts;

/// Finds the starts of pieces in all but the last block of `byte_count` bytes that begin a piece. `masks`
/// are those of `qk_byte_masks` and, unless `is_ascii`, `qk_character_masks`, with one word more of
/// each, and ten more that may be read.
void qk_find_starts(
    int level, const qk_cut_rules *rules, long byte_count, int is_ascii, const uint64_t *masks,
    long stride, qk_block_starts *found);

/// Writes where pieces start after `*position`, where one starts, up to a block that is doubted or
/// `block_count`; returns their number and leaves the beginning of that block in `*position`. There is
/// room for 64 more.
long qk_write_starts(
    int level, const qk_cut_rules *rules, const uint8_t *text, const uint64_t *letters,
    const qk_block_starts *found, long *position, long block_count, uint32_t *numbers);

// Pieces of text and their tokens.

enum {
    QK_TOKEN_BITS = 21,     // of a token's number; the greatest number is no token
    QK_RANK_BITS = 22,      // of a merge's rank
    QK_LONGEST_PIECE = 128  // bytes of a piece that `qk_merge` takes
};

/// The pairs of tokens that merge, as a perfect hash table: a pair can be in one slot only.
typedef struct {
    /// A merge each: the left token, the right one, 21 bits each, and the rank in the lowest 22.
    /// An empty slot has all bits set.
    const uint64_t *slots;
    uint64_t slot_shift;  // 64 less the bits of a slot's number
    /// A pair is multiplied; the highest bits choose a pilot, and it and the other bits the slot.
    const uint8_t *pilots;
    uint64_t pilot_shift;
    uint64_t multiplier;
    /// The token that each rank makes; null if it is the rank plus `offset`.
    const uint32_t *results;
    uint32_t offset;
    const uint32_t *byte_tokens;  // (256)
    /// For two bytes (left << 8 | right) the rank of merging their tokens, shifted left by 7;
    /// the greatest number if they do not merge.
    const int32_t *byte_pairs;  // (65536)
} qk_merges;

/// The slot of a pair that has been multiplied and whose pilot is known.
static inline uint64_t qk_slot_of_product(uint64_t product, uint64_t pilot, uint64_t slot_shift) {
    return (product << 16) * (pilot * 0xE7037ED1A0B428DA + 1) >> slot_shift;
}

/// The slot that a pair, left << 21 | right, may be in.
static inline uint64_t qk_merge_slot(const qk_merges *merges, uint64_t pair) {
    uint64_t product = pair * merges->multiplier;
    uint64_t pilot = merges->pilots[product >> merges->pilot_shift];
    return qk_slot_of_product(product, pilot, merges->slot_shift);
}

/// A piece that `qk_merge` merges.
typedef struct {
    uint32_t start;   // its place in the text
    uint32_t length;  // in bytes, 1 to 128
    uint32_t place;   // where its tokens go in the ids; there is room for the next multiple of 16
    uint32_t count;   // how many tokens it became
} qk_merged_piece;

/// Merges the bytes of `count` pieces of a text of `text_count` bytes into tokens: the merge of least rank
/// first, the leftmost among equals.
void qk_merge(
    int level, const qk_merges *merges, const uint8_t *text, long text_count,
    qk_merged_piece *pieces, long count, uint32_t *ids);

/// A piece of at most 15 bytes: its bytes, the first lowest, and its length in the highest byte. A
/// longer one has no bytes and the length 16.
typedef struct {
    uint64_t low, high;
} qk_piece_key;

#define QK_LONG_PIECE_KEY ((uint64_t)16 << 56)

/// What a piece is known to become.
typedef struct {
    qk_piece_key key;
    /// The ids, and their number in the highest byte of the last.
    uint32_t ids[4];
} qk_piece_entry;

enum { QK_PIECE_COUNT_SHIFT = 24, QK_PIECE_HASH_SHIFT = 26 };

#define QK_PIECE_LOW_FACTOR 0x9E3779B97F4A7C15u
#define QK_PIECE_HIGH_FACTOR 0xE7037ED1A0B428DBu

/// Where a piece's entry is looked for first, in bytes from the table's beginning. `place_mask` has
/// the bits of all entries' places.
static inline uint64_t qk_piece_place(qk_piece_key key, uint64_t place_mask) {
    uint64_t hash = key.low * QK_PIECE_LOW_FACTOR ^ key.high * QK_PIECE_HIGH_FACTOR;
    return hash >> QK_PIECE_HASH_SHIFT & place_mask;
}

/// Makes the keys and places of `count` pieces, the first of which begins at `start`, and asks for
/// their entries. There are 16 bytes of text from each piece's beginning on, and room for a multiple
/// of eight in `keys`, `places` and `longer`, which gets the numbers of the pieces that are longer
/// than 15 bytes; returns how many these are.
long qk_piece_keys(
    int level, const uint8_t *text, uint64_t start, const uint32_t *ends, long count,
    const qk_piece_entry *entries, uint64_t place_mask, qk_piece_key *keys, uint64_t *places,
    uint32_t *longer);

/// Copies the ids of the pieces from `first` up to `count` to `ids` from `*written` on, as far as they
/// have entries, and returns the number of the first piece that has none. An entry is at the piece's
/// first place or, of the four entries that begin at a multiple of four, at another.
/// Up to three more ids are written than count.
long qk_known_pieces(
    int level, const qk_piece_entry *entries, const qk_piece_key *keys, const uint64_t *places,
    long first, long count, uint32_t *ids, long *written);

/// Writes the numbers of the pieces from `first` up to `count` whose entries are not at their first
/// places, for which there is room for one more than there can be, and returns how many they are. Asks
/// for where else their entries may be.
long qk_displaced_pieces(
    const qk_piece_entry *entries, const qk_piece_key *keys, const uint64_t *places, long first,
    long count, uint32_t *numbers);

// Sets of hashes.

/// MinHash signatures (Broder, 1997) as datasketch computes them: for each of the permutations
/// x -> ((a x + b mod 2^64) mod 2^61 - 1) mod 2^32 the least value that it gives any of the hashes,
/// or 2^32 - 1 where there are none. O(count * permutations).
void qk_min_hash(
    int level, long count, const uint32_t *hashes, long permutations, const uint64_t *a,
    const uint64_t *b, uint32_t *signature);

#endif
