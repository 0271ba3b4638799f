/// Kernels over text: classes of bytes and characters, starts of pieces, tokens of pieces, MinHash.
#ifndef QUERN_TEXT_H
#define QUERN_TEXT_H

#include <stdint.h>

/// Prefetches the cache line at `address`, which is about to be read.
static inline void qk_prefetch(const void *address) { __builtin_prefetch(address); }

// MARK: Classes of bytes and characters

/// Words that `byte_masks` writes for every 64 bytes, in this order.
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

    // Words of `character_masks`, which also adds to letters and upper case.
    QK_CONTINUATION = QK_BYTE_MASK_COUNT,  // bytes of a character after its first
    QK_HARD,                               // no character, or one of the class `hard`
    QK_UNCASED,                            // letters of no case
    QK_MARK,                               // the class `mark`
    QK_CHARACTER_MASK_COUNT
};

/// The classes of code points, and what they count as.
typedef struct {
    const uint8_t *blocks;   // (8704): for every 128 code points the number of their block
    const uint8_t *classes;  // (blocks, 128): the classes of each, a bit for each class
    uint8_t letter, uppercase, cased, hard, mark;
} qk_character_classes;

static inline uint8_t qk_classes_of(const qk_character_classes *classes, uint32_t code_point) {
    return classes->classes[(uint32_t)classes->blocks[code_point >> 7] << 7 | (code_point & 0x7F)];
}

/// The length of the well-formed UTF-8 sequence at the beginning of `text`, of which at least one
/// byte is available; 0 if there is none. Source: The Unicode Standard, table 3-7.
static inline long qk_utf8_length(const uint8_t *text, long available) {
    uint8_t lead = text[0];
    long length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3
        : lead < 0xF5 ? 4 : 0;
    if (length > available) { return 0; }
    if (length < 2) { return length; }
    uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (text[1] < least || text[1] > most) { return 0; }
    for (long i = 2; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80) { return 0; }
    }
    return length;
}

/// The byte that `\` and this one stand for in a string of JSON; 0 for all other escapes.
static inline uint8_t qk_json_escape(uint8_t byte) {
    switch (byte) {
    case '"': case '\\': case '/': return byte;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
    }
}

// MARK: Starts of pieces

/// The rules of a pattern, by what it does with runs of characters of one kind.
typedef struct {
    int takes_any_prefix;     // letters: any character but line breaks, or else a space
    int number_group;         // most numbers in a piece; 0 for all of a run
    int tail;                 // characters that punctuation takes behind
    int cuts_after_newlines;  // whitespace up to the last line break of a run is a piece
    int contraction;          // place of 's, 't, 're and their like among the pieces
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

/// The starts of pieces, a word for each 64 bytes, in multiples of eight words.
typedef struct {
    uint64_t *starts;
    uint64_t *apostrophes;  // those that may begin contractions, which `starts` is without
    uint64_t *doubts;       // not zero where `starts` may be wrong
} qk_block_starts;

/// The bytes of `'s|'t|'re|'ve|'m|'ll|'d` at the apostrophe that begins `text`, of which at least
/// one byte is available; 0 if that is no contraction.
static inline long qk_contraction_length(const uint8_t *text, long available, int is_any_case) {
    if (available < 2) { return 0; }
    // Setting the bit also folds control characters, never onto these letters.
    uint8_t fold = is_any_case ? 0x20 : 0, first = text[1] | fold;
    if (first == 's' || first == 't' || first == 'm' || first == 'd') { return 2; }
    if (available < 3) { return 0; }
    // U+017F, the long s, folds to s; nothing else folds to one of these letters.
    if (text[1] == 0xC5) { return is_any_case && text[2] == 0xBF ? 3 : 0; }
    uint8_t second = text[2] | fold;
    int is_two = first == 'l' ? second == 'l' : (first == 'r' || first == 'v') && second == 'e';
    return is_two ? 3 : 0;
}

// MARK: Pieces and their tokens

enum {
    QK_TOKEN_BITS = 21,     // of a token's number; the greatest number is no token
    QK_RANK_BITS = 22,      // of a merge's rank
    QK_LONGEST_PIECE = 128  // bytes of a piece that `merge` takes
};

#define QK_RANK_MASK (((uint64_t)1 << QK_RANK_BITS) - 1)

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

/// A piece that `merge` merges.
typedef struct {
    uint32_t start;   // its place in the text
    uint32_t length;  // in bytes, 1 to 128
    uint32_t place;   // where its tokens go in the ids; there is room for the next multiple of 16
    uint32_t count;   // how many tokens it became
} qk_merged_piece;

/// A piece of at most 15 bytes: its bytes, the first lowest, and its length in the highest byte. A
/// longer one has no bytes and the length 16.
typedef struct {
    uint64_t low, high;
} qk_piece_key;

#define QK_LONG_PIECE_KEY ((uint64_t)16 << 56)

/// The tokens that a piece is known to become.
typedef struct {
    qk_piece_key key;
    /// The ids, and their number in the highest byte of the last.
    uint32_t ids[4];
} qk_piece_entry;

enum { QK_PIECE_COUNT_SHIFT = 24, QK_PIECE_HASH_SHIFT = 26 };

#define QK_PIECE_LOW_FACTOR 0x9E3779B97F4A7C15u
#define QK_PIECE_HIGH_FACTOR 0xE7037ED1A0B428DBu

/// The place where a piece's entry is looked for first, in bytes from the table's beginning.
/// `place_mask` has the bits of all entries' places.
static inline uint64_t qk_piece_place(qk_piece_key key, uint64_t place_mask) {
    uint64_t hash = key.low * QK_PIECE_LOW_FACTOR ^ key.high * QK_PIECE_HIGH_FACTOR;
    return hash >> QK_PIECE_HASH_SHIFT & place_mask;
}

// MARK: The kernels

/// The kernels over text of a level. Unlike sums of floats, all levels give the same bytes.
typedef struct {
    /// The classes of `count` bytes, a bit for each byte: the first byte of every 64 lowest. The
    /// words of one kind stand side by side, and the next kind's begin `stride` words further on;
    /// bits past the last byte are 0.
    void (*byte_masks)(long count, const uint8_t *text, uint64_t *masks, long stride);

    /// The bytes of `text` before the first that begins no well-formed UTF-8 sequence.
    long (*utf8_run)(long count, const uint8_t *text);

    /// The same, and before the first quote, backslash or control character: what stands for itself
    /// in a string of JSON.
    long (*json_run)(long count, const uint8_t *text);

    /// Copies what a string of JSON says to `target`, which has room for `count` bytes, up to the
    /// first byte that is neither one that stands for itself nor an escape of two bytes. Returns
    /// the bytes before that one, and leaves in `*written` how many they became.
    long (*json_text)(long count, const uint8_t *text, uint8_t *target, long *written);

    /// Completes the masks that `byte_masks` made of `count` bytes by those of the characters of
    /// several bytes; every byte of a character has its class. A character may go over the end:
    /// `available` bytes of text are there, and one word more of each mask than `count` bytes have,
    /// which must be zero.
    void (*character_masks)(
        long count, long available, const uint8_t *text, const qk_character_classes *classes,
        uint64_t *masks, long stride);

    /// Finds the starts of pieces in the blocks of `byte_count` bytes that begin a piece; in the
    /// last block only if the text ends with them (`is_end`), and there only up to the whitespace
    /// at the end. `masks` are those of `byte_masks` and, unless `is_ascii`, `character_masks`,
    /// with one word more of each, and ten more that may be read.
    void (*find_starts)(
        const qk_cut_rules *rules, long byte_count, int is_end, int is_ascii,
        const uint64_t *masks, long stride, qk_block_starts *found);

    /// Writes where pieces start after `*position`, where one starts, up to a block that is doubted
    /// or `block_count`; returns their number and leaves the beginning of that block in
    /// `*position`. There is room for 64 more. Corrects what was found by the contractions.
    long (*write_starts)(
        const qk_cut_rules *rules, const uint8_t *text, const uint64_t *letters,
        const qk_block_starts *found, long *position, long block_count, uint32_t *numbers);

    /// Makes the keys and places of `count` pieces, the first of which begins at `start`, and
    /// prefetches their entries. There are 16 bytes of text from each piece's beginning on, and
    /// room for a multiple of eight in `keys`, `places` and `longer`, which gets the numbers of the
    /// pieces that are longer than 15 bytes; returns how many these are.
    long (*piece_keys)(
        const uint8_t *text, uint64_t start, const uint32_t *ends, long count,
        const qk_piece_entry *entries, uint64_t place_mask, qk_piece_key *keys, uint64_t *places,
        uint32_t *longer);

    /// Copies the ids of the pieces from `first` up to `count` to `ids` from `*written` on, as far
    /// as they have entries, and returns the number of the first piece that has none. An entry is
    /// at the piece's first place or, of the four entries that begin at a multiple of four, at
    /// another. Up to three more ids are written than count.
    long (*known_pieces)(
        const qk_piece_entry *entries, const qk_piece_key *keys, const uint64_t *places,
        long first, long count, uint32_t *ids, long *written);

    /// Writes the numbers of the pieces from `first` up to `count` whose entries are not at their
    /// first places, for which there is room for one more than there can be, and returns how many
    /// they are. Prefetches where else their entries may be.
    long (*displaced_pieces)(
        const qk_piece_entry *entries, const qk_piece_key *keys, const uint64_t *places,
        long first, long count, uint32_t *numbers);

    /// Merges the bytes of `count` pieces of a text of `text_count` bytes into tokens: the merge of
    /// least rank first, the leftmost among equals.
    void (*merge)(
        const qk_merges *merges, const uint8_t *text, long text_count, qk_merged_piece *pieces,
        long count, uint32_t *ids);

    /// MinHash signatures (Broder, 1997) as datasketch computes them: for each of the permutations
    /// x -> ((a x + b mod 2^64) mod 2^61 - 1) mod 2^32 the least value that it gives any of the
    /// hashes, or 2^32 - 1 where there are none. O(count * permutations).
    void (*min_hash)(
        long count, const uint32_t *hashes, long permutations, const uint64_t *a,
        const uint64_t *b, uint32_t *signature);
} qk_text_kernels;

#endif
