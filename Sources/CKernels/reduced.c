// Weights rounded to fewer bits, as `reduced.h` of each level reads them.
#include <math.h>
#include <string.h>

#include "reduced.h"

long qk_reduced_bytes(int format, long k, long n) {
    return (n + COLUMNS - 1) / COLUMNS * reduced_panel_bytes(format, k);
}

static uint16_t upper_half(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

// The nearest binary16, ties to even; the largest one for what is beyond it.
static uint16_t float16_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    uint16_t sign = bits >> 16 & 0x8000;
    uint32_t magnitude = bits & 0x7FFFFFFF;
    if (magnitude >= 0x477FF000) { return sign | 0x7BFF; }
    if (magnitude < 0x38800000) {
        // Added to a half, the last bit is worth 2^-24, as that of a small binary16 is.
        float sum = fabsf(x) + 0.5f;
        memcpy(&bits, &sum, 4);
        return sign | (uint16_t)(bits - 0x3F000000);
    }
    return sign | (uint16_t)((magnitude + 0xFFF + (magnitude >> 13 & 1) - 0x38000000) >> 13);
}

// The least bfloat16 that is not below a positive x.
static uint16_t upper_half_above(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return (uint16_t)((bits + 0xFFFF) >> 16);
}

// The scale and the integers of `rows` rows of one column. The scale is rounded up, so that no
// integer passes 127.
static void reduce_block(
    long rows, const float *b, long b_row, uint16_t *scale, int8_t *out) {
    float most = 0;
    for (long p = 0; p < rows; p++) {
        float x = fabsf(b[p * b_row]);
        most = x > most ? x : most;
    }
    *scale = upper_half_above(most / 127);
    float unit = bfloat16_of(*scale);
    for (long p = 0; p < rows; p++) {
        out[p * COLUMNS] = unit > 0 ? (int8_t)lrintf(b[p * b_row] / unit) : 0;
    }
}

void qk_reduce(
    int format, long k, long n, const float *b, long b_row, long b_column, uint8_t *reduced) {
    memset(reduced, 0, (size_t)qk_reduced_bytes(format, k, n));
    for (long j = 0; j < n; j++) {
        uint8_t *panel = reduced + j / COLUMNS * reduced_panel_bytes(format, k);
        long column = j % COLUMNS;
        const float *from = b + j * b_column;
        if (format != QK_INT8) {
            uint16_t *out = (uint16_t *)panel + column;
            for (long p = 0; p < k; p++) {
                float x = from[p * b_row];
                out[p * COLUMNS] = format == QK_FLOAT16 ? float16_bits(x) : upper_half(x);
            }
            continue;
        }
        for (long p = 0; p < k; p += BLOCK, panel += BLOCK_BYTES) {
            reduce_block(
                k - p < BLOCK ? k - p : BLOCK, from + p * b_row, b_row,
                (uint16_t *)panel + column, (int8_t *)panel + 2 * COLUMNS + column);
        }
    }
}
