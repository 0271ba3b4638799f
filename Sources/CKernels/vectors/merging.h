// Merging the bytes of many pieces into tokens.
//
// A step of one piece waits for memory and for the step before it; but a core that waits can work
// on the instructions that come next, as long as it does not guess wrongly which those are. So
// dozens of pieces are in hand at once, a step of each in turn, and nothing in a step is a branch:
// a pair that does not merge, a neighbour that is not there and a piece that is done go the same
// way as any other, and the list of the pieces that go on is written by adding 0 or 1 to its
// length. A step ends by prefetching the slots of its new pairs, and the next step of the same
// piece, which is after one of each other piece, begins by reading them.
#include "lanes.h"

// The rank of merging two tokens, above the bits of a place; the greatest number if they do not
// merge.
static inline int32_t pair_value(const qk_merges *merges, uint64_t left, uint64_t right) {
    uint64_t key = left << QK_TOKEN_BITS | right;
    uint64_t slot = merges->slots[qk_merge_slot(merges, key)];
    if (slot >> QK_RANK_BITS != key) { return INT32_MAX; }
    return (int32_t)((slot & QK_RANK_MASK) << PLACE_BITS);
}

// Prefetches the slots of a token's pairs with its neighbours, for the values of two places.
static inline lane_questions ask(
    const qk_merges *merges, uint64_t left, uint64_t token, uint64_t right, long first_place,
    long second_place) {
    uint64_t first = left << QK_TOKEN_BITS | token, second = token << QK_TOKEN_BITS | right;
    uint64_t first_slot = qk_merge_slot(merges, first);
    uint64_t second_slot = qk_merge_slot(merges, second);
    qk_prefetch(&merges->slots[first_slot]);
    qk_prefetch(&merges->slots[second_slot]);
    return (lane_questions){
        .keys = {first, second}, .slots = {first_slot, second_slot},
        .places = {(uint64_t)first_place, (uint64_t)second_place}};
}

// The values of merging the pairs. In a vector, because every other pair does not merge, and for
// numbers the compiler makes a branch of that.
static inline words_2 answers_to(const qk_merges *merges, const lane_questions *questions) {
    words_2 slots = {merges->slots[questions->slots[0]], merges->slots[questions->slots[1]]};
    words_2 differ = (words_2)(slots >> QK_RANK_BITS != questions->keys);
    words_2 values = (slots & QK_RANK_MASK) << PLACE_BITS;
    values |= questions->places & ((1 << PLACE_BITS) - 1);
    return (values | differ) & INT32_MAX;
}

// Merges one pair of a lane; 0 if none was left to merge, when it merges places behind the last,
// which have no token.
INLINE long step_lane(const qk_merges *merges, merge_lane *lane, int vectors) {
    int32_t *values = lane->values;
    uint32_t *tokens = lane->tokens + TOKENS_FRONT;
    // New values go into the vectors here, because a vector cannot be read soon after a part of it
    // was written.
    words_2 answers = answers_to(merges, &lane->questions);
    int32_t first = (int32_t)answers[0], second = (int32_t)answers[1];
    int32_t first_place = (int32_t)lane->questions.places[0];
    int32_t second_place = (int32_t)lane->questions.places[1];
    values_16 lowest, places = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (int i = 0; i < vectors; i++) {
        values_16 here;
        memcpy(&here, values + 16 * i, sizeof here);
        here = places == first_place ? (values_16)first : here;
        here = places == second_place ? (values_16)second : here;
        here = places == lane->gone ? (values_16)INT32_MAX : here;
        memcpy(values + 16 * i, &here, sizeof here);
        lowest = i == 0 ? here : __builtin_elementwise_min(lowest, here);
        places += 16;
    }
    int32_t least = __builtin_reduce_min(lowest);
    long goes_on = least != INT32_MAX;
    least = __builtin_unpredictable(goes_on) ? least : LANE_LIMIT(vectors) + 1;
    long place = least & ((1 << PLACE_BITS) - 1);
    uint32_t rank = (uint32_t)least >> PLACE_BITS;
    uint32_t token = merges->results ? merges->results[rank] : rank + merges->offset;
    long right, next, previous;
    // There always are two more, and none before the first.
    if (vectors <= 4) {
        uint64_t alive = (uint64_t)lane->alive, one = (uint64_t)1 << place;
        uint64_t after = alive & (0 - one) & ~one, before = alive & (one - 1);
        right = __builtin_ctzll(after);
        next = __builtin_ctzll(after & (after - 1));
        previous = before ? 63 - __builtin_clzll(before) : -1;
        lane->alive = alive & ~(after & (0 - after));
    } else {
        lane_places alive = lane->alive, one = (lane_places)1 << place;
        lane_places after = alive & (0 - one) & ~one, before = alive & (one - 1);
        right = lowest_place(after);
        next = lowest_place(after & (after - 1));
        previous = highest_place(before);
        lane->alive = alive & ~(after & (0 - after));
    }
    tokens[place] = token;
    lane->gone = (int32_t)right;
    lane->questions = ask(merges, tokens[previous], token, tokens[next], previous, place);
    return goes_on;
}

// Merges the pieces that need `vectors` vectors.
INLINE void merge_some(
    const qk_merges *merges, const uint8_t *text, long text_count, qk_merged_piece *pieces,
    long count, uint32_t *ids, int vectors) {
    merge_lane lanes[LANE_COUNT];
    uint32_t members[LANE_COUNT], active[LANE_COUNT];
    long done = 0;
    while (done < count) {
        long lane_count = 0;
        while (done < count && lane_count < LANE_COUNT) {
            members[lane_count] = (uint32_t)done;
            lane_count += vectors_of(pieces[done].length) == vectors;
            done += 1;
        }
        for (long lane = 0; lane < lane_count; lane++) {
            active[lane] = (uint32_t)lane;
            begin_lane(merges, text, text_count, &pieces[members[lane]], &lanes[lane], vectors);
        }
        long active_count = lane_count;
        while (active_count > 0) {
            long left = 0;
            for (long i = 0; i < active_count; i++) {
                uint32_t lane = active[i];
                active[left] = lane;
                left += step_lane(merges, &lanes[lane], vectors);
            }
            active_count = left;
        }
        for (long lane = 0; lane < lane_count; lane++) {
            qk_merged_piece *piece = &pieces[members[lane]];
            piece->count =
                collect_lane(&lanes[lane], piece->length, ids + piece->place, vectors);
        }
    }
}

// Merges one piece that is too long for a lane.
static void merge_long(
    const qk_merges *merges, const uint8_t *text, qk_merged_piece *piece, uint32_t *ids) {
    const uint8_t *bytes = text + piece->start;
    long length = piece->length;
    int32_t values[QK_LONGEST_PIECE];
    uint32_t *tokens = ids + piece->place;
    for (long i = 0; i < length; i++) {
        tokens[i] = merges->byte_tokens[bytes[i]];
        values[i] = INT32_MAX;
        if (i > 0) { values[i - 1] = merges->byte_pairs[bytes[i - 1] << 8 | bytes[i]]; }
    }
    for (;;) {
        int32_t least = INT32_MAX;
        for (long i = 0; i < length; i++) { least = values[i] < least ? values[i] : least; }
        if (least == INT32_MAX) { break; }
        long place = 0;
        while (values[place] != least) { place += 1; }
        uint32_t rank = (uint32_t)least >> PLACE_BITS;
        tokens[place] = merges->results ? merges->results[rank] : rank + merges->offset;
        length -= 1;
        memmove(tokens + place + 1, tokens + place + 2, (size_t)(length - place - 1) * 4);
        memmove(values + place, values + place + 1, (size_t)(length - place) * 4);
        values[place] = place + 1 < length
            ? pair_value(merges, tokens[place], tokens[place + 1]) : INT32_MAX;
        if (place > 0) {
            values[place - 1] = pair_value(merges, tokens[place - 1], tokens[place]);
        }
    }
    piece->count = (uint32_t)length;
}

static void merge(
    const qk_merges *merges, const uint8_t *text, long text_count, qk_merged_piece *pieces,
    long count, uint32_t *ids) {
    uint32_t lengths = 0;
    for (long i = 0; i < count; i++) { lengths |= 1u << vectors_of(pieces[i].length); }
#define CASE(vectors)                                                         \
    if (lengths & 1 << (vectors)) {                                           \
        merge_some(merges, text, text_count, pieces, count, ids, vectors);    \
    }
    CASE(1) CASE(2) CASE(4) CASE(8)
#undef CASE
    for (long i = 0; i < count && lengths & 1; i++) {
        if (vectors_of(pieces[i].length) == 0) { merge_long(merges, text, &pieces[i], ids); }
    }
}
