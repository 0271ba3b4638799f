// Merging the bytes of many pieces into tokens; the including file defines MERGING_NAME.
//
// A step of one piece waits for memory and for the step before it, so eight pieces are in hand at
// once, a step of each in turn. And a step has no branch but the one that ends its piece: a pair that
// does not merge and a neighbour that is not there go the same way as any other.

// The rank of merging two tokens, above the bits of a place; the greatest number if they do not
// merge.
static inline int32_t MERGING_NAME(pair)(const qk_merges *merges, uint64_t left, uint64_t right) {
    uint64_t key = left << QK_TOKEN_BITS | right;
    uint64_t slot = merges->slots[qk_merge_slot(merges, key)];
    int32_t value = (int32_t)((slot & (((uint64_t)1 << QK_RANK_BITS) - 1)) << QK_PLACE_BITS);
    return slot >> QK_RANK_BITS == key ? value : INT32_MAX;
}

// The least of the values of the first `length` places, sixteen at a time.
static inline int32_t MERGING_NAME(least)(const int32_t *values, long length) {
    qk_16_values least;
    memcpy(&least, values, sizeof least);
    for (long place = 16; place < length; place += 16) {
        qk_16_values other;
        memcpy(&other, values + place, sizeof other);
        least = __builtin_elementwise_min(least, other);
    }
    return __builtin_reduce_min(least);
}

static inline void MERGING_NAME(begin)(
    const qk_merges *merges, const uint8_t *bytes, qk_lane *lane, qk_merged_piece *piece) {
    uint32_t *tokens = lane->tokens + QK_LANE_FRONT;
    int32_t *values = lane->values + QK_LANE_FRONT;
    long length = piece->length;
    lane->piece = piece;
    lane->alive = ((qk_places)1 << (length - 1) << 1) - 1;
    tokens[0] = merges->byte_tokens[bytes[0]];
    for (long i = 1; i < length; i++) {
        tokens[i] = merges->byte_tokens[bytes[i]];
        values[i - 1] = merges->byte_pairs[bytes[i - 1] << 8 | bytes[i]] | (int32_t)(i - 1);
    }
    for (long i = length - 1; i < ((length + 15) & ~15L); i++) { values[i] = INT32_MAX; }
}

// Merges one pair of a lane; 0 if none is left to merge.
static inline int MERGING_NAME(step)(const qk_merges *merges, qk_lane *lane, int is_short) {
    uint32_t *tokens = lane->tokens + QK_LANE_FRONT;
    int32_t *values = lane->values + QK_LANE_FRONT;
    int32_t least = MERGING_NAME(least)(values, is_short ? QK_SHORT_PIECE : lane->piece->length);
    if (least == INT32_MAX) { return 0; }
    long place = least & ((1 << QK_PLACE_BITS) - 1);
    uint32_t rank = (uint32_t)least >> QK_PLACE_BITS;
    uint32_t token = merges->results ? merges->results[rank] : rank + merges->offset;
    long right, next, previous;
    if (is_short) {
        uint64_t alive = (uint64_t)lane->alive, one = (uint64_t)1 << place;
        uint64_t after = alive & (0 - one) & ~one;
        right = qk_first_of_64(after);
        next = qk_first_of_64(after & (after - 1));
        previous = qk_last_of_64(alive & (one - 1));
        lane->alive = alive & ~(after & (0 - after));
    } else {
        qk_places alive = lane->alive, one = (qk_places)1 << place;
        qk_places after = alive & (0 - one) & ~one;
        right = qk_first_place(after);
        next = qk_first_place(after & (after - 1));
        previous = qk_last_place(alive & (one - 1));
        lane->alive = alive & ~(after & (0 - after));
    }
    tokens[place] = token;
    values[right] = INT32_MAX;
    values[previous] = MERGING_NAME(pair)(merges, tokens[previous], token)
        | (int32_t)(previous & ((1 << QK_PLACE_BITS) - 1));
    values[place] = MERGING_NAME(pair)(merges, token, tokens[next]) | (int32_t)place;
    return 1;
}

// Writes the tokens of a lane where its piece has its place.
static inline void MERGING_NAME(collect)(const qk_lane *lane, uint32_t *ids, int is_short) {
    const uint32_t *tokens = lane->tokens + QK_LANE_FRONT;
    long count = 0;
    ids += lane->piece->place;
    if (is_short) {
        for (uint64_t alive = (uint64_t)lane->alive; alive; alive &= alive - 1) {
            ids[count++] = tokens[qk_first_of_64(alive)];
        }
    } else {
        for (qk_places alive = lane->alive; alive; alive &= alive - 1) {
            ids[count++] = tokens[qk_first_place(alive)];
        }
    }
    lane->piece->count = (uint32_t)count;
}

// The next piece from `*begun` on that is short, or that is not; null if there is none.
static inline qk_merged_piece *MERGING_NAME(next)(
    qk_merged_piece *pieces, long count, long *begun, int is_short) {
    while (*begun < count) {
        qk_merged_piece *piece = &pieces[(*begun)++];
        if ((piece->length <= QK_SHORT_PIECE) == is_short) { return piece; }
    }
    return 0;
}

// Merges those of the pieces that are short, or those that are not.
static inline __attribute__((always_inline)) void MERGING_NAME(merge_some)(
    const qk_merges *merges, const uint8_t *text, qk_merged_piece *pieces, long count,
    uint32_t *ids, int is_short) {
    qk_lane storage[QK_LANE_COUNT], *lanes[QK_LANE_COUNT];
    long active = 0, begun = 0;
    for (long lane = 0; lane < QK_LANE_COUNT; lane++) {
        lanes[lane] = &storage[lane];
        storage[lane].tokens[QK_LANE_FRONT - 1] = QK_NO_TOKEN;
        storage[lane].tokens[QK_LANE_FRONT + (is_short ? 64 : QK_LONGEST_PIECE)] = QK_NO_TOKEN;
    }
    qk_merged_piece *piece;
    while (active < QK_LANE_COUNT
           && (piece = MERGING_NAME(next)(pieces, count, &begun, is_short))) {
        MERGING_NAME(begin)(merges, text + piece->start, lanes[active++], piece);
    }
    while (active > 0) {
        for (long lane = 0; lane < active; lane++) {
            if (MERGING_NAME(step)(merges, lanes[lane], is_short)) { continue; }
            MERGING_NAME(collect)(lanes[lane], ids, is_short);
            if ((piece = MERGING_NAME(next)(pieces, count, &begun, is_short))) {
                MERGING_NAME(begin)(merges, text + piece->start, lanes[lane], piece);
            } else {
                qk_lane *free = lanes[lane];
                lanes[lane--] = lanes[--active];
                lanes[active] = free;
            }
        }
    }
}

static void MERGING_NAME(merge)(
    const qk_merges *merges, const uint8_t *text, qk_merged_piece *pieces, long count,
    uint32_t *ids) {
    MERGING_NAME(merge_some)(merges, text, pieces, count, ids, 1);
    MERGING_NAME(merge_some)(merges, text, pieces, count, ids, 0);
}
