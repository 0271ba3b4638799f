// Kernels over elements, the optimizer's among them.

static void embed(
    long rows, long n, const int32_t *ids, const float *table, float factor, float *out,
    int adds) {
    for (long t = 0; t < rows; t++) {
        for (long i = 0; i < n; i++) {
            out[t * n + i] = factor * table[ids[t] * n + i] + (adds ? out[t * n + i] : 0);
        }
    }
}

static void embed_backward(
    long rows, long n, const int32_t *ids, const float *dout, float factor, float *dtable) {
    for (long t = 0; t < rows; t++) {
        for (long i = 0; i < n; i++) { dtable[ids[t] * n + i] += factor * dout[t * n + i]; }
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
