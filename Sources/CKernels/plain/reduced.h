// Products with reduced weights.
#include "../reduced.h"

// B[p, j] in 16 bits.
static float reduced_at(int format, long k, const uint8_t *reduced, long p, long j) {
    const uint8_t *panel = reduced + j / COLUMNS * reduced_panel_bytes(format, k);
    uint16_t bits = ((const uint16_t *)panel)[p * COLUMNS + j % COLUMNS];
    return format == QK_BFLOAT16 ? bfloat16_of(bits) : float16_of(bits);
}

static void few_rows_reduced(
    int format, long m, long n, long k, const float *x, long x_row, const uint8_t *reduced,
    float *y, long y_row, int add) {
    for (long i = 0; i < m; i++) {
        for (long j = 0; j < n; j++) {
            double sum = 0;
            for (long p = 0; p < k; p++) {
                sum += (double)x[i * x_row + p] * reduced_at(format, k, reduced, p, j);
            }
            y[i * y_row + j] = (float)sum + (add ? y[i * y_row + j] : 0);
        }
    }
}

static void pack_reduced(int format, long k, long n, const uint8_t *reduced, float *packed) {
    for (long p = 0; p < k; p++) {
        for (long j = 0; j < n; j++) { packed[p * n + j] = reduced_at(format, k, reduced, p, j); }
    }
}
