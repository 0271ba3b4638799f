// Products with reduced weights.
#include "../reduced.h"

// B[p, j].
static float reduced_at(int format, long k, const uint8_t *reduced, long p, long j) {
    const uint8_t *panel = reduced + j / COLUMNS * reduced_panel_bytes(format, k);
    long column = j % COLUMNS;
    if (format == QK_BFLOAT16) {
        return bfloat16_of(((const uint16_t *)panel)[p * COLUMNS + column]);
    }
    if (format == QK_FLOAT16) {
        return float16_of(((const uint16_t *)panel)[p * COLUMNS + column]);
    }
    if (format == QK_Q4_0) {
        const uint8_t *block = panel + p / BLOCK * QUARTER_BYTES;
        const uint32_t *words = (const uint32_t *)(block + 2 * COLUMNS);
        uint32_t word = words[p % BLOCK / WORD_ROWS * COLUMNS + column];
        int bits = (int)(word >> p % WORD_ROWS * 4 & 0xF);
        return float16_of(((const uint16_t *)block)[column]) * (float)(bits < 8 ? bits : bits - 16);
    }
    const uint8_t *block = panel + p / BLOCK * BLOCK_BYTES;
    const int8_t *integers = (const int8_t *)block + 2 * COLUMNS;
    return bfloat16_of(((const uint16_t *)block)[column])
        * (float)integers[p % BLOCK * COLUMNS + column];
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
