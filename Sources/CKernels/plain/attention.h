// Attention of one head.

static long attention_workspace(long keys, long d) {
    (void)d;
    return 2 * keys;
}

static float dot(long n, const float *x, const float *y) {
    double sum = 0;
    for (long i = 0; i < n; i++) { sum += (double)x[i] * (double)y[i]; }
    return (float)sum;
}

static long start_of(const qk_attention_shape *shape, long i) {
    return shape->starts ? shape->starts[i] : 0;
}
static long end_of(const qk_attention_shape *shape, long i) {
    return shape->ends ? shape->ends[i] : i + 1;
}

static void attention(
    const qk_attention_shape *shape, const float *q, const float *k, const float *v, float *out,
    float *logsumexp, float *workspace) {
    long t = shape->t, d = shape->d, q_row = shape->q_row, row = shape->key_row;
    float factor = 1 / sqrtf((float)d), *p = workspace;
    for (long i = 0; i < t; i++) {
        long start = start_of(shape, i), end = end_of(shape, i);
        double most = -DBL_MAX, sum = 0;
        for (long j = start; j < end; j++) {
            p[j] = dot(d, q + i * q_row, k + j * row) * factor;
            most = p[j] > most ? p[j] : most;
        }
        for (long j = start; j < end; j++) { sum += exp(p[j] - most); }
        logsumexp[i] = sum == 0 ? 0 : (float)(most + log(sum));
        for (long c = 0; c < d; c++) {
            double value = 0;
            for (long j = start; j < end; j++) {
                value += exp(p[j] - most) * mask_of(shape->dropout, i, j) * v[j * row + c];
            }
            out[i * shape->out_row + c] = sum == 0 ? 0 : (float)(value / sum);
        }
    }
}

// With P the attention of a row, M its mask, D = Σ dout·out: dS = P ∘ (M ∘ dout·vᵀ - D);
// dq = dS·k / √d, dk = dSᵀ·q / √d, dv = (P ∘ M)ᵀ·dout.
static void attention_backward(
    const qk_attention_shape *shape, const float *q, const float *k, const float *v,
    const float *out, const float *dout, const float *logsumexp, float *dq, float *dk, float *dv,
    int adds, float *workspace) {
    long t = shape->t, d = shape->d, q_row = shape->q_row, row = shape->key_row;
    float factor = 1 / sqrtf((float)d), *p = workspace, *ds = workspace + shape->keys;
    for (long i = 0; i < t; i++) {
        for (long c = 0; c < d; c++) { dq[i * q_row + c] = 0; }
    }
    for (long j = 0; j < shape->keys && !adds; j++) {
        for (long c = 0; c < d; c++) { dk[j * row + c] = dv[j * row + c] = 0; }
    }
    for (long i = 0; i < t; i++) {
        const float *g = dout + i * shape->out_row;
        float delta = dot(d, g, out + i * shape->out_row);
        for (long j = start_of(shape, i); j < end_of(shape, i); j++) {
            float mask = mask_of(shape->dropout, i, j);
            p[j] = expf(dot(d, q + i * q_row, k + j * row) * factor - logsumexp[i]);
            ds[j] = p[j] * (mask * dot(d, g, v + j * row) - delta) * factor;
            for (long c = 0; c < d; c++) {
                dq[i * q_row + c] += ds[j] * k[j * row + c];
                dk[j * row + c] += ds[j] * q[i * q_row + c];
                dv[j * row + c] += mask * p[j] * g[c];
            }
        }
    }
}

static void attention_step(
    long heads, long count, long d, const float *q, const float *keys, const float *values,
    long row, float *out, float *scores) {
    for (long h = 0; h < heads; h++, q += d, out += d, scores += count) {
        for (long j = 0; j < count; j++) { scores[j] = dot(d, q, keys + j * row); }
        softmax(count, scores, 1 / sqrtf((float)d));
        for (long c = 0; c < d; c++) {
            double sum = 0;
            for (long j = 0; j < count; j++) { sum += (double)scores[j] * values[j * row + c]; }
            out[c] = (float)sum;
        }
    }
}

static void attention_cached(
    long t, long count, long d, const float *q, long q_row, const float *keys,
    const float *values, long row, float *out, long out_row, float *workspace) {
    for (long i = 0; i < t; i++) {
        attention_step(
            1, count - t + i + 1, d, q + i * q_row, keys, values, row, out + i * out_row,
            workspace);
    }
}
