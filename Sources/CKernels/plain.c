// The plain level: each kernel as its formula reads, in scalar loops. The fast levels are tested
// against this file. Sums that would lose digits run in double, so that it is also the more exact.
#include <float.h>
#include <math.h>

#include "table.h"

// MARK: Matrix products

// With u = √(2/π)·(x + 0.044715·x³): gelu(x) = x/2·(1 + tanh u), and its derivative
// (1 + tanh u)/2 + x/2·(1 - tanh² u)·u'. Hendrycks and Gimpel, https://arxiv.org/abs/1606.08415.
static void gelu_of(float x, float *value, float *derivative) {
    const float root = 0.7978845608028654f;
    float u = root * (x + 0.044715f * x * x * x);
    float t = tanhf(u);
    *value = 0.5f * x * (1 + t);
    *derivative = 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * root * (1 + 3 * 0.044715f * x * x);
}

static void gemm(
    long m, long n, long k, const float *a, long a_row, long a_column, const float *b, long b_row,
    long b_column, float *c, long c_row, const qk_epilogue *e, float *workspace) {
    (void)workspace;
    for (long i = 0; i < m; i++) {
        for (long j = 0; j < n; j++) {
            double sum = 0;
            for (long p = 0; p < k; p++) {
                sum += (double)a[i * a_row + p * a_column] * (double)b[p * b_row + j * b_column];
            }
            float product = (float)sum;
            float *out = &c[i * c_row + j];
            switch (e->kind) {
            case QK_ADD: *out += product; break;
            case QK_BIAS: *out = product + e->bias[j]; break;
            case QK_BIAS_RESIDUAL:
                *out = product + e->bias[j] + e->other[i * e->other_row + j];
                break;
            case QK_BIAS_GELU:
                gelu_of(product + e->bias[j], out, &e->second[i * e->second_row + j]);
                break;
            case QK_RESIDUAL: *out = product + e->other[i * e->other_row + j]; break;
            case QK_MULTIPLY: *out = product * e->other[i * e->other_row + j]; break;
            default: *out = product;
            }
        }
    }
}

static long packed_count(long k, long n) { return k * n; }

static void pack(long k, long n, const float *b, long b_row, long b_column, float *packed) {
    for (long p = 0; p < k; p++) {
        for (long j = 0; j < n; j++) { packed[p * n + j] = b[p * b_row + j * b_column]; }
    }
}

static void gemm_packed(
    long m, long n, long k, const float *a, long a_row, long a_column, const float *packed,
    float *c, long c_row, const qk_epilogue *e, float *workspace) {
    gemm(m, n, k, a, a_row, a_column, packed, n, 1, c, c_row, e, workspace);
}

static void gemv(
    long n, long k, const float *x, const float *b, long b_row, long b_column, float *y,
    int add) {
    qk_epilogue e = {.kind = add ? QK_ADD : QK_STORE};
    gemm(1, n, k, x, k, 1, b, b_row, b_column, y, n, &e, 0);
}

static float peak(long iterations) {
    float sum = 0;
    for (long i = 0; i < iterations; i++) { sum = sum * 0.5f + 1.0f; }
    return sum;
}

// MARK: Rows

static void layer_norm(
    long rows, long n, const float *x, const float *weight, const float *bias, float epsilon,
    float *out, float *mean, float *rstd) {
    for (long r = 0; r < rows; r++) {
        double sum = 0, squares = 0;
        for (long i = 0; i < n; i++) { sum += x[r * n + i]; }
        double average = sum / (double)n;
        for (long i = 0; i < n; i++) {
            double d = x[r * n + i] - average;
            squares += d * d;
        }
        mean[r] = (float)average;
        rstd[r] = (float)(1 / sqrt(squares / (double)n + epsilon));
        for (long i = 0; i < n; i++) {
            out[r * n + i] = (x[r * n + i] - mean[r]) * rstd[r] * weight[i] + bias[i];
        }
    }
}

static void layer_norm_backward(
    long rows, long n, const float *dout, const float *x, const float *weight, const float *mean,
    const float *rstd, float *dx, float *dweight, float *dbias) {
    for (long r = 0; r < rows; r++) {
        double sum = 0, product = 0;
        for (long i = 0; i < n; i++) {
            float normed = (x[r * n + i] - mean[r]) * rstd[r];
            float dnormed = dout[r * n + i] * weight[i];
            sum += dnormed;
            product += (double)dnormed * normed;
            dweight[i] += dout[r * n + i] * normed;
            dbias[i] += dout[r * n + i];
        }
        float s = (float)(sum / (double)n), p = (float)(product / (double)n);
        for (long i = 0; i < n; i++) {
            float normed = (x[r * n + i] - mean[r]) * rstd[r];
            dx[r * n + i] += rstd[r] * (dout[r * n + i] * weight[i] - s - normed * p);
        }
    }
}

static void rms_norm(
    long rows, long n, const float *x, long x_row, const float *weight, float epsilon, float *out,
    long out_row, float *rstd) {
    for (long r = 0; r < rows; r++) {
        double squares = 0;
        for (long i = 0; i < n; i++) { squares += (double)x[r * x_row + i] * x[r * x_row + i]; }
        rstd[r] = (float)(1 / sqrt(squares / (double)n + epsilon));
        for (long i = 0; i < n; i++) {
            out[r * out_row + i] = x[r * x_row + i] * rstd[r] * weight[i];
        }
    }
}

static void rms_norm_backward(
    long rows, long n, const float *dout, long dout_row, const float *x, long x_row,
    const float *weight, const float *rstd, float *dx, long dx_row, int adds, float *dweight) {
    for (long r = 0; r < rows; r++) {
        double product = 0;
        for (long i = 0; i < n; i++) {
            float normed = x[r * x_row + i] * rstd[r];
            product += (double)dout[r * dout_row + i] * weight[i] * normed;
            dweight[i] += dout[r * dout_row + i] * normed;
        }
        float p = (float)(product / (double)n);
        for (long i = 0; i < n; i++) {
            float normed = x[r * x_row + i] * rstd[r];
            float d = rstd[r] * (dout[r * dout_row + i] * weight[i] - normed * p);
            dx[r * dx_row + i] = d + (adds ? dx[r * dx_row + i] : 0);
        }
    }
}

static void rotate(
    long rows, long heads, long d, float *x, long x_row, const int32_t *places,
    const float *table, int inverse) {
    for (long r = 0; r < rows; r++) {
        for (long h = 0; h < heads; h++) {
            for (long i = 0; i < d / 2; i++) {
                float cosine = table[places[r] * d + i], sine = table[places[r] * d + d / 2 + i];
                float *a = &x[r * x_row + h * d + i], *b = a + d / 2;
                float s = inverse ? -sine : sine, turned = *a * cosine - *b * s;
                *b = *b * cosine + *a * s;
                *a = turned;
            }
        }
    }
}

static void swiglu(
    long rows, long n, const float *gates, long gates_row, float *out, long out_row) {
    for (long r = 0; r < rows; r++) {
        for (long i = 0; i < n; i++) {
            float gate = gates[r * gates_row + i], up = gates[r * gates_row + n + i];
            out[r * out_row + i] = gate / (1 + expf(-gate)) * up;
        }
    }
}

static void swiglu_backward(
    long rows, long n, const float *dout, long dout_row, const float *gates, long gates_row,
    float *dgates, long dgates_row) {
    for (long r = 0; r < rows; r++) {
        for (long i = 0; i < n; i++) {
            float gate = gates[r * gates_row + i], up = gates[r * gates_row + n + i];
            float g = dout[r * dout_row + i], s = 1 / (1 + expf(-gate));
            dgates[r * dgates_row + i] = g * up * (s + gate * s * (1 - s));
            dgates[r * dgates_row + n + i] = g * gate * s;
        }
    }
}

static void gelu(long count, const float *x, float *out, float *derivative) {
    for (long i = 0; i < count; i++) {
        float value, slope;
        gelu_of(x[i], &value, &slope);
        out[i] = value;
        if (derivative) { derivative[i] = slope; }
    }
}

static void cross_entropy(
    long rows, long n, float *logits, long row_stride, const int32_t *targets, float scale,
    float *losses) {
    for (long r = 0; r < rows; r++) {
        float *x = logits + r * row_stride;
        if (targets[r] < 0) {
            losses[r] = 0;
            if (scale != 0) {
                for (long i = 0; i < n; i++) { x[i] = 0; }
            }
            continue;
        }
        float most = -FLT_MAX;
        for (long i = 0; i < n; i++) { most = x[i] > most ? x[i] : most; }
        double sum = 0;
        for (long i = 0; i < n; i++) { sum += exp((double)x[i] - most); }
        losses[r] = (float)(log(sum) + most - x[targets[r]]);
        if (scale == 0) { continue; }
        for (long i = 0; i < n; i++) {
            double probability = exp((double)x[i] - most) / sum;
            x[i] = scale * (float)(probability - (i == targets[r] ? 1 : 0));
        }
    }
}

static void softmax(long n, float *x, float factor) {
    float most = -FLT_MAX;
    for (long i = 0; i < n; i++) { most = x[i] * factor > most ? x[i] * factor : most; }
    double sum = 0;
    for (long i = 0; i < n; i++) { sum += exp((double)(x[i] * factor) - most); }
    for (long i = 0; i < n; i++) { x[i] = (float)(exp((double)(x[i] * factor) - most) / sum); }
}

// MARK: Dropout

// A word of Philox4x32-10. Salmon and others, https://doi.org/10.1145/2063384.2063405.
static uint32_t philox(const qk_dropout *g, uint32_t block, uint32_t row, int word) {
    uint32_t c[4] = {block, row, g->counter[0], g->counter[1]}, k[2] = {g->key[0], g->key[1]};
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * c[0], b = (uint64_t)0xCD9E8D57u * c[2];
        c[0] = (uint32_t)(b >> 32) ^ c[1] ^ k[0];
        c[1] = (uint32_t)b;
        c[2] = (uint32_t)(a >> 32) ^ c[3] ^ k[1];
        c[3] = (uint32_t)a;
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
    return c[word];
}

// What number j of a row is multiplied by; 1 without dropout.
static float mask_of(const qk_dropout *g, long row, long j) {
    if (!g) { return 1; }
    uint32_t word = philox(g, (uint32_t)(j / 64 * 16 + j % 16), (uint32_t)row, j / 16 % 4);
    return word < g->threshold ? 0 : g->scale;
}

static void drop(
    long rows, long n, const float *x, const float *other, float *out, const qk_dropout *g) {
    for (long r = 0; r < rows; r++) {
        for (long j = 0; j < n; j++) {
            long place = r * n + j;
            out[place] = x[place] * mask_of(g, r, j) + (other ? other[place] : 0);
        }
    }
}

// MARK: Attention

static long attention_workspace(long t, long d) {
    (void)d;
    return 2 * t;
}

static float dot(long n, const float *x, const float *y) {
    double sum = 0;
    for (long i = 0; i < n; i++) { sum += (double)x[i] * (double)y[i]; }
    return (float)sum;
}

static long start_of(const qk_attention_shape *shape, long i) {
    return shape->starts ? shape->starts[i] : 0;
}

static void attention(
    const qk_attention_shape *shape, const float *q, const float *k, const float *v, float *out,
    float *logsumexp, float *workspace) {
    long t = shape->t, d = shape->d, row = shape->qkv_row;
    float factor = 1 / sqrtf((float)d), *p = workspace;
    for (long i = 0; i < t; i++) {
        long start = start_of(shape, i);
        double most = -DBL_MAX, sum = 0;
        for (long j = start; j <= i; j++) {
            p[j] = dot(d, q + i * row, k + j * row) * factor;
            most = p[j] > most ? p[j] : most;
        }
        for (long j = start; j <= i; j++) { sum += exp(p[j] - most); }
        logsumexp[i] = (float)(most + log(sum));
        for (long c = 0; c < d; c++) {
            double value = 0;
            for (long j = start; j <= i; j++) {
                value += exp(p[j] - most) * mask_of(shape->dropout, i, j) * v[j * row + c];
            }
            out[i * shape->out_row + c] = (float)(value / sum);
        }
    }
}

// With P the attention of a row, M its mask, D = Σ dout·out: dS = P ∘ (M ∘ dout·vᵀ - D);
// dq = dS·k / √d, dk = dSᵀ·q / √d, dv = (P ∘ M)ᵀ·dout.
static void attention_backward(
    const qk_attention_shape *shape, const float *q, const float *k, const float *v,
    const float *out, const float *dout, const float *logsumexp, float *dq, float *dk, float *dv,
    int adds, float *workspace) {
    long t = shape->t, d = shape->d, row = shape->qkv_row;
    float factor = 1 / sqrtf((float)d), *p = workspace, *ds = workspace + t;
    for (long i = 0; i < t; i++) {
        for (long c = 0; c < d; c++) {
            dq[i * row + c] = 0;
            if (!adds) { dk[i * row + c] = dv[i * row + c] = 0; }
        }
    }
    for (long i = 0; i < t; i++) {
        const float *g = dout + i * shape->out_row;
        float delta = dot(d, g, out + i * shape->out_row);
        for (long j = start_of(shape, i); j <= i; j++) {
            float mask = mask_of(shape->dropout, i, j);
            p[j] = expf(dot(d, q + i * row, k + j * row) * factor - logsumexp[i]);
            ds[j] = p[j] * (mask * dot(d, g, v + j * row) - delta) * factor;
            for (long c = 0; c < d; c++) {
                dq[i * row + c] += ds[j] * k[j * row + c];
                dk[j * row + c] += ds[j] * q[i * row + c];
                dv[j * row + c] += mask * p[j] * g[c];
            }
        }
    }
}

static void attention_step(
    long count, long d, const float *q, const float *keys, const float *values, long row,
    float *out, float *scores) {
    for (long j = 0; j < count; j++) { scores[j] = dot(d, q, keys + j * row); }
    softmax(count, scores, 1 / sqrtf((float)d));
    for (long c = 0; c < d; c++) {
        double sum = 0;
        for (long j = 0; j < count; j++) { sum += (double)scores[j] * values[j * row + c]; }
        out[c] = (float)sum;
    }
}

// MARK: Elements

static void embed(
    long rows, long n, const int32_t *ids, const float *table, float *out, int adds) {
    for (long t = 0; t < rows; t++) {
        for (long i = 0; i < n; i++) {
            out[t * n + i] = table[ids[t] * n + i] + (adds ? out[t * n + i] : 0);
        }
    }
}

static void embed_backward(
    long rows, long n, const int32_t *ids, const float *dout, float *dtable) {
    for (long t = 0; t < rows; t++) {
        for (long i = 0; i < n; i++) { dtable[ids[t] * n + i] += dout[t * n + i]; }
    }
}

static void add(long count, const float *x, float *y) {
    for (long i = 0; i < count; i++) { y[i] += x[i]; }
}

static void add_rows(long rows, long n, const float *x, long x_row, float *out) {
    for (long i = 0; i < n; i++) {
        double sum = 0;
        for (long r = 0; r < rows; r++) { sum += x[r * x_row + i]; }
        out[i] += (float)sum;
    }
}

static double sum_of_squares(long count, const float *x) {
    double sum = 0;
    for (long i = 0; i < count; i++) { sum += (double)x[i] * (double)x[i]; }
    return sum;
}

// Loshchilov and Hutter, https://arxiv.org/abs/1711.05101, algorithm 2.
static void adamw(
    long count, float *p, const float *g, float *m, float *v, const qk_adamw_step *s) {
    for (long i = 0; i < count; i++) {
        float gradient = g[i] * s->gradient_scale;
        m[i] = s->beta1 * m[i] + (1 - s->beta1) * gradient;
        v[i] = s->beta2 * v[i] + (1 - s->beta2) * gradient * gradient;
        float direction = m[i] * s->correction1 / (sqrtf(v[i] * s->correction2) + s->epsilon);
        p[i] -= s->rate * (direction + s->decay * p[i]);
    }
}

const qk_table qk_plain_table = {
    gemm, packed_count, pack, gemm_packed, gemv, peak, 2, layer_norm, layer_norm_backward,
    rms_norm, rms_norm_backward, rotate, swiglu, swiglu_backward, gelu, cross_entropy, softmax,
    attention_workspace, attention, attention_backward, attention_step, drop, embed,
    embed_backward, add, add_rows, sum_of_squares, adamw,
};
