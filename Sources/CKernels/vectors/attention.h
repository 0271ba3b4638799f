// Attention of one head, a strip of query rows at a time, so that only the strip's part of the
// (t, keys) matrix exists, and of that only what a row of the strip sees. After Dao and others,
// https://arxiv.org/abs/2205.14135; the backward recomputes the strip from the stored logsumexp.
#define STRIP 32L

static long round_up(long x, long unit) { return (x + unit - 1) / unit * unit; }

// Floats a row of a strip: odd in units of a cache line, so that its rows do not collide.
static long strip_row(long t) { return round_up(t, NR) + 16; }

static long attention_workspace(long keys, long d) {
    return 3 * packed_count(round_up(d, NR), round_up(keys, NR)) + 2 * STRIP * strip_row(keys)
        + 2 * packed_count(STRIP, d);
}

static const qk_epilogue storing = {.kind = QK_STORE}, adding = {.kind = QK_ADD};

// C (m, n) = A·panels, or C += A·panels.
static void strip_product(
    long m, long n, long k, const float *a, long row, long column, const float *packed,
    long panel_stride, float *c, long c_row, int add) {
    finish f = {add, 1, add ? &adding : &storing};
    multiply_block(m, n, k, a, row, column, packed, panel_stride, c, c_row, 0, 0, &f);
}

// The rows of a strip have room for whole vectors, so that their ends need no loop of their own:
// lanes past `count` are masked.

// The greatest of the first `count` floats.
INLINE float strip_max(long count, const float *p) {
    vf most = -__FLT_MAX__;
    long j = 0;
    for (; j + W <= count; j += W) { most = greatest(most, load(p + j)); }
    if (j < count) {
        vf rest = first_lanes(load(p + j), -__FLT_MAX__, count - j);
        most = greatest(most, rest);
    }
    return max_of(most);
}

// Replaces the first `count` floats by exp(x·factor - shift), those from there to `end` by zero,
// and returns the sum.
INLINE float strip_exp(long count, long end, float *p, float factor, float shift) {
    vf sum = 0;
    long j = 0;
    for (; j + W <= count; j += W) {
        vf value = exp_of(load(p + j) * factor - shift);
        sum += value;
        store(p + j, value);
    }
    for (; j < end; j += W) {
        vf value = first_lanes(exp_of(load(p + j) * factor - shift), 0, count - j);
        sum += value;
        store(p + j, value);
    }
    return sum_of(sum);
}

// From scores p and products ds = dout·v of the first `count` positions: p becomes the attention,
// ds the gradient of the scores, both zero from there to `end`.
INLINE void strip_gradient(
    long count, long end, float *p, float *ds, float factor, float shift, float delta) {
    for (long j = 0; j < end; j += W) {
        vf value = exp_of(load(p + j) * factor - shift);
        vf slope = value * (load(ds + j) - delta) * factor;
        if (j + W > count) {
            value = first_lanes(value, 0, count - j);
            slope = first_lanes(slope, 0, count - j);
        }
        store(p + j, value);
        store(ds + j, slope);
    }
}

// The first position that row i sees, and one past the last.
INLINE long start_of(const qk_attention_shape *shape, long i) {
    return shape->starts ? shape->starts[i] : 0;
}
INLINE long end_of(const qk_attention_shape *shape, long i) {
    return shape->ends ? shape->ends[i] : i + 1;
}

// The first column of the strip from row i: no row of it sees an earlier one. Whole panels lie
// before it, and whole groups of dropout's masks.
INLINE long first_column(const qk_attention_shape *shape, long i) {
    return start_of(shape, i) / MASK_GROUP * MASK_GROUP;
}

// Clears the positions before the first that a row sees.
INLINE void strip_clear(long count, float *p) {
    if (count > 0) { memset(p, 0, (size_t)count * 4); }
}

// Drops numbers of the part of row i's weights that begins at column `first`.
static void strip_drop(const qk_dropout *g, long i, long first, long end, float *p) {
    for (long j = 0; j < end; j += MASK_GROUP) {
        float mask[MASK_GROUP];
        mask_of(g, i, (first + j) / MASK_GROUP, mask);
        for (long x = 0; x < MASK_GROUP && j + x < end; x += W) {
            store(p + j + x, load(p + j + x) * load(mask + x));
        }
    }
}

static void attention(
    const qk_attention_shape *shape, const float *q, const float *k, const float *v, float *out,
    float *logsumexp, float *workspace) {
    long t = shape->t, u = shape->keys, d = shape->d;
    long q_row = shape->q_row, row = shape->key_row, out_row = shape->out_row;
    float factor = 1 / sqrtf((float)d);
    long s_row = strip_row(u);
    float *kt = workspace;                                          // panels of (d, u)
    float *vp = kt + packed_count(round_up(d, NR), round_up(u, NR));  // panels of (u, d)
    float *s = vp + packed_count(round_up(u, NR), round_up(d, NR));   // (STRIP, u)
    pack_panels(d, u, k, 1, row, kt, d * NR);
    pack_panels(u, d, v, row, 1, vp, u * NR);
    for (long i = 0; i < t; i += STRIP) {
        long rows = t - i < STRIP ? t - i : STRIP;
        long first = first_column(shape, i), seen = end_of(shape, i + rows - 1) - first;
        if (seen <= 0) {
            for (long r = 0; r < rows; r++) {
                memset(out + (i + r) * out_row, 0, (size_t)d * 4);
                logsumexp[i + r] = 0;
            }
            continue;
        }
        strip_product(
            rows, seen, d, q + i * q_row, q_row, 1, kt + first * d, d * NR, s, s_row, 0);
        float sums[STRIP];
        for (long r = 0; r < rows; r++) {
            float *p = s + r * s_row;
            long start = start_of(shape, i + r) - first, count = end_of(shape, i + r) - first;
            float most = strip_max(count - start, p + start) * factor;
            sums[r] = strip_exp(count - start, seen - start, p + start, factor, most);
            // A row that sees nothing has a sum of 0, and a row of zeros.
            logsumexp[i + r] = sums[r] == 0 ? 0 : most + logf(sums[r]);
            strip_clear(start, p);
            if (shape->dropout) { strip_drop(shape->dropout, i + r, first, seen, p); }
        }
        strip_product(
            rows, d, seen, s, s_row, 1, vp + first * NR, u * NR, out + i * out_row, out_row, 0);
        for (long r = 0; r < rows; r++) {
            row_scale(d, out + (i + r) * out_row, sums[r] == 0 ? 0 : 1 / sums[r]);
        }
    }
}

static float dot(long n, const float *x, const float *y) {
    vf sum = 0;
    FOR_VECTORS(i, lanes, n) { sum += load_some(x + i, lanes) * load_some(y + i, lanes); }
    return sum_of(sum);
}

static void attention_backward(
    const qk_attention_shape *shape, const float *q, const float *k, const float *v,
    const float *out, const float *dout, const float *logsumexp, float *dq, float *dk, float *dv,
    int adds, float *workspace) {
    long t = shape->t, u = shape->keys, d = shape->d;
    long q_row = shape->q_row, row = shape->key_row, out_row = shape->out_row;
    float factor = 1 / sqrtf((float)d);
    long s_row = strip_row(u), area = packed_count(round_up(d, NR), round_up(u, NR));
    float *kt = workspace, *vt = kt + area, *kp = vt + area;  // panels of (d, u), (d, u), (u, d)
    float *p = kp + area, *ds = p + STRIP * s_row;            // (STRIP, u)
    float *qp = ds + STRIP * s_row, *gp = qp + packed_count(STRIP, d);  // panels of (STRIP, d)
    pack_panels(d, u, k, 1, row, kt, d * NR);
    pack_panels(d, u, v, 1, row, vt, d * NR);
    pack_panels(u, d, k, row, 1, kp, u * NR);
    if ((shape->starts || shape->ends) && !adds) {
        for (long j = 0; j < u; j++) {
            memset(dk + j * row, 0, (size_t)d * 4);
            memset(dv + j * row, 0, (size_t)d * 4);
        }
        adds = 1;
    }
    // Backwards, because without starts and ends the last strip sees all positions and so begins
    // every sum.
    for (long i = (t - 1) / STRIP * STRIP; i >= 0; i -= STRIP, adds = 1) {
        long rows = t - i < STRIP ? t - i : STRIP;
        long first = first_column(shape, i), seen = end_of(shape, i + rows - 1) - first;
        const float *g = dout + i * out_row;
        if (seen <= 0) {
            for (long r = 0; r < rows; r++) { memset(dq + (i + r) * q_row, 0, (size_t)d * 4); }
            continue;
        }
        strip_product(
            rows, seen, d, q + i * q_row, q_row, 1, kt + first * d, d * NR, p, s_row, 0);
        strip_product(rows, seen, d, g, out_row, 1, vt + first * d, d * NR, ds, s_row, 0);
        for (long r = 0; r < rows; r++) {
            float *weights = p + r * s_row, *slopes = ds + r * s_row;
            long start = start_of(shape, i + r) - first, count = end_of(shape, i + r) - first;
            float delta = dot(d, g + r * out_row, out + (i + r) * out_row);
            if (shape->dropout) { strip_drop(shape->dropout, i + r, first, seen, slopes); }
            strip_gradient(
                count - start, seen - start, weights + start, slopes + start, factor,
                logsumexp[i + r], delta);
            strip_clear(start, weights);
            strip_clear(start, slopes);
            if (shape->dropout) { strip_drop(shape->dropout, i + r, first, seen, weights); }
        }
        pack_panels(rows, d, q + i * q_row, q_row, 1, qp, rows * NR);
        pack_panels(rows, d, g, out_row, 1, gp, rows * NR);
        strip_product(
            rows, d, seen, ds, s_row, 1, kp + first * NR, u * NR, dq + i * q_row, q_row, 0);
        float *dk_seen = dk + first * row, *dv_seen = dv + first * row;
        strip_product(seen, d, rows, ds, 1, s_row, qp, rows * NR, dk_seen, row, adds);
        strip_product(seen, d, rows, p, 1, s_row, gp, rows * NR, dv_seen, row, adds);
    }
}

static void attention_step(
    long heads, long count, long d, const float *q, const float *keys, const float *values,
    long row, float *out, float *scores) {
    few_rows(heads, count, d, q, d, keys, 1, row, scores, count, 0);
    for (long h = 0; h < heads; h++) { softmax(count, scores + h * count, 1 / sqrtf((float)d)); }
    few_rows(heads, d, count, scores, count, values, row, 1, out, d, 0);
}

static void attention_cached(
    long t, long count, long d, const float *q, long q_row, const float *keys,
    const float *values, long row, float *out, long out_row, float *workspace) {
    float factor = 1 / sqrtf((float)d);
    long s_row = strip_row(count), past = count - t;
    float *kt = workspace;                                              // panels of (d, count)
    float *vp = kt + packed_count(round_up(d, NR), round_up(count, NR));  // panels of (count, d)
    float *s = vp + packed_count(round_up(count, NR), round_up(d, NR));   // (STRIP, count)
    pack_panels(d, count, keys, 1, row, kt, d * NR);
    pack_panels(count, d, values, row, 1, vp, count * NR);
    for (long i = 0; i < t; i += STRIP) {
        long rows = t - i < STRIP ? t - i : STRIP, seen = past + i + rows;
        strip_product(rows, seen, d, q + i * q_row, q_row, 1, kt, d * NR, s, s_row, 0);
        float sums[STRIP];
        for (long r = 0; r < rows; r++) {
            float *p = s + r * s_row;
            long own = past + i + r + 1;
            sums[r] = strip_exp(own, seen, p, factor, strip_max(own, p) * factor);
        }
        strip_product(
            rows, d, seen, s, s_row, 1, vp, count * NR, out + i * out_row, out_row, 0);
        for (long r = 0; r < rows; r++) { row_scale(d, out + (i + r) * out_row, 1 / sums[r]); }
    }
}
