// The layout of reduced weights in memory, which `numeric.h` describes.
#ifndef QUERN_REDUCED_H
#define QUERN_REDUCED_H

#include <stdint.h>
#include <string.h>

#include "include/CKernels.h"

#define COLUMNS QK_REDUCED_COLUMNS
// Rows of B that share a scale in each column, and their bytes: scales, then words of a column, of
// four rows each or, of integers of four bits, of eight.
#define BLOCK 32L
#define BLOCK_BYTES (2L * COLUMNS + BLOCK * COLUMNS)
#define QUARTER_BYTES (2L * COLUMNS + BLOCK * COLUMNS / 2)

static inline long reduced_panel_bytes(int format, long k) {
    long blocks = (k + BLOCK - 1) / BLOCK;
    return format == QK_INT8 ? blocks * BLOCK_BYTES
        : format == QK_Q4_0  ? blocks * QUARTER_BYTES
                             : 2 * k * COLUMNS;
}

// What an integer of a format is stored as, less the integer: none of them has a sign then, as
// instructions want it of one of two factors.
static inline int32_t middle_of(int format) { return format == QK_INT8 ? 128 : 8; }

// The integer of row p of a block in one of its columns; `words` are those of the block.
static inline int32_t integer_at(int format, const uint32_t *words, long p, long column) {
    if (format == QK_INT8) {
        return (int32_t)(words[p / 4 * COLUMNS + column] >> p % 4 * 8 & 0xFF) - 128;
    }
    long shift = p % 4 * 8 + p / 4 % 2 * 4;
    return (int32_t)(words[p / 8 * COLUMNS + column] >> shift & 0xF) - 8;
}

// What 32 numbers, of which `greatest` has the greatest size, are multiplied by to be integers from
// -127 to 127, and the scale of these; 0 and 0 for those that are next to nothing, whose inverse no
// float could hold, and 0 and no number if one of them is not finite.
static inline float rounding_of(float greatest, float *scale) {
    // False of what is no number.
    int isFinite = greatest <= 0x1.fffffep127f;
    int isThere = isFinite && greatest >= 0x1p-119f;
    *scale = isThere ? greatest / 127 : isFinite ? 0 : __builtin_nanf("");
    return isThere ? 127 / greatest : 0;
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
