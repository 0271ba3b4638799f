// Weights rounded to fewer bits, as `reduced.h` of each level reads them.
#include <math.h>
#include <string.h>

#include "reduced.h"

long qk_reduced_bytes(int format, long k, long n) {
    return (n + COLUMNS - 1) / COLUMNS * reduced_panel_bytes(format, k);
}

long qk_rounded_bytes(long k) { return (k + BLOCK - 1) / BLOCK * QK_ROUNDED_BLOCK; }

static uint16_t upper_half(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
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
    long rows, const float *b, long b_row, uint16_t *scale, uint32_t *out) {
    float most = 0;
    for (long p = 0; p < rows; p++) {
        float x = fabsf(b[p * b_row]);
        most = x > most ? x : most;
    }
    *scale = upper_half_above(most / 127);
    float unit = bfloat16_of(*scale);
    for (long p = 0; p < rows; p++) {
        long value = unit > 0 ? lrintf(b[p * b_row] / unit) : 0;
        uint32_t bits = (uint32_t)(value + middle_of(QK_INT8)) & 0xFF;
        out[p / 4 * COLUMNS] |= bits << p % 4 * 8;
    }
}

// x steps as an integer from 0 to 15, rounded as ggml does: 8 is in the middle, and what is half
// way goes up.
static uint32_t quarter_of(float x) {
    int value = (int)(x + 8.5f);
    return (uint32_t)(value < 15 ? value : 15);
}

// The scale and the integers of `rows` rows of one column: ggml's Q4_0. The number that is the
// farthest from zero is -8 steps, whatever its sign.
static void reduce_quarters(
    long rows, const float *b, long b_row, uint16_t *scale, uint32_t *out) {
    float most = 0, farthest = 0;
    for (long p = 0; p < rows; p++) {
        float x = b[p * b_row];
        if (fabsf(x) > most) {
            most = fabsf(x);
            farthest = x;
        }
    }
    float unit = farthest / -8;
    float inverse = unit != 0 ? 1 / unit : 0;
    *scale = float16_bits(unit);
    for (long p = 0; p < rows; p++) {
        // The inverse of the smallest units is infinite; they are stored as zero anyway.
        float x = inverse - inverse == 0 ? b[p * b_row] * inverse : 0;
        out[p / 8 * COLUMNS] |= quarter_of(x) << (p % 4 * 8 + p / 4 % 2 * 4);
    }
}

void qk_reduce(
    int format, long k, long n, const float *b, long b_row, long b_column, uint8_t *reduced) {
    memset(reduced, 0, (size_t)qk_reduced_bytes(format, k, n));
    for (long j = 0; j < n; j++) {
        uint8_t *panel = reduced + j / COLUMNS * reduced_panel_bytes(format, k);
        long column = j % COLUMNS;
        const float *from = b + j * b_column;
        if (format == QK_Q4_0) {
            for (long p = 0; p < k; p += BLOCK, panel += QUARTER_BYTES) {
                reduce_quarters(
                    k - p < BLOCK ? k - p : BLOCK, from + p * b_row, b_row,
                    (uint16_t *)panel + column, (uint32_t *)(panel + 2 * COLUMNS) + column);
            }
            continue;
        }
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
                (uint16_t *)panel + column, (uint32_t *)(panel + 2 * COLUMNS) + column);
        }
    }
}
