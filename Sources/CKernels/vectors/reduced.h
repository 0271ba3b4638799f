// Products with reduced weights: half or a quarter of the bytes to read, widened to float32 in
// registers, which is quicker than memory hands them over.
#include "../reduced.h"

typedef uint16_t vh __attribute__((ext_vector_type(W)));
typedef int8_t vb __attribute__((ext_vector_type(W)));
typedef uint16_t vh_anywhere __attribute__((ext_vector_type(W), aligned(2), may_alias));
typedef uint32_t vu_anywhere __attribute__((ext_vector_type(W), aligned(4), may_alias));
typedef int8_t vb_anywhere __attribute__((ext_vector_type(W), aligned(1), may_alias));

// Vectors of a panel's row.
#define PARTS (COLUMNS / W)
// Numbers of 16 bits that are asked for ahead of those that are multiplied: two pages of them.
#define AHEAD 4096
// Sums that take turns over k, so that one does not wait for the last.
#define TURNS (W == 16 ? 2 : 1)
// Rows of X at once.
#define ROWS (W == 16 ? 8 : FEW)

INLINE vf load_bfloat16(const uint16_t *p) {
    return (vf)(__builtin_convertvector(*(const vh_anywhere *)p, vu) << 16);
}
#ifdef HAS_FLOAT16
typedef _Float16 vfh_anywhere __attribute__((ext_vector_type(W), aligned(2), may_alias));
INLINE vf load_float16(const uint16_t *p) {
    return __builtin_convertvector(*(const vfh_anywhere *)p, vf);
}
#else
// Of W finite binary16, as `float16_of`.
INLINE vf load_float16(const uint16_t *p) {
    vu bits = __builtin_convertvector(*(const vh_anywhere *)p, vu);
    vf magnitude = (vf)((bits & 0x7FFF) << 13) * 0x1p112f;
    return (vf)((vu)magnitude | (bits & 0x8000) << 16);
}
#endif
INLINE vf load_16_bits(int format, const uint16_t *p) {
    return format == QK_FLOAT16 ? load_float16(p) : load_bfloat16(p);
}
INLINE vf load_int8(const int8_t *p) {
    return __builtin_convertvector(*(const vb_anywhere *)p, vf);
}

// The numbers of the `place`th row of words, from -8 to 7.
INLINE vf load_quarters(vu words, int place) {
#ifdef HAS_AVX512
    // Of an index only the lowest four bits count: a shift and a look into a table.
    const vf values = {0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1};
    return (vf)_mm512_permutexvar_ps((__m512i)(words >> 4 * place), (__m512)values);
#else
    return __builtin_convertvector((vi)(words << (28 - 4 * place)) >> 28, vf);
#endif
}

// Adds R rows of X by `rows` rows of integers to `sums`.
INLINE void add_integers(
    const int R, long rows, const float *x, long x_row, const int8_t *w, vf sums[ROWS][PARTS]) {
    vf turns[TURNS][ROWS][PARTS];
    UNROLL for (int t = 0; t < TURNS; t++) {
        UNROLL for (int r = 0; r < R; r++) {
            UNROLL for (int s = 0; s < PARTS; s++) { turns[t][r][s] = 0; }
        }
    }
    for (long p = 0; p < rows; p += TURNS) {
        UNROLL for (int t = 0; t < TURNS; t++) {
            // A block is whole in memory; X need not be.
            if (TURNS > 1 && p + t >= rows) { break; }
            UNROLL for (int s = 0; s < PARTS; s++) {
                vf value = load_int8(w + (p + t) * COLUMNS + s * W);
                UNROLL for (int r = 0; r < R; r++) {
                    turns[t][r][s] += x[r * x_row + p + t] * value;
                }
            }
        }
    }
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int s = 0; s < PARTS; s++) {
            sums[r][s] = TURNS > 1 ? turns[0][r][s] + turns[TURNS - 1][r][s] : turns[0][r][s];
        }
    }
}

// Adds R rows by one panel of integers to `sums`, a part of its columns at a time, so that the sums
// of more rows stay in registers; each is the chain that it is for few rows.
INLINE void integers_by_parts(
    const int R, long k, const float *x, long x_row, const uint8_t *panel,
    vf sums[ROWS][PARTS]) {
    for (long p = 0; p < k; p += BLOCK, panel += BLOCK_BYTES) {
        long rows = k - p < BLOCK ? k - p : BLOCK;
        UNROLL for (int s = 0; s < PARTS; s++) {
            const int8_t *w = (const int8_t *)panel + 2 * COLUMNS + s * W;
            vf turns[TURNS][ROWS];
            UNROLL for (int t = 0; t < TURNS; t++) {
                UNROLL for (int r = 0; r < R; r++) { turns[t][r] = 0; }
            }
            for (long q = 0; q < rows; q += TURNS) {
                UNROLL for (int t = 0; t < TURNS; t++) {
                    if (TURNS > 1 && q + t >= rows) { break; }
                    vf value = load_int8(w + (q + t) * COLUMNS);
                    UNROLL for (int r = 0; r < R; r++) {
                        turns[t][r] += x[r * x_row + p + q + t] * value;
                    }
                }
            }
            vf scale = load_bfloat16((const uint16_t *)panel + s * W);
            UNROLL for (int r = 0; r < R; r++) {
                vf sum = TURNS > 1 ? turns[0][r] + turns[TURNS - 1][r] : turns[0][r];
                sums[r][s] += scale * sum;
            }
        }
    }
}

// R rows of X by P vectors of a block's `rows` rows of integers of four bits. The even and the odd
// rows have a sum each, so that one does not wait for the other.
INLINE void quarters_block(
    const int R, const int P, long rows, const float *x, long x_row, const uint32_t *w,
    vf sums[ROWS][PARTS]) {
    vf turns[2][ROWS][PARTS];
    UNROLL for (int t = 0; t < 2; t++) {
        UNROLL for (int r = 0; r < R; r++) {
            UNROLL for (int s = 0; s < P; s++) { turns[t][r][s] = 0; }
        }
    }
    for (long p = 0; p < rows; p += WORD_ROWS, w += COLUMNS) {
        vu words[PARTS];
        UNROLL for (int s = 0; s < P; s++) { words[s] = *(const vu_anywhere *)(w + s * W); }
        UNROLL for (int t = 0; t < WORD_ROWS; t++) {
            // A block is whole in memory; X need not be.
            const int isThere = p + t < rows;
            UNROLL for (int s = 0; s < P && isThere; s++) {
                vf value = load_quarters(words[s], t);
                UNROLL for (int r = 0; r < R; r++) {
                    turns[t % 2][r][s] += x[r * x_row + p + t] * value;
                }
            }
        }
    }
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int s = 0; s < P; s++) { sums[r][s] = turns[0][r][s] + turns[1][r][s]; }
    }
}

// Adds R rows by one panel of integers of four bits to `sums`, as many of its columns at a time as
// there are registers for their sums.
INLINE void quarters_panel(
    const int R, long k, const float *x, long x_row, const uint8_t *panel,
    vf sums[ROWS][PARTS]) {
    const int P = R > (W == 16 ? 4 : 1) ? 1 : 2;
    for (long p = 0; p < k; p += BLOCK, panel += QUARTER_BYTES) {
        UNROLL for (int s = 0; s < PARTS; s += P) {
            const uint32_t *w = (const uint32_t *)(panel + 2 * COLUMNS) + s * W;
            vf block[ROWS][PARTS];
            if (k - p >= BLOCK) {
                quarters_block(R, P, BLOCK, x + p, x_row, w, block);
            } else {
                quarters_block(R, P, k - p, x + p, x_row, w, block);
            }
            UNROLL for (int i = 0; i < P; i++) {
                vf scale = load_float16((const uint16_t *)panel + (s + i) * W);
                UNROLL for (int r = 0; r < R; r++) { sums[r][s + i] += scale * block[r][i]; }
            }
        }
    }
}

// Adds R rows by one panel of 16-bit numbers to `sums`.
INLINE void halves_panel(
    const int R, const int format, long k, const float *x, long x_row, const uint8_t *panel,
    vf sums[ROWS][PARTS]) {
    const uint16_t *w = (const uint16_t *)panel;
    for (long p = 0; p < k; p++, w += COLUMNS) {
        // Sums of several rows leave no time to wait for a page that begins.
        if (R > 1) { ask_for((const float *)(w + AHEAD)); }
        UNROLL for (int s = 0; s < PARTS; s++) {
            vf value = load_16_bits(format, w + s * W);
            UNROLL for (int r = 0; r < R; r++) { sums[r][s] += x[r * x_row + p] * value; }
        }
    }
}

// R rows by one panel.
INLINE void reduced_panel(
    const int R, int format, long k, const float *x, long x_row, const uint8_t *panel,
    vf sums[ROWS][PARTS]) {
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int s = 0; s < PARTS; s++) { sums[r][s] = 0; }
    }
    if (format == QK_Q4_0) {
        quarters_panel(R, k, x, x_row, panel, sums);
        return;
    }
    if (format != QK_INT8) {
        // A loop for each, so that it has no branch.
        if (format == QK_FLOAT16) {
            halves_panel(R, QK_FLOAT16, k, x, x_row, panel, sums);
        } else {
            halves_panel(R, QK_BFLOAT16, k, x, x_row, panel, sums);
        }
        return;
    }
    if (R > FEW) {
        integers_by_parts(R, k, x, x_row, panel, sums);
        return;
    }
    for (long p = 0; p < k; p += BLOCK, panel += BLOCK_BYTES) {
        vf block[ROWS][PARTS];
        const int8_t *w = (const int8_t *)panel + 2 * COLUMNS;
        if (k - p >= BLOCK) {
            add_integers(R, BLOCK, x + p, x_row, w, block);
        } else {
            add_integers(R, k - p, x + p, x_row, w, block);
        }
        UNROLL for (int s = 0; s < PARTS; s++) {
            vf scale = load_bfloat16((const uint16_t *)panel + s * W);
            UNROLL for (int r = 0; r < R; r++) { sums[r][s] += scale * block[r][s]; }
        }
    }
}

// R rows by all panels.
INLINE void reduced_rows_of(
    const int R, int format, long n, long k, const float *x, long x_row, const uint8_t *reduced,
    float *y, long y_row, int add) {
    for (long j = 0; j < n; j += COLUMNS, reduced += reduced_panel_bytes(format, k)) {
        vf sums[ROWS][PARTS];
        reduced_panel(R, format, k, x, x_row, reduced, sums);
        UNROLL for (int r = 0; r < R; r++) {
            for (int s = 0; s < PARTS && j + s * W < n; s++) {
                float *out = y + r * y_row + j + s * W;
                long lanes = n - j - s * W;
                vf value = add ? load_some(out, lanes) + sums[r][s] : sums[r][s];
                store_some(out, value, lanes);
            }
        }
    }
}

static void few_rows_reduced(
    int format, long m, long n, long k, const float *x, long x_row, const uint8_t *reduced,
    float *y, long y_row, int add) {
    long part = m <= ROWS ? n : 4 * COLUMNS;
    for (long j = 0; j < n; j += part, reduced += 4 * reduced_panel_bytes(format, k)) {
        long columns = n - j < part ? n - j : part;
        for (long i = 0; i < m; i += ROWS) {
            const float *rows = x + i * x_row;
            float *out = y + i * y_row + j;
#define CASE(R)                                                                         \
    case R: reduced_rows_of(R, format, columns, k, rows, x_row, reduced, out, y_row, add); break;
            switch (m - i < ROWS ? m - i : ROWS) {
                CASE(1) CASE(2) CASE(3) CASE(4)
#if W == 16
                CASE(5) CASE(6) CASE(7) CASE(8)
#endif
            default: break;
            }
#undef CASE
        }
    }
}

// A panel of a product's inner loop is one of reduced weights, or a part of one.
static void pack_reduced(int format, long k, long n, const uint8_t *reduced, float *packed) {
    for (long j = 0; j < n; j += NR) {
        const uint8_t *panel = reduced + j / COLUMNS * reduced_panel_bytes(format, k);
        long column = j % COLUMNS;
        float *out = packed + j * k;
        for (long p = 0; p < k; p++, out += NR) {
            for (int s = 0; s < 2; s++) {
                long place = column + s * W;
                if (format == QK_Q4_0) {
                    const uint8_t *block = panel + p / BLOCK * QUARTER_BYTES;
                    vf scale = load_float16((const uint16_t *)block + place);
                    const uint32_t *w = (const uint32_t *)(block + 2 * COLUMNS) + place;
                    vu words = *(const vu_anywhere *)(w + p % BLOCK / WORD_ROWS * COLUMNS);
                    store(out + s * W, scale * load_quarters(words, (int)(p % WORD_ROWS)));
                    continue;
                }
                if (format != QK_INT8) {
                    const uint16_t *w = (const uint16_t *)panel + p * COLUMNS + place;
                    store(out + s * W, load_16_bits(format, w));
                } else {
                    const uint8_t *block = panel + p / BLOCK * BLOCK_BYTES;
                    vf scale = load_bfloat16((const uint16_t *)block + place);
                    const int8_t *w = (const int8_t *)block + (2 + p % BLOCK) * COLUMNS + place;
                    store(out + s * W, scale * load_int8(w));
                }
            }
        }
    }
}
