// Products of integers: rows of X rounded to integers of eight bits by weights of four or eight.
//
// The sum of a block of 32 products is exact; blocks are summed in float32, in the order of k, each
// step rounded as it is written. So the bits of a number of Y depend on its row and its column
// alone: not on what is computed beside it, nor on the level.

// Rows of X at once, by two vectors of columns: their sums of integers stay in registers, those of
// floats rest in the first-level cache where there are not enough.
#define DOT_ROWS (W == 16 ? 8 : 4)
// Steps of four rows of B in a block.
#define STEPS (BLOCK / 4)

typedef uint32_t vu_anywhere __attribute__((ext_vector_type(W), aligned(4), may_alias));
#ifdef HAS_VNNI
typedef int8_t vb __attribute__((ext_vector_type(W)));
typedef int8_t vb_anywhere __attribute__((ext_vector_type(W), aligned(1), may_alias));
#else
typedef int32_t vi_anywhere __attribute__((ext_vector_type(W), aligned(4), may_alias));
#endif

#ifdef HAS_VNNI
typedef int8_t rounded;
#else
typedef int16_t rounded;
#endif

// 32 numbers of a row: their scale, what a column's sum begins with, and the integers. Where
// products take pairs of 16 bits, the integers of a step stand as the first and the third, the
// second and the fourth.
typedef struct {
    float scale;
    int32_t start;
    rounded integers[BLOCK];
} rounded_block;

_Static_assert(sizeof(rounded_block) <= QK_ROUNDED_BLOCK, "a block that has no room");

// MARK: Rounding

static void round_block(int format, const float *x, rounded_block *out) {
    vi most = 0;
    UNROLL for (int i = 0; i < BLOCK; i += W) {
        // Numbers without their signs are ordered as their bits are, and behind them infinity and
        // what is no number.
        vi magnitude = (vi)load(x + i) & 0x7FFFFFFF;
        most = magnitude > most ? magnitude : most;
    }
    int32_t bits = __builtin_reduce_max(most);
    float greatest;
    memcpy(&greatest, &bits, 4);
    float inverse = rounding_of(greatest, &out->scale);
    vi sum = 0;
    int32_t all[BLOCK];
    UNROLL for (int i = 0; i < BLOCK; i += W) {
        vi integers = 0;
        if (inverse > 0) {
            // Adding 1.5·2^23 leaves the nearest integer in the low bits of the sum.
            vf steps = load(x + i) * inverse;
            vf shifted = steps + 12582912.0f;
            integers = (vi)shifted - 0x4B400000;
        }
        sum += integers;
#ifdef HAS_VNNI
        *(vb_anywhere *)(out->integers + i) = __builtin_convertvector(integers, vb);
#else
        *(vi_anywhere *)(all + i) = integers;
#endif
    }
#ifndef HAS_VNNI
    UNROLL for (int i = 0; i < BLOCK; i += 4) {
        out->integers[i] = (int16_t)all[i];
        out->integers[i + 1] = (int16_t)all[i + 2];
        out->integers[i + 2] = (int16_t)all[i + 1];
        out->integers[i + 3] = (int16_t)all[i + 3];
    }
#endif
    (void)all;
    out->start = -middle_of(format) * __builtin_reduce_add(sum);
}

static void round_rows(
    int format, long m, long k, const float *x, long x_row, uint8_t *rounded) {
    for (long i = 0; i < m; i++, rounded += qk_rounded_bytes(k)) {
        rounded_block *out = (rounded_block *)rounded;
        for (long p = 0; p < k; p += BLOCK, out++) {
            const float *from = x + i * x_row + p;
            float last[BLOCK] = {0};
            if (k - p < BLOCK) {
                memcpy(last, from, (size_t)(k - p) * 4);
                from = last;
            }
            round_block(format, from, out);
        }
    }
}

// MARK: Products

// Adds the products of two pairs of numbers of 16 bits in each lane.
#ifndef HAS_VNNI
INLINE vi add_pairs(vi sum, vu w, const rounded *x) {
    int32_t pair;
    memcpy(&pair, x, 4);
#if defined(HAS_AVX512)
    return sum + (vi)_mm512_madd_epi16((__m512i)w, _mm512_set1_epi32(pair));
#elif W == 8
    return sum + (vi)_mm256_madd_epi16((__m256i)w, _mm256_set1_epi32(pair));
#elif defined(__SSE2__)
    return sum + (vi)_mm_madd_epi16((__m128i)w, _mm_set1_epi32(pair));
#else
    return sum + (vi)(w & 0xFFFF) * (int32_t)x[0] + (vi)(w >> 16) * (int32_t)x[1];
#endif
}
#endif

// Adds the products of four bytes of each lane, which have no sign, by four integers of X.
INLINE vi add_products(vi sum, vu w, const rounded *x) {
#ifdef HAS_VNNI
    int32_t four;
    memcpy(&four, x, 4);
    return (vi)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)w, _mm512_set1_epi32(four));
#else
    sum = add_pairs(sum, w & 0x00FF00FF, x);
    return add_pairs(sum, w >> 8 & 0x00FF00FF, x + 2);
#endif
}

// R rows by P vectors of columns of a panel: `panel` has them first.
INLINE void dots_of(
    const int R, const int P, const int format, long blocks, const uint8_t *x, long x_row,
    const uint8_t *panel, int first, vf sums[DOT_ROWS][PARTS]) {
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int s = 0; s < P; s++) { sums[r][s] = 0; }
    }
    // Three rows a pointer, as in `tile_of`.
    const uint8_t *rows[(DOT_ROWS + 2) / 3];
    UNROLL for (int g = 0; g < (R + 2) / 3; g++) { rows[g] = x + 3 * g * x_row; }
#define ROW(r) ((const rounded_block *)(rows[(r) / 3] + (r) % 3 * x_row))
    const uint8_t *block = panel;
    for (long b = 0; b < blocks; b++) {
        const uint32_t *words = (const uint32_t *)(block + 2 * COLUMNS) + first;
        vi dots[DOT_ROWS][PARTS];
        UNROLL for (int r = 0; r < R; r++) {
            UNROLL for (int s = 0; s < P; s++) {
                dots[r][s] = (vi)ROW(r)->start;
            }
        }
        UNROLL for (int step = 0; step < STEPS; step++) {
            UNROLL for (int s = 0; s < P; s++) {
                const int line = format == QK_INT8 ? step : step / 2;
                vu w = *(const vu_anywhere *)(words + line * COLUMNS + s * W);
                if (format == QK_Q4_0) { w = (step % 2 ? w >> 4 : w) & 0x0F0F0F0F; }
                UNROLL for (int r = 0; r < R; r++) {
                    dots[r][s] = add_products(
                        dots[r][s], w, ROW(r)->integers + 4 * step);
                }
            }
        }
        UNROLL for (int s = 0; s < P; s++) {
            const uint16_t *scales = (const uint16_t *)block + first + s * W;
            vf scale = format == QK_INT8 ? load_bfloat16(scales) : load_float16(scales);
            UNROLL for (int r = 0; r < R; r++) {
                // A statement for each step, so that none of them are fused at one level only.
                vf factor = scale * ROW(r)->scale;
                vf product = factor * __builtin_convertvector(dots[r][s], vf);
                sums[r][s] = sums[r][s] + product;
            }
        }
        UNROLL for (int g = 0; g < (R + 2) / 3; g++) { rows[g] += sizeof(rounded_block); }
        block += format == QK_INT8 ? BLOCK_BYTES : QUARTER_BYTES;
    }
#undef ROW
}

// R rows by the columns of a panel that are there.
INLINE void dots_panel(
    const int R, const int format, long columns, long blocks, const uint8_t *x, long x_row,
    const uint8_t *panel, float *y, long y_row, int add) {
    const int P = W == 16 ? 2 : R <= 2 ? 4 : 2;
    for (int s = 0; s < PARTS && s * W < columns; s += P) {
        vf sums[DOT_ROWS][PARTS];
        dots_of(R, P, format, blocks, x, x_row, panel, s * W, sums);
        UNROLL for (int r = 0; r < R; r++) {
            UNROLL for (int i = 0; i < P; i++) {
                long column = (s + i) * W;
                if (column >= columns) { break; }
                float *out = y + r * y_row + column;
                long lanes = columns - column;
                vf value = add ? load_some(out, lanes) + sums[r][i] : sums[r][i];
                store_some(out, value, lanes);
            }
        }
    }
}

INLINE void dots_rows(
    const int format, long m, long columns, long blocks, const uint8_t *x, long x_row,
    const uint8_t *panel, float *y, long y_row, int add) {
#define CASE(R)                                                                          \
    case R: dots_panel(R, format, columns, blocks, x, x_row, panel, y, y_row, add); break;
    switch (m) {
        CASE(1) CASE(2) CASE(3) CASE(4)
#if W == 16
        CASE(5) CASE(6) CASE(7) CASE(8)
#endif
    default: break;
    }
#undef CASE
}

static void rounded_product(
    int format, long m, long n, long k, const uint8_t *rounded, const uint8_t *reduced, float *y,
    long y_row, int add) {
    long blocks = (k + BLOCK - 1) / BLOCK;
    long x_row = qk_rounded_bytes(k);
    // Rows in parts of nearly one size: 4 and 4 rather than 6 and 2.
    long parts = (m + DOT_ROWS - 1) / DOT_ROWS;
    for (long j = 0; j < n; j += COLUMNS, reduced += reduced_panel_bytes(format, k)) {
        long columns = n - j < COLUMNS ? n - j : COLUMNS;
        for (long part = 0, i = 0; part < parts; part++) {
            long rows = (m - i) / (parts - part);
            const uint8_t *x = rounded + i * x_row;
            float *out = y + i * y_row + j;
            // A loop for each, so that it has no branch.
            if (format == QK_INT8) {
                dots_rows(QK_INT8, rows, columns, blocks, x, x_row, reduced, out, y_row, add);
            } else {
                dots_rows(QK_Q4_0, rows, columns, blocks, x, x_row, reduced, out, y_row, add);
            }
            i += rows;
        }
    }
}
