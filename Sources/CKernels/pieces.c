// Pieces of text and their tokens, at the levels of the numeric kernels.
#include <string.h>

#include "include/CKernels.h"

// The bits of a pair's value: a rank, and below it a place.
#define QK_PLACE_BITS 7

// Pieces that are merged at once.
#define QK_LANE_COUNT 8

// A piece whose values fill one vector.
#define QK_SHORT_PIECE 16

// Places before the first that stand for a neighbour that is not there; a vector, so that the values
// are aligned.
#define QK_LANE_FRONT 16

// No token of any merge.
#define QK_NO_TOKEN ((1u << QK_TOKEN_BITS) - 1)

typedef int32_t qk_16_values __attribute__((ext_vector_type(16)));

// A bit for each byte of a piece.
typedef unsigned __int128 qk_places;

// A piece that is being merged: at the places where its tokens begin the tokens and the values of
// merging each with the next.
typedef struct {
    qk_places alive;
    qk_merged_piece *piece;
    _Alignas(64) int32_t values[QK_LANE_FRONT + QK_LONGEST_PIECE];
    uint32_t tokens[QK_LANE_FRONT + QK_LONGEST_PIECE + 16];
} qk_lane;

static inline long qk_first_of_64(uint64_t bits) { return bits ? __builtin_ctzll(bits) : 64; }

static inline long qk_last_of_64(uint64_t bits) { return bits ? 63 - __builtin_clzll(bits) : -1; }

static inline long qk_first_place(qk_places bits) {
    long low = qk_first_of_64((uint64_t)bits), high = qk_first_of_64((uint64_t)(bits >> 64));
    return low < 64 ? low : 64 + high;
}

static inline long qk_last_place(qk_places bits) {
    long low = qk_last_of_64((uint64_t)bits), high = qk_last_of_64((uint64_t)(bits >> 64));
    return high < 0 ? low : 64 + high;
}

#define JOINED(level, name) level##_##name
#define NAMED(level, name) JOINED(level, name)
#define MERGING_NAME(name) NAMED(MERGING_LEVEL, name)

// Between the levels only the target differs.
#define MERGING_LEVEL portable
#include "vectors/merging.h"

#if defined(__x86_64__)
#undef MERGING_LEVEL
#define MERGING_LEVEL avx2
#pragma clang attribute push( \
    __attribute__((target("avx2,bmi,bmi2,lzcnt"))), apply_to = function)
#include "vectors/merging.h"
#pragma clang attribute pop

#undef MERGING_LEVEL
#define MERGING_LEVEL avx512
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,bmi,bmi2,lzcnt"))), \
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
            uint64_t rank = slot & (((uint64_t)1 << QK_RANK_BITS) - 1);
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
    int level, const qk_merges *merges, const uint8_t *text, qk_merged_piece *pieces, long count,
    uint32_t *ids) {
    switch (level) {
    case QK_PLAIN: plain_merge(merges, text, pieces, count, ids); return;
#if defined(__x86_64__)
    case QK_AVX2: avx2_merge(merges, text, pieces, count, ids); return;
    case QK_AVX512: avx512_merge(merges, text, pieces, count, ids); return;
#endif
    default: portable_merge(merges, text, pieces, count, ids);
    }
}
