// Products with weights of 16 bits: half of the bytes to read, widened to float32 in registers,
// which is quicker than memory hands them over.
#include "../reduced.h"

typedef uint16_t vh __attribute__((ext_vector_type(W)));
typedef uint16_t vh_anywhere __attribute__((ext_vector_type(W), aligned(2), may_alias));

// Vectors of a panel's row.
#define PARTS (COLUMNS / W)
// Numbers of 16 bits that are asked for ahead of those that are multiplied: two pages of them.
#define AHEAD 4096
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
    // A loop for each, so that it has no branch.
    if (format == QK_FLOAT16) {
        halves_panel(R, QK_FLOAT16, k, x, x_row, panel, sums);
    } else {
        halves_panel(R, QK_BFLOAT16, k, x, x_row, panel, sums);
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
                const uint16_t *w = (const uint16_t *)panel + p * COLUMNS + place;
                store(out + s * W, load_16_bits(format, w));
            }
        }
    }
}
