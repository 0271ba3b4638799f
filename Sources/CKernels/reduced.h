// The layout of reduced weights in memory, which `numeric.h` describes.
#ifndef QUERN_REDUCED_H
#define QUERN_REDUCED_H

#include <stdint.h>
#include <string.h>

#include "include/CKernels.h"

#define COLUMNS QK_REDUCED_COLUMNS
// Rows of B that share a scale in each column, and their bytes: scales, then integers.
#define BLOCK 32L
#define BLOCK_BYTES (2L * COLUMNS + BLOCK * COLUMNS)
// The same of integers of four bits, eight rows of a column a word.
#define WORD_ROWS 8L
#define QUARTER_BYTES (2L * COLUMNS + BLOCK * COLUMNS / 2)

static inline long reduced_panel_bytes(int format, long k) {
    long blocks = (k + BLOCK - 1) / BLOCK;
    return format == QK_INT8 ? blocks * BLOCK_BYTES
        : format == QK_Q4_0  ? blocks * QUARTER_BYTES
                             : 2 * k * COLUMNS;
}

static inline float bfloat16_of(uint16_t bits) {
    uint32_t whole = (uint32_t)bits << 16;
    float x;
    memcpy(&x, &whole, 4);
    return x;
}

// The nearest binary16, ties to even; the largest one for what is beyond it.
static inline uint16_t float16_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    uint16_t sign = bits >> 16 & 0x8000;
    uint32_t magnitude = bits & 0x7FFFFFFF;
    if (magnitude >= 0x477FF000) { return sign | 0x7BFF; }
    if (magnitude < 0x38800000) {
        // Added to a half, the last bit is worth 2^-24, as that of a small binary16 is.
        float sum;
        memcpy(&sum, &magnitude, 4);
        sum += 0.5f;
        memcpy(&bits, &sum, 4);
        return sign | (uint16_t)(bits - 0x3F000000);
    }
    return sign | (uint16_t)((magnitude + 0xFFF + (magnitude >> 13 & 1) - 0x38000000) >> 13);
}

// The float32 of a finite binary16. Its exponent's bias is 15 and that of a float32 is 127; the
// product also makes small numbers normal.
static inline float float16_of(uint16_t bits) {
    uint32_t magnitude = (uint32_t)(bits & 0x7FFF) << 13, sign = (uint32_t)(bits & 0x8000) << 16;
    float x;
    memcpy(&x, &magnitude, 4);
    x *= 0x1p112f;
    memcpy(&magnitude, &x, 4);
    magnitude |= sign;
    memcpy(&x, &magnitude, 4);
    return x;
}

#endif
