// Writing the starts that `cutting.h` finds as numbers, with the contractions among them.

// Eight numbers at a time whether there are so many bits or not, because the end of a loop over
// single bits could not be predicted.
static inline void write_numbers(uint64_t bits, uint32_t offset, uint32_t *numbers) {
#ifdef HAS_AVX512
    __m512i next = _mm512_add_epi32(
        _mm512_set1_epi32((int)offset),
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    for (int part = 0; part < 4; part++) {
        __mmask16 mask = (__mmask16)(bits >> (16 * part));
        _mm512_storeu_si512(numbers, _mm512_maskz_compress_epi32(mask, next));
        numbers += __builtin_popcount(mask);
        next = _mm512_add_epi32(next, _mm512_set1_epi32(16));
    }
#else
    while (bits) {
        for (int i = 0; i < 8; i++) {
            // Past the last bit any number will do.
            numbers[i] = offset + (uint32_t)__builtin_ctzll(bits | (uint64_t)1 << 63);
            bits &= bits - 1;
        }
        numbers += 8;
    }
#endif
}

// Corrects the starts of a block, and of the next, by the contractions that begin in it. `text`
// has the block's bytes; `*last_end` is where the last contraction or, before it, the first piece
// is known to be cut.
static void cut_contractions(
    const qk_cut_rules *rules, const uint8_t *text, const uint64_t *letters, uint64_t *starts,
    uint64_t apostrophes, long *last_end) {
    typedef unsigned __int128 two_words;
    two_words all = starts[0] | (two_words)starts[1] << 64;
    two_words all_letters = letters[0] | (two_words)letters[1] << 64;
    int is_suffix = rules->contraction == QK_CONTRACTION_SUFFIX;
    int is_any_case = rules->contraction != QK_CONTRACTION_LOWERCASE;
    for (; apostrophes; apostrophes &= apostrophes - 1) {
        long bit = __builtin_ctzll(apostrophes);
        // A word has one suffix; what follows it is the next piece.
        if (is_suffix && bit == *last_end) { continue; }
        long available = 2 + (long)(all_letters >> (bit + 2) & 1);
        long length = qk_contraction_length(text + bit, available, is_any_case);
        if (length == 0) { continue; }
        *last_end = bit + length;
        // None of its letters starts a piece, but what follows does.
        two_words one = (two_words)1 << bit, after = one << length;
        all &= ~((after - one) & ~one);
        if (is_suffix) { all &= ~one; }
        all |= after & all_letters;
    }
    starts[0] = (uint64_t)all;
    starts[1] = (uint64_t)(all >> 64);
}

static long write_starts(
    const qk_cut_rules *rules, const uint8_t *text, const uint64_t *letters,
    const qk_block_starts *found, long *position, long block_count, uint32_t *numbers) {
    long block = *position / 64, count = 0, last_end = *position % 64;
    // Before the position nothing counts.
    uint64_t from = ~(uint64_t)0 << last_end, after = from << 1;
    for (; block < block_count && found->doubts[block] == 0; block++) {
        uint64_t *starts = found->starts + block;
        uint64_t apostrophes = found->apostrophes[block] & from;
        if (apostrophes) {
            cut_contractions(
                rules, text + 64 * block, letters + block, starts, apostrophes, &last_end);
        }
        last_end -= 64;
        write_numbers(*starts & after, (uint32_t)(64 * block), numbers + count);
        count += __builtin_popcountll(*starts & after);
        from = after = ~(uint64_t)0;
    }
    *position = 64 * block;
    return count;
}
