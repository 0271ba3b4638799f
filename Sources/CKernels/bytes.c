// Byte classes, at the levels of the numeric kernels.
#include <string.h>

#include "include/CKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef uint8_t qk_64_bytes __attribute__((ext_vector_type(64)));
typedef _Bool qk_64_bits __attribute__((ext_vector_type(64)));

// A bit for each byte, the first lowest. A macro, because functions do not pass vectors this wide alike
// at every level.
#define word_of(truths) \
    __builtin_bit_cast(uint64_t, __builtin_convertvector(truths, qk_64_bits))

#define JOINED(level, name) level##_##name
#define NAMED(level, name) JOINED(level, name)
#define BYTE_MASKS_NAME(name) NAMED(BYTE_MASKS_LEVEL, name)
#define CHARACTERS_NAME(name) NAMED(BYTE_MASKS_LEVEL, name)

// Between the levels only the target differs.
#define BYTE_MASKS_LEVEL portable
#include "vectors/bytes.h"
#include "vectors/characters.h"

#if defined(__x86_64__)
#undef BYTE_MASKS_LEVEL
#define BYTE_MASKS_LEVEL avx2
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2"))), apply_to = function)
#include "vectors/bytes.h"
#include "vectors/characters.h"
#pragma clang attribute pop

#undef BYTE_MASKS_LEVEL
#define BYTE_MASKS_LEVEL avx512
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,bmi,bmi2"))), \
    apply_to = function)
#include "vectors/bytes.h"
#include "vectors/characters.h"
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

// The code point at the beginning of the text and its length; 0 and the length 1 for a byte that
// begins no well-formed sequence.
static uint32_t plain_code_point(const uint8_t *text, long available, int *length) {
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t value = text[0];
    int count = value >= 0xF0 && value < 0xF8 ? 4 : value >= 0xE0 && value < 0xF0 ? 3
        : value >= 0xC0 && value < 0xE0 ? 2 : 0;
    *length = 1;
    if (count == 0 || available < count) { return 0; }
    value &= 0x7Fu >> count;
    for (int i = 1; i < count; i++) {
        if ((text[i] & 0xC0) != 0x80) { return 0; }
        value = value << 6 | (text[i] & 0x3F);
    }
    int is_surrogate = value >= 0xD800 && value < 0xE000;
    if (value < least[count] || is_surrogate || value > 0x10FFFF) { return 0; }
    *length = count;
    return value;
}

static void plain_characters(
    long count, long available, const uint8_t *text, const qk_character_classes *classes,
    uint64_t *masks, long stride) {
    for (long start = 0; start < count + 64; start += 64) {
        for (int i = QK_CONTINUATION; i < QK_CHARACTER_MASK_COUNT; i++) {
            masks[start / 64 * stride + i] = 0;
        }
    }
    for (long start = 0; start < count;) {
        if (text[start] < 0x80) {
            start += 1;
            continue;
        }
        int length;
        uint32_t value = plain_code_point(text + start, available - start, &length);
        uint8_t found = value == 0 ? 0 : qk_classes_of(classes, value);
        int is_letter = (found & classes->letter) != 0;
        for (long i = start; i < start + length; i++) {
            uint64_t *row = masks + i / 64 * stride, one = (uint64_t)1 << i % 64;
            if (i > start) { row[QK_CONTINUATION] |= one; }
            if (is_letter) { row[QK_LETTER] |= one; }
            if (found & classes->uppercase) { row[QK_UPPERCASE] |= one; }
            if (value == 0 || (found & classes->hard)) { row[QK_HARD] |= one; }
            if (is_letter && !(found & classes->cased)) { row[QK_UNCASED] |= one; }
            if (found & classes->mark) { row[QK_MARK] |= one; }
        }
        start += length;
    }
}

void qk_character_masks(
    int level, long count, long available, const uint8_t *text,
    const qk_character_classes *classes, uint64_t *masks, long stride) {
    switch (level) {
    case QK_PLAIN: plain_characters(count, available, text, classes, masks, stride); return;
#if defined(__x86_64__)
    case QK_AVX2: avx2_characters(count, available, text, classes, masks, stride); return;
    case QK_AVX512: avx512_characters(count, available, text, classes, masks, stride); return;
#endif
    default: portable_characters(count, available, text, classes, masks, stride);
    }
}

// Eight at a time whether there are so many or not, because the end of a loop over single bits could
// not be predicted.
static inline void write_eights(uint64_t bits, uint32_t offset, uint32_t *numbers) {
    while (bits) {
        for (int i = 0; i < 8; i++) {
            // Past the last bit any number will do.
            numbers[i] = offset + (uint32_t)__builtin_ctzll(bits | (uint64_t)1 << 63);
            bits &= bits - 1;
        }
        numbers += 8;
    }
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bw,popcnt"))) static void avx512_numbers(
    uint64_t bits, uint32_t offset, uint32_t *numbers) {
    __m512i next = _mm512_add_epi32(
        _mm512_set1_epi32((int)offset),
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    for (int part = 0; part < 4; part++) {
        __mmask16 mask = (__mmask16)(bits >> (16 * part));
        _mm512_storeu_si512(numbers, _mm512_maskz_compress_epi32(mask, next));
        numbers += __builtin_popcount(mask);
        next = _mm512_add_epi32(next, _mm512_set1_epi32(16));
    }
}
#endif

void qk_bit_numbers(int level, uint64_t bits, uint32_t offset, uint32_t *numbers) {
#if defined(__x86_64__)
    if (level == QK_AVX512) {
        avx512_numbers(bits, offset, numbers);
        return;
    }
#endif
    (void)level;
    write_eights(bits, offset, numbers);
}

typedef uint64_t qk_8_words __attribute__((ext_vector_type(8)));

static inline void shift_windows(
    long count, const uint64_t *masks, long stride, int shift, uint64_t *windows) {
    for (long i = 0; i < count; i += 8) {
        qk_8_words here, next;
        memcpy(&here, masks + i, sizeof here);
        memcpy(&next, masks + stride + i, sizeof next);
        // In two steps, for a shift by 64 would be none.
        here = here >> (uint64_t)shift | next << 1 << (uint64_t)(63 - shift);
        memcpy(windows + i, &here, sizeof here);
    }
}

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static void avx512_windows(
    long count, const uint64_t *masks, long stride, int shift, uint64_t *windows) {
    shift_windows(count, masks, stride, shift, windows);
}
#endif

void qk_mask_windows(
    int level, long count, const uint64_t *masks, long stride, int shift, uint64_t *windows) {
#if defined(__x86_64__)
    if (level == QK_AVX512) {
        avx512_windows(count, masks, stride, shift, windows);
        return;
    }
#endif
    (void)level;
    shift_windows(count, masks, stride, shift, windows);
}
