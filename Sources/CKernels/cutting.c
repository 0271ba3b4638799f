// Where pieces start, at the levels of the numeric kernels.
#include <string.h>

#include "include/CKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Eight blocks of 64 bytes, a bit for each byte.
typedef uint64_t qk_8_blocks __attribute__((ext_vector_type(8)));
typedef qk_8_blocks qk_8_unaligned __attribute__((aligned(8), may_alias));

// How many times a group of numbers is followed by another before a block is left to others.
#define QK_CUT_GROUPS 4

#define JOINED(level, name) level##_##name
#define NAMED(level, name) JOINED(level, name)
#define CUTTING_NAME(name) NAMED(CUTTING_LEVEL, name)

// Of one kind, the bits of these blocks and of those after each. Macros, because functions do not pass
// vectors this wide alike at every level.
#define ROW(kind) (*(const qk_8_unaligned *)(masks + (kind) * stride + first))
#define NEXT(kind) (*(const qk_8_unaligned *)(masks + (kind) * stride + first + 1))
// The words of the blocks before each, and the bits one byte further on.
#define BEFORE(name) \
    __builtin_shufflevector(before.name, name, 7, 8, 9, 10, 11, 12, 13, 14)
#define AFTER(name) (name << 1 | BEFORE(name) >> 63)

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

// How many bytes an apostrophe and the letters behind it are, where that is a contraction; else 0.
static inline long contraction_length(const uint8_t *text, int is_any_case) {
    // U+017F, the long s, folds to s; nothing else folds to one of these letters.
    if (text[1] >= 0x80) { return is_any_case && text[1] == 0xC5 && text[2] == 0xBF ? 3 : 0; }
    // Setting the bit also folds control characters, never onto these letters.
    uint8_t fold = is_any_case ? 0x20 : 0;
    uint8_t first = text[1] | fold, second = text[2] | fold;
    if (first == 's' || first == 't' || first == 'm' || first == 'd') { return 2; }
    int is_two = first == 'l' ? second == 'l' : (first == 'r' || first == 'v') && second == 'e';
    return is_two ? 3 : 0;
}

// The starts of a block, of which the contractions are wanting. `text` has the block's bytes.
static inline uint64_t with_contractions(
    const qk_cut_rules *rules, uint64_t starts, uint64_t apostrophes, uint64_t letters,
    const uint8_t *text) {
    long last_end = 0;
    for (; apostrophes; apostrophes &= apostrophes - 1) {
        long bit = __builtin_ctzll(apostrophes);
        int is_suffix = rules->contraction == QK_CONTRACTION_SUFFIX;
        // A word has one suffix; what follows it is the next piece.
        if (is_suffix && bit == last_end) { continue; }
        long length =
            contraction_length(text + bit, rules->contraction != QK_CONTRACTION_LOWERCASE);
        if (length == 0) { continue; }
        last_end = bit + length;
        // None of its letters starts a piece, but what follows does.
        uint64_t one = (uint64_t)1 << bit, after = one << length;
        starts &= ~((after - one) & ~one);
        if (is_suffix) { starts &= ~one; }
        starts |= after & letters;
    }
    return starts;
}

// Between the levels little more than the target differs.
#define CUTTING_LEVEL portable
#define CUTTING_HAS_COMPRESS 0
#include "vectors/cutting.h"

#if defined(__x86_64__)
#undef CUTTING_LEVEL
#define CUTTING_LEVEL avx2
#pragma clang attribute push( \
    __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)
#include "vectors/cutting.h"
#pragma clang attribute pop

#undef CUTTING_LEVEL
#define CUTTING_LEVEL avx512
#undef CUTTING_HAS_COMPRESS
#define CUTTING_HAS_COMPRESS 1
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,bmi,bmi2,lzcnt,popcnt"))), \
    apply_to = function)
#include "vectors/cutting.h"
#pragma clang attribute pop
#endif

void qk_find_starts(
    int level, const qk_cut_rules *rules, long byte_count, int is_ascii, const uint64_t *masks,
    long stride, qk_block_starts *found) {
    switch (level) {
#if defined(__x86_64__)
    case QK_AVX2: avx2_find(rules, byte_count, is_ascii, masks, stride, found); return;
    case QK_AVX512: avx512_find(rules, byte_count, is_ascii, masks, stride, found); return;
#endif
    default: portable_find(rules, byte_count, is_ascii, masks, stride, found);
    }
}

long qk_write_starts(
    int level, const qk_cut_rules *rules, const uint8_t *text, const uint64_t *letters,
    const qk_block_starts *found, long *position, long block_count, uint32_t *numbers) {
    switch (level) {
#if defined(__x86_64__)
    case QK_AVX2:
        return avx2_write(rules, text, letters, found, position, block_count, numbers);
    case QK_AVX512:
        return avx512_write(rules, text, letters, found, position, block_count, numbers);
#endif
    default: return portable_write(rules, text, letters, found, position, block_count, numbers);
    }
}

void qk_bit_numbers(int level, uint64_t bits, uint32_t offset, uint32_t *numbers) {
    switch (level) {
#if defined(__x86_64__)
    case QK_AVX2: avx2_write_bits(bits, offset, numbers); return;
    case QK_AVX512: avx512_write_bits(bits, offset, numbers); return;
#endif
    default: portable_write_bits(bits, offset, numbers);
    }
}
