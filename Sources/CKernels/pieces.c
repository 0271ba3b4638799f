// Pieces of text and their tokens, at the levels of the numeric kernels.
#include <string.h>

#include "include/CKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The bits of a pair's value: a rank, and below it a place.
#define QK_PLACE_BITS 7

#define QK_RANK_MASK (((uint64_t)1 << QK_RANK_BITS) - 1)

// Pieces that are in hand at once: their lanes stay in the cache nearest to the core.
#define QK_LANE_COUNT 64

// The most places that a lane has, and how many of them are a piece's: behind the last there are four
// that no piece has.
#define QK_LANE_PLACES 128
#define QK_LANE_LIMIT(vectors) ((vectors) < 4 ? 16 * (vectors) : 16 * (vectors) - 4)

// In front of the first token is one that stands for the neighbour that is not there.
#define QK_TOKENS_FRONT 1

// No token of any merge.
#define QK_NO_TOKEN ((1u << QK_TOKEN_BITS) - 1)

typedef int32_t qk_16_values __attribute__((ext_vector_type(16)));

// A bit for each place.
typedef unsigned __int128 qk_places;

typedef uint64_t qk_2_words __attribute__((ext_vector_type(2)));

// Two pairs of tokens, for each the slot that says what merging it is worth, and the place that asks.
typedef struct {
    qk_2_words keys, slots, places;
} qk_questions;

// A piece that is being merged: a bit for each place where a token begins, and there the token and the
// value of merging it with the next; and what has changed since the values were written.
typedef struct {
    _Alignas(64) int32_t values[QK_LANE_PLACES];
    qk_places alive;
    qk_questions questions;
    int32_t gone;
    uint32_t tokens[QK_TOKENS_FRONT + QK_LANE_PLACES + 4];
} qk_lane;

// How many vectors of sixteen a piece needs, rounded up to 1, 2, 4 or 8; 0 if it is too long.
static inline int qk_vectors_of(uint32_t length) {
    return length <= 16 ? 1 : length <= 32 ? 2 : length <= QK_LANE_LIMIT(4) ? 4
        : length <= QK_LANE_LIMIT(8) ? 8 : 0;
}

static inline long qk_lowest_place(qk_places places) {
    uint64_t low = (uint64_t)places, high = (uint64_t)(places >> 64);
    return low ? __builtin_ctzll(low) : 64 + __builtin_ctzll(high | (uint64_t)1 << 63);
}

// -1 if there is none.
static inline long qk_highest_place(qk_places places) {
    uint64_t low = (uint64_t)places, high = (uint64_t)(places >> 64);
    return high ? 127 - __builtin_clzll(high) : low ? 63 - __builtin_clzll(low) : -1;
}

#define JOINED(level, name) level##_##name
#define NAMED(level, name) JOINED(level, name)
#define MERGING_NAME(name) NAMED(MERGING_LEVEL, name)

// Between the levels little more than the target differs.
#define MERGING_LEVEL portable
#define MERGING_HAS_GATHERS 0
#include "vectors/merging.h"

#if defined(__x86_64__)
#undef MERGING_LEVEL
#define MERGING_LEVEL avx2
#pragma clang attribute push( \
    __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)
#include "vectors/merging.h"
#pragma clang attribute pop

#undef MERGING_LEVEL
#define MERGING_LEVEL avx512
#undef MERGING_HAS_GATHERS
#define MERGING_HAS_GATHERS 1
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,bmi,bmi2,lzcnt,popcnt"))), \
    apply_to = function)
#include "vectors/merging.h"
#pragma clang attribute pop
#endif

// One piece, as the definition says: the earliest merge, and the leftmost of those.
static uint32_t plain_merge_piece(
    const qk_merges *merges, const uint8_t *bytes, uint32_t length, uint32_t *ids) {
    for (uint32_t i = 0; i < length; i++) { ids[i] = merges->byte_tokens[bytes[i]]; }
    for (;;) {
        uint64_t least = UINT64_MAX;
        uint32_t place = 0;
        for (uint32_t i = 0; i + 1 < length; i++) {
            uint64_t key = (uint64_t)ids[i] << QK_TOKEN_BITS | ids[i + 1];
            uint64_t slot = merges->slots[qk_merge_slot(merges, key)];
            uint64_t rank = slot & QK_RANK_MASK;
            if (slot >> QK_RANK_BITS == key && rank < least) {
                least = rank;
                place = i;
            }
        }
        if (least == UINT64_MAX) { return length; }
        ids[place] =
            merges->results ? merges->results[least] : (uint32_t)least + merges->offset;
        length -= 1;
        for (uint32_t i = place + 1; i < length; i++) { ids[i] = ids[i + 1]; }
    }
}

static void plain_merge(
    const qk_merges *merges, const uint8_t *text, qk_merged_piece *pieces, long count,
    uint32_t *ids) {
    for (long i = 0; i < count; i++) {
        qk_merged_piece *piece = &pieces[i];
        piece->count = plain_merge_piece(
            merges, text + piece->start, piece->length, ids + piece->place);
    }
}

void qk_merge(
    int level, const qk_merges *merges, const uint8_t *text, long text_count,
    qk_merged_piece *pieces, long count, uint32_t *ids) {
    switch (level) {
    case QK_PLAIN: plain_merge(merges, text, pieces, count, ids); return;
#if defined(__x86_64__)
    case QK_AVX2: avx2_merge(merges, text, text_count, pieces, count, ids); return;
    case QK_AVX512: avx512_merge(merges, text, text_count, pieces, count, ids); return;
#endif
    default: portable_merge(merges, text, text_count, pieces, count, ids);
    }
}
