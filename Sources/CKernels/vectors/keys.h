// Keys of short pieces, and the places where a table may have their entries.

#ifdef HAS_AVX512

// Four pieces, sixteen bytes each. Loads are quicker than gathering.
static inline __m512i load_four(const uint8_t *text, const uint64_t *starts) {
    __m512i four = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(text + starts[0])));
    four = _mm512_inserti64x2(four, _mm_loadu_si128((const __m128i *)(text + starts[1])), 1);
    four = _mm512_inserti64x2(four, _mm_loadu_si128((const __m128i *)(text + starts[2])), 2);
    return _mm512_inserti64x2(four, _mm_loadu_si128((const __m128i *)(text + starts[3])), 3);
}

// Eight keys at once, the words of each side by side.
static long piece_keys(
    const uint8_t *text, uint64_t start, const uint32_t *ends, long count,
    const qk_piece_entry *entries, uint64_t place_mask, qk_piece_key *keys, uint64_t *places,
    uint32_t *longer) {
    const __m512i first_half = _mm512_setr_epi64(0, 0, 1, 1, 2, 2, 3, 3);
    const __m512i second_half = _mm512_setr_epi64(4, 4, 5, 5, 6, 6, 7, 7);
    const __m512i lows = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
    const __m512i highs = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
    const __m512i bytes = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    const __m512i factors = _mm512_broadcast_i32x4(_mm_set_epi64x(
        (long long)QK_PIECE_HIGH_FACTOR, (long long)QK_PIECE_LOW_FACTOR));
    const __mmask64 last_bytes = 0x8000800080008000u;
    const __m512i zero = _mm512_setzero_si512();
    __m512i before = _mm512_set1_epi64((long long)start);
    __m256i numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    uint64_t starts[8];
    long longer_count = 0;
    for (long i = 0; i < count; i += 8) {
        __mmask8 valid = count - i >= 8 ? 0xFF : (__mmask8)((1 << (count - i)) - 1);
        // Pieces past the last are empty and begin where the first does.
        __m512i end = _mm512_mask_cvtepu32_epi64(
            _mm512_set1_epi64((long long)start), valid, _mm256_maskz_loadu_epi32(valid, ends + i));
        __m512i from = _mm512_mask_mov_epi64(
            _mm512_set1_epi64((long long)start), valid, _mm512_alignr_epi64(end, before, 7));
        before = end;
        __m512i length = _mm512_sub_epi64(end, from);
        __mmask8 is_longer = _mm512_mask_cmpgt_epi64_mask(valid, length, _mm512_set1_epi64(15));
        _mm512_storeu_si512(starts, from);
        // The bytes that count of each, as often as a word has bytes, and the last byte of a key.
        __m512i kept = _mm512_mask_mov_epi64(length, is_longer, zero);
        __m512i last = _mm512_mask_mov_epi64(length, is_longer, _mm512_set1_epi64(16));
        kept = _mm512_shuffle_epi8(kept, _mm512_and_si512(bytes, _mm512_set1_epi8(8)));
        last = _mm512_slli_epi64(last, 56);
        __m512i first = load_four(text, starts), second = load_four(text, starts + 4);
        first = _mm512_maskz_mov_epi8(
            _mm512_cmplt_epu8_mask(bytes, _mm512_permutexvar_epi64(first_half, kept)), first);
        second = _mm512_maskz_mov_epi8(
            _mm512_cmplt_epu8_mask(bytes, _mm512_permutexvar_epi64(second_half, kept)), second);
        first = _mm512_mask_mov_epi8(first, last_bytes, _mm512_permutexvar_epi64(first_half, last));
        second =
            _mm512_mask_mov_epi8(second, last_bytes, _mm512_permutexvar_epi64(second_half, last));
        _mm512_storeu_si512(keys + i, first);
        _mm512_storeu_si512(keys + i + 4, second);
        first = _mm512_mullo_epi64(first, factors);
        second = _mm512_mullo_epi64(second, factors);
        __m512i hash = _mm512_xor_si512(
            _mm512_permutex2var_epi64(first, lows, second),
            _mm512_permutex2var_epi64(first, highs, second));
        __m512i place = _mm512_and_si512(
            _mm512_srli_epi64(hash, QK_PIECE_HASH_SHIFT), _mm512_set1_epi64((long long)place_mask));
        _mm512_storeu_si512(places + i, place);
        for (int j = 0; j < 8; j++) { qk_prefetch((const char *)entries + places[i + j]); }
        _mm256_storeu_si256(
            (__m256i *)(longer + longer_count), _mm256_maskz_compress_epi32(is_longer, numbers));
        longer_count += __builtin_popcount(is_longer);
        numbers = _mm256_add_epi32(numbers, _mm256_set1_epi32(8));
    }
    return longer_count;
}

#else

// Masks of the bytes that belong to a key, for every length up to 16, and the length where it
// stands; a table, because a branch on the length would be mispredicted at every third piece.
typedef struct {
    uint64_t low, high, top;
} key_mask;

#define LOW_BYTES(count) ((uint64_t)-1 >> (64 - 8 * (count)))
#define SHORT_MASK(length) {LOW_BYTES(length), 0, (uint64_t)(length) << 56}
#define MEDIUM_MASK(length) {(uint64_t)-1, LOW_BYTES(length - 8), (uint64_t)(length) << 56}
static const key_mask key_masks[17] = {
    {0, 0, 0},      SHORT_MASK(1),   SHORT_MASK(2),   SHORT_MASK(3),
    SHORT_MASK(4),  SHORT_MASK(5),   SHORT_MASK(6),   SHORT_MASK(7),
    SHORT_MASK(8),  MEDIUM_MASK(9),  MEDIUM_MASK(10), MEDIUM_MASK(11),
    MEDIUM_MASK(12), MEDIUM_MASK(13), MEDIUM_MASK(14), MEDIUM_MASK(15),
    {0, 0, QK_LONG_PIECE_KEY},
};

static long piece_keys(
    const uint8_t *text, uint64_t start, const uint32_t *ends, long count,
    const qk_piece_entry *entries, uint64_t place_mask, qk_piece_key *keys, uint64_t *places,
    uint32_t *longer) {
    long longer_count = 0;
    for (long i = 0; i < count; i++) {
        uint64_t length = ends[i] - start;
        const key_mask *mask = &key_masks[length < 16 ? length : 16];
        qk_piece_key key;
        memcpy(&key, text + start, sizeof key);
        key.low &= mask->low;
        key.high = (key.high & mask->high) | mask->top;
        keys[i] = key;
        places[i] = qk_piece_place(key, place_mask);
        qk_prefetch((const char *)entries + places[i]);
        longer[longer_count] = (uint32_t)i;
        longer_count += length > 15;
        start = ends[i];
    }
    return longer_count;
}

#endif
