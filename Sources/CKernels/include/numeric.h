/// Kernels over float32: products, norms, attention, the optimizer.
///
/// All matrices are row-major float32. Row and column strides count floats. No pointer needs an
/// alignment beyond that of float; 64 bytes is quickest.
#ifndef QUERN_NUMERIC_H
#define QUERN_NUMERIC_H

#include <stdint.h>

// MARK: Matrix products

/// Epilogues: a product P = A·B on its way to C.
enum {
    QK_STORE = 0,          // C = P
    QK_ADD = 1,            // C = C + P
    QK_BIAS = 2,           // C = P + bias
    QK_BIAS_RESIDUAL = 3,  // C = P + bias + other
    QK_BIAS_GELU = 4,      // x = P + bias; C = gelu(x); second = gelu'(x)
    QK_MULTIPLY = 5,       // C = P * other, elementwise
    QK_RESIDUAL = 6,       // C = P + other
    QK_BIAS_RELU = 7,      // C = max(P + bias, 0)
    QK_WHERE_POSITIVE = 8  // C = P where other > 0, else 0: the gradient of ReLU by its result
};

/// An epilogue. Fields that the kind does not name are ignored and may be null.
typedef struct {
    int kind;
    const float *bias;   // (n)
    const float *other;  // (m, n), row stride other_row; not C, for which there is QK_ADD
    long other_row;
    float *second;  // (m, n), row stride second_row
    long second_row;
} qk_epilogue;

/// Floats of the two packed blocks that a product works on: B's fits in half of a second-level
/// cache of 1 MiB, A's beside it. Together they are the workspace of `gemm` and `gemm_packed`.
enum {
    QK_B_BLOCK = 128 * 1024,
    QK_A_BLOCK = 56 * 1024,
    QK_GEMM_WORKSPACE = QK_B_BLOCK + QK_A_BLOCK + 64
};

/// Number formats of weights that take fewer bytes than float32.
enum {
    QK_BFLOAT16 = 0,  // the upper half of a float32, rounded to nearest, ties to even
    QK_INT8 = 1,      // blocks of 32 along k: integers from -127 to 127 times a bfloat16
    QK_FLOAT16 = 2,   // binary16, rounded to nearest, ties to even; at most 65,504 in size
    QK_Q4_0 = 3       // blocks of 32 along k: integers from -8 to 7 times a binary16
};

/// Bytes of the most that 32 numbers of a row take, rounded by `round_rows` of any level.
enum { QK_ROUNDED_BLOCK = 72 };

/// Bytes of a row of k numbers that `round_rows` rounds.
long qk_rounded_bytes(long k);

/// Columns of a panel of reduced weights, which is the least that can be asked for at once.
#define QK_REDUCED_COLUMNS 32

/// Bytes that `qk_reduce` writes for B (k, n).
long qk_reduced_bytes(int format, long k, long n);

/// Rounds B (k, n) to a format, in panels of `QK_REDUCED_COLUMNS` columns, zero beyond the last
/// column. A panel of 16-bit numbers is (k, 32). One of int8 is, for each 32 rows of B, 32 scales
/// and then (8, 32) words, each of four rows of a column, the first in the lowest byte: the
/// integers with 128 added. One of Q4_0 is, for each 32 rows, 32 scales and then (4, 32) words,
/// each of eight rows of a column: the lower halves of its bytes are the first four, the upper
/// halves the others, the integers with 8 added. Scales and integers are those of ggml's type of
/// that name.
void qk_reduce(
    int format, long k, long n, const float *b, long b_row, long b_column, uint8_t *reduced);

// MARK: Activations

/// Functions inside of a feed-forward part.
enum {
    QK_GELU_TANH = 0,  // x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
    QK_GELU = 1,       // x·Φ(x), with Φ the normal distribution: x/2·(1 + erf(x/√2))
    QK_RELU = 2,       // max(x, 0)
    QK_SILU = 3        // x / (1 + e^-x)
};

// MARK: Dropout

/// Dropout of a matrix: which numbers are dropped, the same for the same fields, at every level, so
/// that the backward asks again instead of remembering. Number (r, j) belongs to word j/16 % 4 of
/// the block that Philox4x32-10 makes of the counter {j/64*16 + j%16, r, counter[0], counter[1]};
/// it is dropped if that word is below `threshold`, and multiplied by `scale` if not. Salmon and
/// others, https://doi.org/10.1145/2063384.2063405.
typedef struct {
    uint32_t key[2], counter[2];
    uint32_t threshold;  // 2^32 times the share that is dropped
    float scale;         // 1 / (1 - the share that is dropped)
} qk_dropout;

// MARK: Attention

/// The shape of attention of one head of one sequence, forward and backward: t queries that each
/// see a stretch of the keys. Causal attention is over the queries' own positions and ends with
/// each; attention over a whole document, or over another sequence, says where it ends.
typedef struct {
    long t, keys, d;            // queries, keys and values, floats of a head
    long q_row, key_row;        // floats from one to the next in q, and in k and v
    long out_row;               // floats from one to the next in out
    const int32_t *starts;      // (t) the first key that each query sees, never falling; null: 0
    const int32_t *ends;        // (t) one past the last, never falling; null: past its own place
    const qk_dropout *dropout;  // of the weights (t, keys); null: none
} qk_attention_shape;

// MARK: Recurrent networks

/// One step of a recurrent layer, for a range of `n` of its hidden units in `rows` sequences. Each
/// pointer is to the first of these units in the first sequence, `…_row` counts the floats from one
/// sequence to the next, `…_gate` those from one gate to the next. The gates stand in PyTorch's
/// order: one for the RNN, input, forget, value, output for the LSTM, reset, update, value for the
/// GRU.
typedef struct {
    long rows, n;
    // Products of the layer's input, biases added; those of sequence r are row places[r] where
    // there are places.
    const float *inputs;
    long inputs_row, inputs_gate;
    const int32_t *places;
    long places_row;
    // Products of h of the step before; the GRU adds `bias` (n) to those of its third gate.
    const float *products;
    long products_row, products_gate;
    const float *bias;
    // The values of the gates for the backward, of the GRU four: the last is the third's product
    // with its bias. The RNN has none. Null: not kept. May be `inputs`.
    float *gates;
    long gates_row, gates_gate;
    // c of the step before (LSTM), and `cells_next` floats behind it c of this one.
    float *cells;
    long cells_row, cells_next;
    // h of the step before (GRU).
    const float *before;
    long before_row;
    // h, as the layer's output and as the next step reads it.
    float *hidden, *after;
    long hidden_row, after_row;
    // Not 0 where a sequence's state is zero before this step, and behind it before the next one;
    // null: nowhere. `before` has been set to zero there, and `after` is.
    const int32_t *fresh;
    long fresh_row;
} qk_recurrent_step;

/// The gradient of one step, with the letters of `qk_recurrent_step`.
typedef struct {
    long rows, n;
    // The gradient of h: from the layer's output, and from the next step's products.
    const float *dout, *products;
    long dout_row, products_row;
    // The gates, which their sums' gradients replace. The GRU has four: of its third, the one of
    // the input's product and, last, that of the hidden one. The RNN's is written only.
    float *gates;
    long gates_row, gates_gate;
    // c of the step before (LSTM), and of this one.
    const float *cells;
    long cells_row, cells_next;
    // h of the step before (GRU), and of this one (RNN).
    const float *hidden;
    long hidden_row, hidden_next;
    // What goes to the step before and is no product: the gradient of c (LSTM), or of h (GRU).
    float *carried;
    long carried_row;
    // Gradients of the hidden products, as the step before multiplies them; 0 where `fresh`.
    float *after;
    long after_row, after_gate;
    const int32_t *fresh;
    long fresh_row;
} qk_recurrent_gradient;

// MARK: Optimizers

/// One step of AdamW. The gradient is multiplied by `gradient_scale` (clipping); corrections are
/// 1 / (1 - beta^t). p -= rate * (m̂ / (√v̂ + epsilon) + decay * p).
typedef struct {
    float rate, beta1, beta2, epsilon, decay, gradient_scale, correction1, correction2;
} qk_adamw_step;

// MARK: The kernels

/// The numeric kernels of a level.
typedef struct {
    // Matrix products.

    /// C (m, n) = A (m, k) · B (k, n) through an epilogue. Strides say which of the operands are
    /// transposed: A[i, p] is a[i * a_row + p * a_column]. C must not overlap A or B. The workspace
    /// has `QK_GEMM_WORKSPACE` floats, whatever the shape.
    void (*gemm)(
        long m, long n, long k, const float *a, long a_row, long a_column, const float *b,
        long b_row, long b_column, float *c, long c_row, const qk_epilogue *epilogue,
        float *workspace);

    /// Floats that `pack` writes for B (k, n).
    long (*packed_count)(long k, long n);

    /// Lays B (k, n) out as the product's inner loop reads it, for many products with one B.
    void (*pack)(long k, long n, const float *b, long b_row, long b_column, float *packed);

    /// As `gemm`, with B packed before by `pack` of the same level.
    void (*gemm_packed)(
        long m, long n, long k, const float *a, long a_row, long a_column, const float *packed,
        float *c, long c_row, const qk_epilogue *epilogue, float *workspace);

    /// Y (m, n) = X (m, k) · B (k, n), plus Y itself when `add`, for few rows: reads B once, where
    /// it lies. B's rows must be contiguous when b_column is 1, its columns when b_row is 1; one of
    /// them is 1. A row of Y has the same bits whatever m is, and whichever columns of B are asked
    /// for at once.
    void (*few_rows)(
        long m, long n, long k, const float *x, long x_row, const float *b, long b_row,
        long b_column, float *y, long y_row, int add);

    /// As `few_rows`, for the first n columns of the panels of 16-bit numbers that `reduced` points
    /// to.
    void (*few_rows_reduced)(
        int format, long m, long n, long k, const float *x, long x_row, const uint8_t *reduced,
        float *y, long y_row, int add);

    /// Rounds X (m, k) for products with panels of integers of `format`, as ggml's Q8_0 does: each
    /// 32 numbers of a row to integers from -127 to 127, the nearest, ties to even, times a float32
    /// that is a 127th of the greatest size among them. Numbers of less than 2^-119 are zero where
    /// they have no greater one beside them. Where one of them is infinite or no number, the
    /// products of the row are no numbers. A row takes `qk_rounded_bytes`; what stands there
    /// only `rounded_product` of the same level can read.
    void (*round_rows)(
        int format, long m, long k, const float *x, long x_row, uint8_t *rounded);

    /// Y (m, n) = X·B, plus Y itself when `add`: the rows that `round_rows` has rounded by the
    /// first n columns of panels of integers. Sums of a block of 32 are exact, and one float32 adds
    /// them up in the order of k, times both scales, rounded at each step. So a number of Y has the
    /// same bits whatever m is, whichever columns are asked for at once, and at every level.
    void (*rounded_product)(
        int format, long m, long n, long k, const uint8_t *rounded, const uint8_t *reduced,
        float *y, long y_row, int add);

    /// Lays the first n columns of panels of 16-bit numbers out as `pack` would lay out what they
    /// stand for.
    void (*pack_reduced)(int format, long k, long n, const uint8_t *reduced, float *packed);

    // Numbers of 16 bits, in which keys and values are kept.

    /// out = the nearest binary16 of each x, ties to even; the largest for what is beyond it. The
    /// bits are the same at every level.
    void (*narrow)(long count, const float *x, uint16_t *out);

    /// out = what each finite binary16 stands for.
    void (*widen)(long count, const uint16_t *x, float *out);

    /// Multiplies and adds in registers, `peak_operations` floating-point operations an iteration:
    /// the time that it takes is what a peak is measured by.
    float (*peak)(long iterations);
    long peak_operations;

    // Rows.

    /// out[r] = (x[r] - mean) * rstd * weight + bias for each of `rows` rows of `n`.
    void (*layer_norm)(
        long rows, long n, const float *x, const float *weight, const float *bias, float epsilon,
        float *out, float *mean, float *rstd);

    /// The gradient of `layer_norm`: adds to dx, dweight and dbias.
    void (*layer_norm_backward)(
        long rows, long n, const float *dout, const float *x, const float *weight,
        const float *mean, const float *rstd, float *dx, float *dweight, float *dbias);

    /// out[r] = x[r] / √(mean of x[r]² + epsilon) * (offset + weight) for each of `rows` rows of
    /// `n`; out may be x. Zhang and Sennrich, https://arxiv.org/abs/1910.07467.
    void (*rms_norm)(
        long rows, long n, const float *x, long x_row, const float *weight, float offset,
        float epsilon, float *out, long out_row, float *rstd);

    /// The gradient of `rms_norm`: adds to dweight, and to dx when `adds`, else writes dx, which
    /// may then be dout.
    void (*rms_norm_backward)(
        long rows, long n, const float *dout, long dout_row, const float *x, long x_row,
        const float *weight, float offset, const float *rstd, float *dx, long dx_row, int adds,
        float *dweight);

    /// Turns each head of x in place: of its `d` floats, i and i + d/2 are the coordinates of a
    /// point that is turned by the angle of position places[r] and i. A row of `table` is
    /// [cosines | sines], d/2 each. `inverse` turns back, which is also the gradient.
    /// Su and others, https://arxiv.org/abs/2104.09864, in the order of Hugging Face's
    /// `rotate_half`.
    void (*rotate)(
        long rows, long heads, long d, float *x, long x_row, const int32_t *places,
        const float *table, int inverse);

    /// out = silu(gate) * up, where a row of `gates` is [gate | up], n floats each, and
    /// silu(x) = x / (1 + e^-x). Shazeer, https://arxiv.org/abs/2002.05202.
    void (*swiglu)(
        long rows, long n, const float *gates, long gates_row, float *out, long out_row);

    /// The gradient of `swiglu`: writes dgates, which may be gates.
    void (*swiglu_backward)(
        long rows, long n, const float *dout, long dout_row, const float *gates, long gates_row,
        float *dgates, long dgates_row);

    /// out = f(x) for an activation f, and f'(x) where `derivative` is not null; out may be x.
    void (*activate)(int activation, long count, const float *x, float *out, float *derivative);

    /// As `swiglu`, with another activation for silu.
    void (*gate)(
        int activation, long rows, long n, const float *gates, long gates_row, float *out,
        long out_row);

    /// The gradient of `gate`: writes dgates, which may be gates.
    void (*gate_backward)(
        int activation, long rows, long n, const float *dout, long dout_row, const float *gates,
        long gates_row, float *dgates, long dgates_row);

    /// One step of a recurrent layer: the RNN with tanh, the LSTM, the GRU. Accurate to 1e-6.
    void (*rnn_step)(const qk_recurrent_step *step);
    void (*lstm_step)(const qk_recurrent_step *step);
    void (*gru_step)(const qk_recurrent_step *step);

    /// The gradients of these.
    void (*rnn_step_backward)(const qk_recurrent_gradient *step);
    void (*lstm_step_backward)(const qk_recurrent_gradient *step);
    void (*gru_step_backward)(const qk_recurrent_gradient *step);

    /// Loss of each row of logits (rows, n) against its target, and, where `scale` is not zero, the
    /// logits replaced by `scale` times the gradient of the loss. A target of -1 has loss 0,
    /// gradient 0.
    void (*cross_entropy)(
        long rows, long n, float *logits, long row_stride, const int32_t *targets, float scale,
        float *losses);

    /// Replaces x by exp(x * factor - max) / sum.
    void (*softmax)(long n, float *x, float factor);

    /// out = x with numbers dropped, plus `other` unless that is null; rows of n. out may be x.
    void (*drop)(
        long rows, long n, const float *x, const float *other, float *out,
        const qk_dropout *dropout);

    // Attention.

    /// Floats of workspace for attention over `keys` positions with heads of d.
    long (*attention_workspace)(long keys, long d);

    /// Attention of one head of one sequence: out = softmax(q·kᵀ / √d, masked) · v. q and out are
    /// (t, d), k and v (keys, d). A query that sees no key has a row of zeros. `logsumexp` (t) is
    /// for the backward.
    void (*attention)(
        const qk_attention_shape *shape, const float *q, const float *k, const float *v,
        float *out, float *logsumexp, float *workspace);

    /// The gradient of `attention`: writes dq; adds to dk and dv when `adds`, else writes them.
    void (*attention_backward)(
        const qk_attention_shape *shape, const float *q, const float *k, const float *v,
        const float *out, const float *dout, const float *logsumexp, float *dq, float *dk,
        float *dv, int adds, float *workspace);

    /// Attention of one new position over `count` cached ones, for `heads` heads that share keys
    /// and values: q and out are (heads, d); `scores` has room for heads · count floats.
    void (*attention_step)(
        long heads, long count, long d, const float *q, const float *keys, const float *values,
        long cache_row, float *out, float *scores);

    /// The same over keys and values in binary16, all of them finite.
    void (*attention_step_narrow)(
        long heads, long count, long d, const float *q, const uint16_t *keys,
        const uint16_t *values, long cache_row, float *out, float *scores);

    /// Attention of one head of the last t of `count` cached positions: q and out are (t, d), and
    /// the workspace is that of `attention` over `count` positions.
    void (*attention_cached)(
        long t, long count, long d, const float *q, long q_row, const float *keys,
        const float *values, long cache_row, float *out, long out_row, float *workspace);

    // Elements.

    /// out[t] = factor · table[ids[t]], rows of n, plus out[t] itself when `adds`.
    void (*embed)(
        long rows, long n, const int32_t *ids, const float *table, float factor, float *out,
        int adds);

    /// dtable[ids[t]] += factor · dout[t].
    void (*embed_backward)(
        long rows, long n, const int32_t *ids, const float *dout, float factor, float *dtable);

    /// y += x.
    void (*add)(long count, const float *x, float *y);

    /// out += the sum over `rows` rows of x (rows, n).
    void (*add_rows)(long rows, long n, const float *x, long x_row, float *out);

    /// The sum of squares, in double, in a fixed order.
    double (*sum_of_squares)(long count, const float *x);

    /// One step of AdamW: writes p, m and v.
    void (*adamw)(
        long count, float *p, const float *g, float *m, float *v, const qk_adamw_step *step);
} qk_numeric_kernels;

#endif
