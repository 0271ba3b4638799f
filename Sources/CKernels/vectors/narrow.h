// Keys and values in binary16, which take half of the bytes: widened in registers, since reading
// them is what attention over many positions waits for. Numbers are finite.

// Positions whose scores are made side by side.
#define SCORES 4
// Heads at once that share keys and values; registers for their sums are what limits it.
#define SHARING (W == 16 ? 4 : 2)
// Vectors of values' columns at once, and the positions that stay near while others pass.
#define VALUES 4
#define NEAR_POSITIONS 32L

typedef float vf_4 __attribute__((ext_vector_type(4)));
typedef float vf_4_anywhere __attribute__((ext_vector_type(4), aligned(4), may_alias));

INLINE vf load_some_float16(const uint16_t *p, long lanes) {
    if (lanes >= W) { return load_float16(p); }
    uint16_t all[W] = {0};
    for (long i = 0; i < lanes; i++) { all[i] = p[i]; }
    return load_float16(all);
}

static void narrow(long count, const float *x, uint16_t *out) {
    long i = 0;
#ifdef HAS_FLOAT16
    for (; i + W <= count; i += W) {
        vf value = least((vf)65504.0f, greatest((vf)-65504.0f, load(x + i)));
        *(vfh_anywhere *)(out + i) = __builtin_convertvector(value, vfh_anywhere);
    }
#endif
    for (; i < count; i++) { out[i] = float16_bits(x[i]); }
}

static void widen(long count, const uint16_t *x, float *out) {
    long i = 0;
    for (; i + W <= count; i += W) { store(out + i, load_float16(x + i)); }
    for (; i < count; i++) { out[i] = float16_of(x[i]); }
}

// The sums of a vector's lanes, in four of them.
INLINE vf_4 quarter_sums(vf x) {
#if W == 16
    return (x.lo.lo + x.lo.hi) + (x.hi.lo + x.hi.hi);
#elif W == 8
    return x.lo + x.hi;
#else
    return x;
#endif
}

// The sum of each of four vectors.
INLINE vf_4 sums_of(const vf x[SCORES]) {
    vf_4 a = quarter_sums(x[0]), b = quarter_sums(x[1]);
    vf_4 c = quarter_sums(x[2]), d = quarter_sums(x[3]);
    vf_4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
    vf_4 cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);
    return __builtin_shufflevector(ab, cd, 0, 1, 4, 5)
        + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}

// The products of R heads' queries with all keys. Each is made as one alone would be.
INLINE void narrow_scores(
    const int R, long count, long d, const float *q, const uint16_t *keys, long row,
    float *scores) {
    for (long j = 0; j < count; j += SCORES) {
        const uint16_t *key[SCORES];
        UNROLL for (int i = 0; i < SCORES; i++) {
            key[i] = keys + (j + i < count ? j + i : count - 1) * row;
        }
        vf sums[SHARING][SCORES];
        UNROLL for (int r = 0; r < R; r++) {
            UNROLL for (int i = 0; i < SCORES; i++) { sums[r][i] = 0; }
        }
        long c = 0;
        for (; c + W <= d; c += W) {
            UNROLL for (int i = 0; i < SCORES; i++) {
                vf part = load_float16(key[i] + c);
                UNROLL for (int r = 0; r < R; r++) { sums[r][i] += load(q + r * d + c) * part; }
            }
        }
        if (c < d) {
            UNROLL for (int i = 0; i < SCORES; i++) {
                vf part = load_some_float16(key[i] + c, d - c);
                UNROLL for (int r = 0; r < R; r++) {
                    sums[r][i] += load_some(q + r * d + c, d - c) * part;
                }
            }
        }
        UNROLL for (int r = 0; r < R; r++) {
            vf_4 all = sums_of(sums[r]);
            float *out = scores + r * count + j;
            if (j + SCORES <= count) {
                *(vf_4_anywhere *)out = all;
                continue;
            }
            for (int i = 0; j + i < count; i++) { out[i] = all[i]; }
        }
    }
}

// Adds R heads' sums of S vectors of the values of some positions to `out`.
INLINE void narrow_values(
    const int R, const int S, long count, long d, long lanes, const float *scores,
    long scores_row, const uint16_t *values, long row, float *out) {
    vf sums[SHARING][VALUES];
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int s = 0; s < S; s++) {
            sums[r][s] = load_some(out + r * d + s * W, lanes - s * W);
        }
    }
    for (long j = 0; j < count; j++, values += row) {
        UNROLL for (int s = 0; s < S; s++) {
            vf part = load_some_float16(values + s * W, lanes - s * W);
            UNROLL for (int r = 0; r < R; r++) {
                sums[r][s] += scores[r * scores_row + j] * part;
            }
        }
    }
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int s = 0; s < S; s++) {
            store_some(out + r * d + s * W, sums[r][s], lanes - s * W);
        }
    }
}

// R heads' weighted sums of all values.
INLINE void narrow_output(
    const int R, long count, long d, const float *scores, const uint16_t *values, long row,
    float *out) {
    memset(out, 0, (size_t)(R * d) * 4);
    // Sums rest in the output between positions that pass and others; their chain stays the same.
    long near = d <= VALUES * W ? count : NEAR_POSITIONS;
    for (long j = 0; j < count; j += near, values += near * row) {
        long positions = count - j < near ? count - j : near;
        long c = 0;
        for (; c + VALUES * W <= d; c += VALUES * W) {
            narrow_values(
                R, VALUES, positions, d, VALUES * W, scores + j, count, values + c, row, out + c);
        }
        for (; c < d; c += W) {
            narrow_values(R, 1, positions, d, d - c, scores + j, count, values + c, row, out + c);
        }
    }
}

static void attention_step_narrow(
    long heads, long count, long d, const float *q, const uint16_t *keys, const uint16_t *values,
    long row, float *out, float *scores) {
    for (long h = 0; h < heads; h += SHARING) {
        const float *query = q + h * d;
        float *score = scores + h * count, *sum = out + h * d;
        long rest = heads - h < SHARING ? heads - h : SHARING;
#define CASE(R)                                                                         \
    case R:                                                                             \
        narrow_scores(R, count, d, query, keys, row, score);                            \
        for (int r = 0; r < R; r++) { softmax(count, score + r * count, 1 / sqrtf((float)d)); } \
        narrow_output(R, count, d, score, values, row, sum);                            \
        break;
        switch (rest) {
            CASE(1) CASE(2)
#if W == 16
            CASE(3) CASE(4)
#endif
        default: break;
        }
#undef CASE
    }
}
