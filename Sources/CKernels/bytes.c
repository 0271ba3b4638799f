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

// How far ahead of classifying text is asked for: a little more than callers take at once.
#define QK_TEXT_AHEAD 4608

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
    for (long start = 0; start < count; start += 64, masks += 1) {
        for (int i = 0; i < QK_BYTE_MASK_COUNT; i++) { masks[i * stride] = 0; }
        for (int bit = 0; bit < 64 && start + bit < count; bit++) {
            uint8_t c = text[start + bit];
            uint64_t one = (uint64_t)1 << bit;
            int is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
            if (is_letter) { masks[QK_LETTER * stride] |= one; }
            if (c >= 'A' && c <= 'Z') { masks[QK_UPPERCASE * stride] |= one; }
            if (c >= '0' && c <= '9') { masks[QK_DIGIT * stride] |= one; }
            if ((c >= 9 && c <= 13) || c == ' ') { masks[QK_WHITESPACE * stride] |= one; }
            if (c == '\n' || c == '\r') { masks[QK_NEWLINE * stride] |= one; }
            if (c == ' ') { masks[QK_SPACE * stride] |= one; }
            if (c == '\'') { masks[QK_APOSTROPHE * stride] |= one; }
            if (c == '/') { masks[QK_SLASH * stride] |= one; }
            if (c >= 0x80) { masks[QK_NOT_ASCII * stride] |= one; }
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
            masks[i * stride + start / 64] = 0;
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
            uint64_t *word = masks + i / 64, one = (uint64_t)1 << i % 64;
            if (i > start) { word[QK_CONTINUATION * stride] |= one; }
            if (is_letter) { word[QK_LETTER * stride] |= one; }
            if (found & classes->uppercase) { word[QK_UPPERCASE * stride] |= one; }
            if (value == 0 || (found & classes->hard)) { word[QK_HARD * stride] |= one; }
            if (is_letter && !(found & classes->cased)) { word[QK_UNCASED * stride] |= one; }
            if (found & classes->mark) { word[QK_MARK * stride] |= one; }
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
