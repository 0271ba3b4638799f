// Matrix products, and GELU, which one of their epilogues ends with.

// With u = √(2/π)·(x + 0.044715·x³): gelu(x) = x/2·(1 + tanh u), and its derivative
// (1 + tanh u)/2 + x/2·(1 - tanh² u)·u'. Hendrycks and Gimpel, https://arxiv.org/abs/1606.08415.
static void gelu_of(float x, float *value, float *derivative) {
    const float root = 0.7978845608028654f;
    float u = root * (x + 0.044715f * x * x * x);
    float t = tanhf(u);
    *value = 0.5f * x * (1 + t);
    *derivative = 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * root * (1 + 3 * 0.044715f * x * x);
}

static float itself(float x) { return x; }

// The product of operands that `read` has seen.
static void product(
    long m, long n, long k, const float *a, long a_row, long a_column, const float *b, long b_row,
    long b_column, float *c, long c_row, const qk_epilogue *e, float (*read)(float)) {
    for (long i = 0; i < m; i++) {
        for (long j = 0; j < n; j++) {
            double sum = 0;
            for (long p = 0; p < k; p++) {
                sum += (double)read(a[i * a_row + p * a_column])
                    * (double)read(b[p * b_row + j * b_column]);
            }
            float total = (float)sum;
            float *out = &c[i * c_row + j];
            switch (e->kind) {
            case QK_ADD: *out += total; break;
            case QK_BIAS: *out = total + e->bias[j]; break;
            case QK_BIAS_RESIDUAL:
                *out = total + e->bias[j] + e->other[i * e->other_row + j];
                break;
            case QK_BIAS_GELU:
                gelu_of(total + e->bias[j], out, &e->second[i * e->second_row + j]);
                break;
            case QK_RESIDUAL: *out = total + e->other[i * e->other_row + j]; break;
            case QK_MULTIPLY: *out = total * e->other[i * e->other_row + j]; break;
            case QK_BIAS_RELU: total += e->bias[j], *out = total < 0 ? 0 : total; break;
            case QK_WHERE_POSITIVE: *out = e->other[i * e->other_row + j] > 0 ? total : 0; break;
            default: *out = total;
            }
        }
    }
}

static void gemm(
    long m, long n, long k, const float *a, long a_row, long a_column, const float *b, long b_row,
    long b_column, float *c, long c_row, const qk_epilogue *e, float *workspace) {
    product(m, n, k, a, a_row, a_column, b, b_row, b_column, c, c_row, e, itself);
    (void)workspace;
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

static void few_rows(
    long m, long n, long k, const float *x, long x_row, const float *b, long b_row, long b_column,
    float *y, long y_row, int add) {
    qk_epilogue e = {.kind = add ? QK_ADD : QK_STORE};
    gemm(m, n, k, x, x_row, 1, b, b_row, b_column, y, y_row, &e, 0);
}

#define PEAK_OPERATIONS 2
static float peak(long iterations) {
    float sum = 0;
    for (long i = 0; i < iterations; i++) { sum = sum * 0.5f + 1.0f; }
    return sum;
}
