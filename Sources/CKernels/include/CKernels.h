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
    QK_LEVEL_COUNT = 4
};

/// Whether this processor and operating system can run a level.
int qk_level_is_available(int level);

/// The fastest level that is available.
int qk_best_level(void);

/// Processors that this process may use.
int qk_processor_count(void);

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
    QK_MULTIPLY = 5        // C = P * other, elementwise
};

/// An epilogue: fields that the kind does not name are ignored and may be null.
typedef struct {
    int kind;
    const float *bias;   // (n)
    const float *other;  // (m, n), row stride other_row; may be C itself
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

/// y (n) = x (k) · B (k, n), plus y itself when `add`, for one row: reads B once, where it lies.
/// B's rows must be contiguous when b_column is 1, its columns when b_row is 1; one of them is 1.
void qk_gemv(
    int level, long n, long k, const float *x, const float *b, long b_row, long b_column, float *y,
    int add);

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

/// out = gelu(x) by the tanh formula, and its derivative where `derivative` is not null.
void qk_gelu(int level, long count, const float *x, float *out, float *derivative);

/// Loss of each row of logits (rows, n) against its target, and, where `scale` is not zero, the
/// logits replaced by `scale` times the gradient of the loss. A target of -1 has loss 0, gradient 0.
void qk_cross_entropy(
    int level, long rows, long n, float *logits, long row_stride, const int32_t *targets,
    float scale, float *losses);

/// Replaces x by exp(x * factor - max) / sum.
void qk_softmax(int level, long n, float *x, float factor);

// MARK: Attention

/// Floats of workspace for attention over t positions with heads of d.
long qk_attention_workspace(int level, long t, long d);

/// Causal attention of one head of one sequence: out = softmax(q·kᵀ / √d, masked) · v. q, k, v
/// are (t, d) with one row stride, out (t, d) with its own. `logsumexp` (t) is for the backward.
void qk_attention(
    int level, long t, long d, const float *q, const float *k, const float *v, long qkv_row,
    float *out, long out_row, float *logsumexp, float *workspace);

/// The gradient of `qk_attention`: writes (does not add) dq, dk, dv, row stride qkv_row.
void qk_attention_backward(
    int level, long t, long d, const float *q, const float *k, const float *v, long qkv_row,
    const float *out, const float *dout, long out_row, const float *logsumexp, float *dq,
    float *dk, float *dv, float *workspace);

/// Attention of one new position over `count` cached ones: `scores` has room for `count` floats.
void qk_attention_step(
    int level, long count, long d, const float *q, const float *keys, const float *values,
    long cache_row, float *out, float *scores);

// MARK: Elements

/// out[t] = tokens[ids[t]] + positions[t], rows of n.
void qk_embed(
    int level, long rows, long n, const int32_t *ids, const float *tokens,
    const float *positions, float *out);

/// dtokens[ids[t]] += dout[t]; dpositions[t] += dout[t].
void qk_embed_backward(
    int level, long rows, long n, const int32_t *ids, const float *dout, float *dtokens,
    float *dpositions);

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
    QK_BYTE_MASK_COUNT
};

/// The classes of `count` bytes, a bit for each byte: the first byte of every 64 lowest. The words of
/// the next 64 bytes begin `stride` words further on; bits past the last byte are 0.
void qk_byte_masks(int level, long count, const uint8_t *text, uint64_t *masks, long stride);

#endif
