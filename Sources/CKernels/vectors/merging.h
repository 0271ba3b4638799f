// Merging the bytes of many pieces into tokens; the including file defines MERGING_NAME.
//
// A step of one piece waits for memory and for the step before it; but a core that waits can work on
// what comes next, as long as it does not guess wrongly which that is. So dozens of pieces are in hand
// at once, a step of each in turn, and nothing in a step is a branch: a pair that does not merge, a
// neighbour that is not there and a piece that is done go the same way as any other, and the list of
// the pieces that go on is written by adding 0 or 1 to its length. A step ends by asking for the memory
// that says what its new pairs are worth, and the next step of the same piece, which is after one of
// each other piece, begins by reading it.

// The rank of merging two tokens, above the bits of a place; the greatest number if they do not
// merge.
static inline int32_t MERGING_NAME(pair)(const qk_merges *merges, uint64_t left, uint64_t right) {
    uint64_t key = left << QK_TOKEN_BITS | right;
    uint64_t slot = merges->slots[qk_merge_slot(merges, key)];
    if (slot >> QK_RANK_BITS != key) { return INT32_MAX; }
    return (int32_t)((slot & QK_RANK_MASK) << QK_PLACE_BITS);
}

// Asks for what merging two pairs is worth, which is then to be known of the two places.
static inline qk_questions MERGING_NAME(ask)(
    const qk_merges *merges, uint64_t left, uint64_t token, uint64_t right, long first_place,
    long second_place) {
    uint64_t first = left << QK_TOKEN_BITS | token, second = token << QK_TOKEN_BITS | right;
    uint64_t first_slot = qk_merge_slot(merges, first);
    uint64_t second_slot = qk_merge_slot(merges, second);
    qk_prefetch(&merges->slots[first_slot]);
    qk_prefetch(&merges->slots[second_slot]);
    return (qk_questions){
        .keys = {first, second}, .slots = {first_slot, second_slot},
        .places = {(uint64_t)first_place, (uint64_t)second_place}};
}

// What merging the pairs is worth. With vectors, because every other pair does not merge, and of
// numbers the compiler makes a branch.
static inline qk_2_words MERGING_NAME(answers)(
    const qk_merges *merges, const qk_questions *questions) {
    qk_2_words slots = {
        merges->slots[questions->slots[0]], merges->slots[questions->slots[1]]};
    qk_2_words differ = (qk_2_words)(slots >> QK_RANK_BITS != questions->keys);
    qk_2_words values = (slots & QK_RANK_MASK) << QK_PLACE_BITS;
    values |= questions->places & ((1 << QK_PLACE_BITS) - 1);
    return (values | differ) & INT32_MAX;
}

// Puts sixteen bytes of a piece into a lane, of which `length` are the piece's, a byte a token.
static inline void MERGING_NAME(begin_16)(
    const qk_merges *merges, const uint8_t *bytes, long length, int32_t *values, uint32_t *tokens,
    int first) {
#if MERGING_HAS_GATHERS
    __m512i here = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)bytes));
    __m512i next = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(bytes + 1)));
    __m512i pair = _mm512_or_si512(_mm512_slli_epi32(here, 8), next);
    __m512i places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __mmask16 has_next = _mm512_cmplt_epi32_mask(places, _mm512_set1_epi32((int)length - 1));
    places = _mm512_add_epi32(places, _mm512_set1_epi32(first));
    __m512i none = _mm512_set1_epi32(INT32_MAX);
    __m512i value = _mm512_mask_i32gather_epi32(none, has_next, pair, merges->byte_pairs, 4);
    _mm512_storeu_si512(values + first, _mm512_or_si512(value, places));
    _mm512_storeu_si512(tokens + first, _mm512_i32gather_epi32(here, merges->byte_tokens, 4));
#else
    for (int i = 0; i < 16; i++) {
        int32_t value = merges->byte_pairs[bytes[i] << 8 | bytes[i + 1]] | (first + i);
        tokens[first + i] = merges->byte_tokens[bytes[i]];
        values[first + i] = i + 1 < length ? value : INT32_MAX;
    }
#endif
}

// Puts a piece into a lane.
static inline void MERGING_NAME(begin)(
    const qk_merges *merges, const uint8_t *text, long text_count, const qk_merged_piece *piece,
    qk_lane *lane, int vectors) {
    const uint8_t *bytes = text + piece->start;
    uint8_t copy[QK_LANE_PLACES + 1];
    // One byte more is read than the places have.
    if (piece->start + 16 * vectors + 1 > text_count) {
        memset(copy, 0, sizeof copy);
        memcpy(copy, bytes, piece->length);
        bytes = copy;
    }
    int32_t *values = lane->values;
    uint32_t *tokens = lane->tokens + QK_TOKENS_FRONT;
    long limit = QK_LANE_LIMIT(vectors);
    for (int i = 0; i < vectors; i++) {
        MERGING_NAME(begin_16)(
            merges, bytes + 16 * i, (long)piece->length - 16 * i, values, tokens, 16 * i);
    }
    lane->alive = (((qk_places)1 << piece->length) - 1) | (qk_places)0xF << limit;
    // No place is -1, and no pair is two of these.
    uint64_t none = ~(uint64_t)0;
    lane->questions = (qk_questions){.keys = {none, none}, .places = {none, none}};
    lane->gone = -1;
    tokens[-1] = QK_NO_TOKEN;
    for (int i = 0; i < 4; i++) { tokens[limit + i] = QK_NO_TOKEN; }
}

// Merges one pair of a lane; 0 if none was left to merge. What it does then is of no effect: it merges
// places behind the last, which have no token.
static inline __attribute__((always_inline)) long MERGING_NAME(step)(
    const qk_merges *merges, qk_lane *lane, int vectors) {
    int32_t *values = lane->values;
    uint32_t *tokens = lane->tokens + QK_TOKENS_FRONT;
    // The new values go into the vectors here, because a vector cannot be read soon after a part of it
    // was written.
    qk_2_words answers = MERGING_NAME(answers)(merges, &lane->questions);
    int32_t first = (int32_t)answers[0], second = (int32_t)answers[1];
    int32_t first_place = (int32_t)lane->questions.places[0];
    int32_t second_place = (int32_t)lane->questions.places[1];
    qk_16_values lowest, places = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (int i = 0; i < vectors; i++) {
        qk_16_values here;
        memcpy(&here, values + 16 * i, sizeof here);
        here = places == first_place ? (qk_16_values)first : here;
        here = places == second_place ? (qk_16_values)second : here;
        here = places == lane->gone ? (qk_16_values)INT32_MAX : here;
        memcpy(values + 16 * i, &here, sizeof here);
        lowest = i == 0 ? here : __builtin_elementwise_min(lowest, here);
        places += 16;
    }
    int32_t least = __builtin_reduce_min(lowest);
    long goes_on = least != INT32_MAX;
    least = __builtin_unpredictable(goes_on) ? least : QK_LANE_LIMIT(vectors) + 1;
    long place = least & ((1 << QK_PLACE_BITS) - 1);
    uint32_t rank = (uint32_t)least >> QK_PLACE_BITS;
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
        qk_places alive = lane->alive, one = (qk_places)1 << place;
        qk_places after = alive & (0 - one) & ~one, before = alive & (one - 1);
        right = qk_lowest_place(after);
        next = qk_lowest_place(after & (after - 1));
        previous = qk_highest_place(before);
        lane->alive = alive & ~(after & (0 - after));
    }
    tokens[place] = token;
    lane->gone = (int32_t)right;
    lane->questions = MERGING_NAME(ask)(
        merges, tokens[previous], token, tokens[next], previous, place);
    return goes_on;
}

// Writes the tokens of a lane and returns their number. Where the piece has its place, there is room
// for a multiple of sixteen.
static inline uint32_t MERGING_NAME(collect)(
    const qk_lane *lane, uint32_t length, uint32_t *ids, int vectors) {
    const uint32_t *tokens = lane->tokens + QK_TOKENS_FRONT;
    qk_places alive = lane->alive & (((qk_places)1 << length) - 1);
    uint32_t count = 0;
#if MERGING_HAS_GATHERS
    for (uint32_t first = 0; first < length && first < 16u * vectors; first += 16) {
        __mmask16 mask = (__mmask16)(alive >> first);
        _mm512_storeu_si512(
            ids + count,
            _mm512_maskz_compress_epi32(mask, _mm512_loadu_si512(tokens + first)));
        count += (uint32_t)__builtin_popcount(mask);
    }
#else
    (void)vectors;
    for (; alive; alive &= alive - 1) { ids[count++] = tokens[qk_lowest_place(alive)]; }
#endif
    return count;
}

// Merges those of the pieces whose values fill so many vectors.
static inline __attribute__((always_inline)) void MERGING_NAME(merge_some)(
    const qk_merges *merges, const uint8_t *text, long text_count, qk_merged_piece *pieces,
    long count, uint32_t *ids, int vectors) {
    qk_lane lanes[QK_LANE_COUNT];
    uint32_t members[QK_LANE_COUNT], active[QK_LANE_COUNT];
    long done = 0;
    while (done < count) {
        long lane_count = 0;
        while (done < count && lane_count < QK_LANE_COUNT) {
            members[lane_count] = (uint32_t)done;
            lane_count += qk_vectors_of(pieces[done].length) == vectors;
            done += 1;
        }
        for (long lane = 0; lane < lane_count; lane++) {
            active[lane] = (uint32_t)lane;
            MERGING_NAME(begin)(
                merges, text, text_count, &pieces[members[lane]], &lanes[lane], vectors);
        }
        long active_count = lane_count;
        while (active_count > 0) {
            long left = 0;
            for (long i = 0; i < active_count; i++) {
                uint32_t lane = active[i];
                active[left] = lane;
                left += MERGING_NAME(step)(merges, &lanes[lane], vectors);
            }
            active_count = left;
        }
        for (long lane = 0; lane < lane_count; lane++) {
            qk_merged_piece *piece = &pieces[members[lane]];
            piece->count = MERGING_NAME(collect)(
                &lanes[lane], piece->length, ids + piece->place, vectors);
        }
    }
}

// Merges one piece that is too long for a lane.
static void MERGING_NAME(merge_long)(
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
        uint32_t rank = (uint32_t)least >> QK_PLACE_BITS;
        tokens[place] = merges->results ? merges->results[rank] : rank + merges->offset;
        length -= 1;
        memmove(tokens + place + 1, tokens + place + 2, (size_t)(length - place - 1) * 4);
        memmove(values + place, values + place + 1, (size_t)(length - place) * 4);
        values[place] = place + 1 < length
            ? MERGING_NAME(pair)(merges, tokens[place], tokens[place + 1]) : INT32_MAX;
        if (place > 0) {
            values[place - 1] = MERGING_NAME(pair)(merges, tokens[place - 1], tokens[place]);
        }
    }
    piece->count = (uint32_t)length;
}

static void MERGING_NAME(merge)(
    const qk_merges *merges, const uint8_t *text, long text_count, qk_merged_piece *pieces,
    long count, uint32_t *ids) {
    uint32_t lengths = 0;
    for (long i = 0; i < count; i++) { lengths |= 1u << qk_vectors_of(pieces[i].length); }
    if (lengths & 1 << 1) {
        MERGING_NAME(merge_some)(merges, text, text_count, pieces, count, ids, 1);
    }
    if (lengths & 1 << 2) {
        MERGING_NAME(merge_some)(merges, text, text_count, pieces, count, ids, 2);
    }
    if (lengths & 1 << 4) {
        MERGING_NAME(merge_some)(merges, text, text_count, pieces, count, ids, 4);
    }
    if (lengths & 1 << 8) {
        MERGING_NAME(merge_some)(merges, text, text_count, pieces, count, ids, 8);
    }
    if (lengths & 1) {
        for (long i = 0; i < count; i++) {
            if (qk_vectors_of(pieces[i].length) == 0) {
                MERGING_NAME(merge_long)(merges, text, &pieces[i], ids);
            }
        }
    }
}
