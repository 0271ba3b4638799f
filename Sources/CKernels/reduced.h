// How reduced weights lie in memory; `CKernels.h` says it in words.
#ifndef QUERN_REDUCED_H
#define QUERN_REDUCED_H

#include <stdint.h>
#include <string.h>

#include "CKernels.h"

#define COLUMNS QK_REDUCED_COLUMNS
// Rows of B that share a scale in each column, and their bytes: scales, then integers.
#define BLOCK 32L
#define BLOCK_BYTES (2L * COLUMNS + BLOCK * COLUMNS)

static inline long reduced_panel_bytes(int format, long k) {
    return format == QK_BFLOAT16 ? 2 * k * COLUMNS : (k + BLOCK - 1) / BLOCK * BLOCK_BYTES;
}

static inline float bfloat16_of(uint16_t bits) {
    uint32_t whole = (uint32_t)bits << 16;
    float x;
    memcpy(&x, &whole, 4);
    return x;
}

#endif
