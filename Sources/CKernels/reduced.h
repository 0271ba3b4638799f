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

static inline long reduced_panel_bytes(int format, long k) {
    return format == QK_INT8 ? (k + BLOCK - 1) / BLOCK * BLOCK_BYTES : 2 * k * COLUMNS;
}

static inline float bfloat16_of(uint16_t bits) {
    uint32_t whole = (uint32_t)bits << 16;
    float x;
    memcpy(&x, &whole, 4);
    return x;
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
