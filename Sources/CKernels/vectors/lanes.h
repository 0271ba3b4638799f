// Lanes: the pieces that are being merged, each with its tokens and the values of merging them.

// Bits of the place that stands below the rank in a pair's value.
#define PLACE_BITS 7

// Lanes in hand at once, which stay in the cache nearest to the core.
#define LANE_COUNT 64

// Places of a lane, and how many of them a piece may have: behind the last there are four that no
// piece has.
#define LANE_PLACES 128
#define LANE_LIMIT(vectors) ((vectors) < 4 ? 16 * (vectors) : 16 * (vectors) - 4)

// Tokens in front of the first, which has no neighbour there.
#define TOKENS_FRONT 1

// A token of no merge.
#define NO_TOKEN ((1u << QK_TOKEN_BITS) - 1)

typedef int32_t values_16 __attribute__((ext_vector_type(16)));

// A bit for each place.
typedef unsigned __int128 lane_places;

// Two pairs of tokens, each with the slot that has its rank and the place whose value that is.
typedef struct {
    words_2 keys, slots, places;
} lane_questions;

// A piece that is being merged: a bit for each place where a token begins, and there the token and
// the value of merging it with the next; and the changes that the values do not have yet: two
// questions and a place that is gone.
typedef struct {
    _Alignas(64) int32_t values[LANE_PLACES];
    lane_places alive;
    lane_questions questions;
    int32_t gone;
    uint32_t tokens[TOKENS_FRONT + LANE_PLACES + 4];
} merge_lane;

// Vectors of sixteen places that a piece needs, rounded up to 1, 2, 4 or 8; 0 if it is too long.
static inline int vectors_of(uint32_t length) {
    return length <= 16 ? 1 : length <= 32 ? 2 : length <= LANE_LIMIT(4) ? 4
        : length <= LANE_LIMIT(8) ? 8 : 0;
}

static inline long lowest_place(lane_places places) {
    uint64_t low = (uint64_t)places, high = (uint64_t)(places >> 64);
    return low ? __builtin_ctzll(low) : 64 + __builtin_ctzll(high | (uint64_t)1 << 63);
}

// -1 if there is none.
static inline long highest_place(lane_places places) {
    uint64_t low = (uint64_t)places, high = (uint64_t)(places >> 64);
    return high ? 127 - __builtin_clzll(high) : low ? 63 - __builtin_clzll(low) : -1;
}

// Puts sixteen bytes of a piece into a lane, of which `length` are the piece's, a byte a token.
static inline void begin_16(
    const qk_merges *merges, const uint8_t *bytes, long length, int32_t *values, uint32_t *tokens,
    int first) {
#ifdef HAS_AVX512
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
static inline void begin_lane(
    const qk_merges *merges, const uint8_t *text, long text_count, const qk_merged_piece *piece,
    merge_lane *lane, int vectors) {
    const uint8_t *bytes = text + piece->start;
    uint8_t copy[LANE_PLACES + 1];
    // One byte more is read than the places have.
    if (piece->start + 16 * vectors + 1 > text_count) {
        memset(copy, 0, sizeof copy);
        memcpy(copy, bytes, piece->length);
        bytes = copy;
    }
    int32_t *values = lane->values;
    uint32_t *tokens = lane->tokens + TOKENS_FRONT;
    long limit = LANE_LIMIT(vectors);
    for (int i = 0; i < vectors; i++) {
        begin_16(merges, bytes + 16 * i, (long)piece->length - 16 * i, values, tokens, 16 * i);
    }
    lane->alive = (((lane_places)1 << piece->length) - 1) | (lane_places)0xF << limit;
    // No place is -1, and no pair is two of these.
    uint64_t none = ~(uint64_t)0;
    lane->questions = (lane_questions){.keys = {none, none}, .places = {none, none}};
    lane->gone = -1;
    tokens[-1] = NO_TOKEN;
    for (int i = 0; i < 4; i++) { tokens[limit + i] = NO_TOKEN; }
}

// Writes the tokens of a lane, for which there is room for a multiple of sixteen, and returns their
// number.
static inline uint32_t collect_lane(
    const merge_lane *lane, uint32_t length, uint32_t *ids, int vectors) {
    const uint32_t *tokens = lane->tokens + TOKENS_FRONT;
    lane_places alive = lane->alive & (((lane_places)1 << length) - 1);
    uint32_t count = 0;
#ifdef HAS_AVX512
    for (uint32_t first = 0; first < length && first < 16u * vectors; first += 16) {
        __mmask16 mask = (__mmask16)(alive >> first);
        _mm512_storeu_si512(
            ids + count,
            _mm512_maskz_compress_epi32(mask, _mm512_loadu_si512(tokens + first)));
        count += (uint32_t)__builtin_popcount(mask);
    }
#else
    (void)vectors;
    for (; alive; alive &= alive - 1) { ids[count++] = tokens[lowest_place(alive)]; }
#endif
    return count;
}
