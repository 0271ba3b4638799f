// Kernels over elements, the optimizer's among them.

static void add(long count, const float *x, float *y) {
    FOR_VECTORS(i, lanes, count) {
        store_some(y + i, load_some(y + i, lanes) + load_some(x + i, lanes), lanes);
    }
}

// y += factor · x.
static void add_scaled(long count, const float *x, float factor, float *y) {
    FOR_VECTORS(i, lanes, count) {
        store_some(y + i, load_some(y + i, lanes) + load_some(x + i, lanes) * factor, lanes);
    }
}

static void embed(
    long rows, long n, const int32_t *ids, const float *table, float factor, float *out,
    int adds) {
    for (long t = 0; t < rows; t++, out += n) {
        const float *row = table + ids[t] * n;
        if (adds) {
            add_scaled(n, row, factor, out);
        } else {
            FOR_VECTORS(i, lanes, n) {
                store_some(out + i, load_some(row + i, lanes) * factor, lanes);
            }
        }
    }
}

static void embed_backward(
    long rows, long n, const int32_t *ids, const float *dout, float factor, float *dtable) {
    for (long t = 0; t < rows; t++) {
        add_scaled(n, dout + t * n, factor, dtable + ids[t] * n);
    }
}

static void add_rows(long rows, long n, const float *x, long x_row, float *out) {
    long j = 0;
    for (; j + 4 * W <= n; j += 4 * W) {
        vf sums[4];
        UNROLL for (int s = 0; s < 4; s++) { sums[s] = load(out + j + s * W); }
        for (long r = 0; r < rows; r++) {
            UNROLL for (int s = 0; s < 4; s++) { sums[s] += load(x + r * x_row + j + s * W); }
        }
        UNROLL for (int s = 0; s < 4; s++) { store(out + j + s * W, sums[s]); }
    }
    FOR_VECTORS(i, lanes, n - j) {
        vf sum = load_some(out + j + i, lanes);
        for (long r = 0; r < rows; r++) { sum += load_some(x + r * x_row + j + i, lanes); }
        store_some(out + j + i, sum, lanes);
    }
}

static double sum_of_squares(long count, const float *x) {
    vd sums = 0;
    FOR_VECTORS(i, lanes, count) {
        vd value = __builtin_convertvector(load_some(x + i, lanes), vd);
        sums += value * value;
    }
    double total = 0;
    for (int i = 0; i < W; i++) { total += sums[i]; }
    return total;
}

static void adamw(
    long count, float *p, const float *g, float *m, float *v, const qk_adamw_step *s) {
    float rest1 = 1 - s->beta1, rest2 = 1 - s->beta2;
    FOR_VECTORS(i, lanes, count) {
        vf gradient = load_some(g + i, lanes) * s->gradient_scale;
        vf first = load_some(m + i, lanes) * s->beta1 + gradient * rest1;
        vf second = load_some(v + i, lanes) * s->beta2 + gradient * gradient * rest2;
        store_some(m + i, first, lanes);
        store_some(v + i, second, lanes);
        vf root = __builtin_elementwise_sqrt(second * s->correction2) + s->epsilon;
        vf old = load_some(p + i, lanes);
        vf step = first * s->correction1 / root + old * s->decay;
        store_some(p + i, old - step * s->rate, lanes);
    }
}
