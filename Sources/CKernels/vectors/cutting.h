// The starts of pieces in eight blocks of 64 bytes at once; the including file defines CUTTING_NAME.
//
// What a bit depends on is its neighbours, so that a block needs one bit or a few of the block before it
// and of the next, and no block waits for another. Where more would have to be seen, the block is
// doubted: somebody else decides.

// Blocks in front of which some bits are wanted.
typedef struct {
    qk_8_blocks letters, lowercase, numbers, whitespace, newlines, blanks, spaces, taken;
    qk_8_blocks all_punctuation, punctuation, punctuation_starts, carry, hard, uncased, others;
} CUTTING_NAME(blocks);

static inline __attribute__((always_inline)) void CUTTING_NAME(find_some)(
    const qk_cut_rules *rules, long byte_count, int is_ascii, const uint64_t *masks, long stride,
    qk_block_starts *found) {
    const qk_8_blocks none = {0};
    long block_count = (byte_count + 63) / 64;
    CUTTING_NAME(blocks) before = {0};
    // The last block is somebody else's, because what follows it is not known.
    for (long first = 0; first + 1 < block_count; first += 8) {
        qk_8_blocks letters = ROW(QK_LETTER), numbers = ROW(QK_DIGIT), spaces = ROW(QK_SPACE);
        qk_8_blocks whitespace = ROW(QK_WHITESPACE), newlines = none;
        qk_8_blocks all_punctuation = ~(letters | numbers | whitespace);
        qk_8_blocks punctuation = all_punctuation, doubts = none;
        qk_8_blocks continuations = none, hard = none, next_hard = none;
        if (rules->cuts_after_newlines) { newlines = ROW(QK_NEWLINE); }
        if (!is_ascii) {
            continuations = ROW(QK_CONTINUATION);
            hard = ROW(QK_HARD);
            next_hard = NEXT(QK_HARD);
            doubts |= hard | BEFORE(hard) >> 56 | (next_hard & 1);
        }

        // Line breaks right after punctuation belong to it.
        if (rules->tail != QK_TAIL_NONE) {
            qk_8_blocks start = newlines & AFTER(all_punctuation), taken = newlines;
            if (rules->tail == QK_TAIL_NEWLINES_AND_SLASHES) { taken |= ROW(QK_SLASH); }
            doubts |= taken & BEFORE(taken) >> 63;
            before.taken = taken;
            taken = (taken & ~(taken + start)) | start;
            newlines &= ~taken;
            whitespace &= ~taken;
            if (rules->tail == QK_TAIL_NEWLINES_AND_SLASHES) { punctuation &= ~taken; }
        }

        qk_8_blocks after_space = AFTER(spaces);
        qk_8_blocks letter_starts = letters & ~AFTER(letters);
        qk_8_blocks punctuation_starts = punctuation & ~AFTER(punctuation) & ~after_space;
        qk_8_blocks blanks = whitespace & ~newlines;
        qk_8_blocks starts = punctuation_starts;
        if (rules->takes_any_prefix) {
            // The place after the first character of each run of punctuation: a carry leaps over the
            // rest of the character, and may leap into the next block, but not through it.
            qk_8_blocks second = AFTER(punctuation_starts);
            if (!is_ascii) {
                qk_8_blocks carry = continuations & ~(second + continuations);
                second |= BEFORE(carry) >> 63;
                second = (second + continuations) & ~continuations;
                before.carry = carry;
            }
            starts |= letter_starts & ~second & ~AFTER(blanks);
        } else {
            starts |= letter_starts & ~after_space;
        }

        qk_8_blocks number_starts = numbers & ~AFTER(numbers);
        if (rules->number_group == 0) {
            starts |= number_starts & ~after_space;
        } else if (rules->number_group == 1) {
            starts |= numbers;
        } else {
            qk_8_blocks group = number_starts, whole = numbers & numbers << 1;
            if (rules->number_group == 3) { whole &= numbers << 2; }
            for (int i = 0; i < QK_CUT_GROUPS; i++) {
                starts |= group;
                group = group << (uint64_t)rules->number_group & whole;
            }
            doubts |= group;
            doubts |= numbers & BEFORE(numbers) >> 63;
        }

        // The last whitespace before something else is left for it to take.
        qk_8_blocks next_whitespace = NEXT(QK_WHITESPACE);
        qk_8_blocks last_blanks = blanks & ~(whitespace >> 1 | next_whitespace << 63);
        if (rules->numbers_divide) { last_blanks &= ~(numbers >> 1 | NEXT(QK_DIGIT) << 63); }
        starts |= (whitespace & ~AFTER(whitespace)) | last_blanks;
        if (rules->cuts_after_newlines) {
            // What follows the last line break of a run, if no other line break follows.
            qk_8_blocks candidates = blanks & ~AFTER(blanks) & AFTER(newlines);
            qk_8_blocks ends = blanks + candidates;
            starts |= candidates;
            doubts |= ends & ~blanks & newlines;
            qk_8_blocks goes_on = (candidates | (blanks & ~ends)) >> 63;
            qk_8_blocks next_newlines = NEXT(QK_NEWLINE);
            qk_8_blocks next_others = ~(next_whitespace & ~next_newlines);
            qk_8_blocks next_end = next_others & (0 - next_others);
            doubts |= (qk_8_blocks)(goes_on != 0)
                & ((qk_8_blocks)(next_end == 0)
                   | (qk_8_blocks)((next_end & (next_newlines | next_hard)) != 0));
        }

        if (rules->cuts_at_uppercase) {
            qk_8_blocks uppercase = ROW(QK_UPPERCASE), lowercase = letters & ~uppercase;
            starts |=
                uppercase & letters & AFTER(lowercase);
            before.lowercase = lowercase;
            if (!is_ascii) {
                qk_8_blocks uncased = ROW(QK_UNCASED);
                qk_8_blocks others = letters | numbers | ROW(QK_WHITESPACE);
                // Whether the word goes on depends on what is before and after both.
                doubts |= uppercase & AFTER(uncased);
                // After punctuation a mark is more of it or begins a word.
                doubts |= ROW(QK_MARK) & ~AFTER(others);
                before.uncased = uncased;
                before.others = others;
            }
        }

        qk_8_blocks apostrophes = none;
        if (rules->contraction != QK_CONTRACTION_NONE) {
            apostrophes = ROW(QK_APOSTROPHE) & punctuation_starts;
            // Its letters must be in sight.
            doubts |= apostrophes >> 61;
            apostrophes &= letters >> 1;
            if (rules->contraction == QK_CONTRACTION_SUFFIX) {
                apostrophes &= AFTER(letters);
                // The word before it may have one already.
                doubts |= apostrophes & 7;
            }
        }

        memcpy(found->starts + first, &starts, sizeof starts);
        memcpy(found->apostrophes + first, &apostrophes, sizeof apostrophes);
        memcpy(found->doubts + first, &doubts, sizeof doubts);
        before.letters = letters;
        before.numbers = numbers;
        before.whitespace = whitespace;
        before.newlines = newlines;
        before.blanks = blanks;
        before.spaces = spaces;
        before.all_punctuation = all_punctuation;
        before.punctuation = punctuation;
        before.punctuation_starts = punctuation_starts;
        before.hard = hard;
    }
    // Whitespace up to the end of the text is a matter of its own.
    if (block_count > 1 && byte_count % 64 != 0) {
        uint64_t valid = ((uint64_t)1 << byte_count % 64) - 1;
        uint64_t whitespace = masks[QK_WHITESPACE * stride + block_count - 1];
        if (whitespace == valid) { found->doubts[block_count - 2] = 1; }
    }
}

static void CUTTING_NAME(find)(
    const qk_cut_rules *rules, long byte_count, int is_ascii, const uint64_t *masks, long stride,
    qk_block_starts *found) {
    if (is_ascii) {
        CUTTING_NAME(find_some)(rules, byte_count, 1, masks, stride, found);
    } else {
        CUTTING_NAME(find_some)(rules, byte_count, 0, masks, stride, found);
    }
}

static inline void CUTTING_NAME(write_bits)(uint64_t bits, uint32_t offset, uint32_t *numbers) {
#if CUTTING_HAS_COMPRESS
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
    write_eights(bits, offset, numbers);
#endif
}

static long CUTTING_NAME(write)(
    const qk_cut_rules *rules, const uint8_t *text, const uint64_t *letters,
    const qk_block_starts *found, long *position, long block_count, uint32_t *numbers) {
    long block = *position / 64, count = 0;
    uint64_t wanted = ~(uint64_t)0 << *position % 64 << 1;
    for (; block < block_count && found->doubts[block] == 0; block++) {
        uint64_t starts = found->starts[block], apostrophes = found->apostrophes[block];
        if (apostrophes) {
            starts = with_contractions(
                rules, starts, apostrophes, letters[block], text + 64 * block);
        }
        starts &= wanted;
        wanted = ~(uint64_t)0;
        CUTTING_NAME(write_bits)(starts, (uint32_t)(64 * block), numbers + count);
        count += __builtin_popcountll(starts);
    }
    *position = 64 * block;
    return count;
}
