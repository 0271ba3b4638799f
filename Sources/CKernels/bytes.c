// Byte classes, at the levels of the numeric kernels.
#include <string.h>

#include "include/CKernels.h"

typedef uint8_t qk_64_bytes __attribute__((ext_vector_type(64)));
typedef _Bool qk_64_bits __attribute__((ext_vector_type(64)));

// A bit for each byte, the first lowest. A macro, because functions do not pass vectors this wide alike
// at every level.
#define word_of(truths) \
    __builtin_bit_cast(uint64_t, __builtin_convertvector(truths, qk_64_bits))

#define JOINED(level, name) level##_##name
#define NAMED(level, name) JOINED(level, name)
#define BYTE_MASKS_NAME(name) NAMED(BYTE_MASKS_LEVEL, name)

// Between the levels only the target differs.
#define BYTE_MASKS_LEVEL portable
#include "vectors/bytes.h"

#if defined(__x86_64__)
#undef BYTE_MASKS_LEVEL
#define BYTE_MASKS_LEVEL avx2
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#include "vectors/bytes.h"
#pragma clang attribute pop

#undef BYTE_MASKS_LEVEL
#define BYTE_MASKS_LEVEL avx512
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2"))), apply_to = function)
#include "vectors/bytes.h"
#pragma clang attribute pop
#endif

static void plain_masks(long count, const uint8_t *text, uint64_t *masks, long stride) {
    for (long start = 0; start < count; start += 64, masks += stride) {
        for (int i = 0; i < QK_BYTE_MASK_COUNT; i++) { masks[i] = 0; }
        for (int bit = 0; bit < 64 && start + bit < count; bit++) {
            uint8_t c = text[start + bit];
            uint64_t one = (uint64_t)1 << bit;
            if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) { masks[QK_LETTER] |= one; }
            if (c >= 'A' && c <= 'Z') { masks[QK_UPPERCASE] |= one; }
            if (c >= '0' && c <= '9') { masks[QK_DIGIT] |= one; }
            if ((c >= 9 && c <= 13) || c == ' ') { masks[QK_WHITESPACE] |= one; }
            if (c == '\n' || c == '\r') { masks[QK_NEWLINE] |= one; }
            if (c == ' ') { masks[QK_SPACE] |= one; }
            if (c == '\'') { masks[QK_APOSTROPHE] |= one; }
            if (c == '/') { masks[QK_SLASH] |= one; }
            if (c >= 0x80) { masks[QK_NOT_ASCII] |= one; }
        }
    }
}

void qk_byte_masks(int level, long count, const uint8_t *text, uint64_t *masks, long stride) {
    switch (level) {
    case QK_PLAIN: plain_masks(count, text, masks, stride); return;
#if defined(__x86_64__)
    case QK_AVX2: avx2_masks(count, text, masks, stride); return;
    case QK_AVX512: avx512_masks(count, text, masks, stride); return;
#endif
    default: portable_masks(count, text, masks, stride);
    }
}
