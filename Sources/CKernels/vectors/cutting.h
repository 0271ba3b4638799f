// The starts of pieces in eight blocks of 64 bytes at once, a bit for each byte.
//
// The starts of runs are bits that follow no bit of their kind, and a carry that runs through a run
// finds its end; the method is that of simdjson (Langdale and Lemire,
// https://arxiv.org/abs/1902.08318), for patterns in place of JSON. A bit depends on its
// neighbours, so that a block needs a few bits of the block before it and of the next, and no block
// waits for another. A block whose starts depend on more is doubted: the caller leaves it to the
// pattern's scanner of single pieces.

typedef uint64_t words __attribute__((ext_vector_type(8)));
typedef words words_anywhere __attribute__((aligned(8), may_alias));

// Eight blocks, a word each.
typedef struct {
    words letters, numbers, whitespace, newlines, blanks, spaces;
    words all_punctuation, punctuation, punctuation_starts;
    words possible_tails, tails, character_carry, number_starts;
    words hard, lowercase, uncased, others;
    words starts, apostrophes, doubts;
    words continued;  // bits whose classes depend on the block before
} blocks;

// The words of one kind, and those of the blocks after each. `masks` begins at the first block.
#define ROW(kind) (*(const words_anywhere *)(masks + (kind) * stride))
#define NEXT(kind) (*(const words_anywhere *)(masks + (kind) * stride + 1))
// The words of the blocks before each, and the bits one byte further on.
#define BEFORE(name) \
    __builtin_shufflevector(before->name, here->name, 7, 8, 9, 10, 11, 12, 13, 14)
#define AFTER(name) (here->name << 1 | BEFORE(name) >> 63)

// Line breaks right behind punctuation, and with some patterns slashes, are a tail of it.
INLINE void take_tails(
    const qk_cut_rules *rules, const uint64_t *masks, long stride, blocks *here,
    const blocks *before) {
    words first = here->newlines & AFTER(all_punctuation), possible = here->newlines;
    if (rules->tail == QK_TAIL_NEWLINES_AND_SLASHES) { possible |= ROW(QK_SLASH); }
    here->possible_tails = possible;
    here->tails = (possible & ~(possible + first)) | first;
    words carry = BEFORE(tails) >> 63;
    words tails = here->tails | (possible & ~(possible + (carry & possible)));
    // A block of nothing but possible tails does not pass the carry on.
    here->doubts |= (words)(BEFORE(possible_tails) == ~(uint64_t)0) & possible & 1;
    here->continued |= possible & BEFORE(possible_tails) >> 63;
    here->newlines &= ~tails;
    here->whitespace &= ~tails;
    if (rules->tail == QK_TAIL_NEWLINES_AND_SLASHES) { here->punctuation &= ~tails; }
}

// Runs of letters and of punctuation, each perhaps with one character in front.
INLINE void start_words(
    const qk_cut_rules *rules, int is_ascii, const uint64_t *masks, long stride, blocks *here,
    const blocks *before) {
    words after_space = AFTER(spaces), letter_starts = here->letters & ~AFTER(letters);
    here->punctuation_starts = here->punctuation & ~AFTER(punctuation) & ~after_space;
    here->starts = here->punctuation_starts;
    if (!rules->takes_any_prefix) {
        here->starts |= letter_starts & ~after_space;
        return;
    }
    // The place after the first character of each run of punctuation: a carry leaps over the rest
    // of the character, and may leap into the next block, but not through it.
    words second = AFTER(punctuation_starts);
    if (!is_ascii) {
        words continuations = ROW(QK_CONTINUATION);
        here->character_carry = continuations & ~(second + continuations);
        second |= BEFORE(character_carry) >> 63;
        second = (second + continuations) & ~continuations;
    }
    here->starts |= letter_starts & ~second & ~AFTER(blanks);
}

// Numbers: runs, or pieces of up to `number_group` digits from the beginning of a run.
INLINE void start_numbers(const qk_cut_rules *rules, blocks *here, const blocks *before) {
    words numbers = here->numbers, first = numbers & ~AFTER(numbers);
    if (rules->number_group == 1) { here->starts |= numbers; }
    if (rules->number_group == 0) { here->starts |= first & ~AFTER(spaces); }
    if (rules->number_group < 2) { return; }
    const uint64_t size = (uint64_t)rules->number_group;
    // Digits that begin a group if the one before it begins `size` digits earlier, or 2, 4 or 8
    // times as many.
    words one = numbers & AFTER(numbers);
    if (size == 3) { one &= numbers << 2 | BEFORE(numbers) >> 62; }
    words two = one & one << size, four = two & two << 2 * size, eight = four & four << 4 * size;
    here->number_starts = first;
    here->number_starts |= here->number_starts << size & one;
    here->number_starts |= here->number_starts << 2 * size & two;
    here->number_starts |= here->number_starts << 4 * size & four;
    here->number_starts |= here->number_starts << 8 * size & eight;
    // A run that comes over the beginning of the block goes on with its groups.
    words carried = BEFORE(number_starts) >> (64 - size) & one;
    carried |= carried << size & one;
    carried |= carried << 2 * size & two;
    carried |= carried << 4 * size & four;
    carried |= carried << 8 * size & eight;
    words starts = here->number_starts | carried;
    here->starts |= starts;
    // Longer runs, and those that come through a whole block.
    here->doubts |= starts << size & one & ~starts;
    here->doubts |= (words)(BEFORE(numbers) == ~(uint64_t)0) & numbers & 1;
    here->continued |= numbers & BEFORE(numbers) >> 63;
}

// Whitespace: a run is a piece but for its last character, which what follows may take; and with
// some patterns the part up to the last line break is a piece.
INLINE void start_whitespace(
    const qk_cut_rules *rules, int is_ascii, const uint64_t *masks, long stride, blocks *here,
    const blocks *before) {
    words whitespace = here->whitespace, newlines = here->newlines, blanks = here->blanks;
    words next_whitespace = NEXT(QK_WHITESPACE);
    words last_blanks = blanks & ~(whitespace >> 1 | next_whitespace << 63);
    if (rules->numbers_divide) { last_blanks &= ~(here->numbers >> 1 | NEXT(QK_DIGIT) << 63); }
    here->starts |= (whitespace & ~AFTER(whitespace)) | last_blanks;
    if (!rules->cuts_after_newlines) { return; }
    // The blanks behind a line break, which is the last of its run if they end at no other.
    words candidates = blanks & ~AFTER(blanks) & AFTER(newlines);
    words ends = blanks + candidates;
    here->starts |= candidates;
    here->doubts |= ends & ~blanks & newlines;
    words goes_on = (candidates | (blanks & ~ends)) >> 63;
    words next_newlines = NEXT(QK_NEWLINE), next_stops = next_newlines;
    if (!is_ascii) { next_stops |= NEXT(QK_HARD); }
    words next_others = ~(next_whitespace & ~next_newlines);
    words next_end = next_others & (0 - next_others);
    here->doubts |= (words)(goes_on != 0)
        & ((words)(next_end == 0) | (words)((next_end & next_stops) != 0));
}

// Words end where upper case follows lower case.
INLINE void start_capitals(
    int is_ascii, const uint64_t *masks, long stride, blocks *here, const blocks *before) {
    words uppercase = ROW(QK_UPPERCASE);
    here->lowercase = here->letters & ~uppercase;
    here->starts |= uppercase & here->letters & AFTER(lowercase);
    if (is_ascii) { return; }
    here->uncased = ROW(QK_UNCASED);
    here->others = here->letters | here->numbers | ROW(QK_WHITESPACE);
    // A word of no case before upper case goes on or not by what is before and after both.
    here->doubts |= uppercase & AFTER(uncased);
    // After punctuation a mark is more of it or begins a word.
    here->doubts |= ROW(QK_MARK) & ~AFTER(others);
}

// Apostrophes before letters, for `write_starts` to see which are contractions.
INLINE void find_apostrophes(
    const qk_cut_rules *rules, const uint64_t *masks, long stride, blocks *here,
    const blocks *before) {
    here->apostrophes = ROW(QK_APOSTROPHE) & here->punctuation_starts;
    here->apostrophes &= here->letters >> 1 | NEXT(QK_LETTER) << 63;
    if (rules->contraction == QK_CONTRACTION_SUFFIX) { here->apostrophes &= AFTER(letters); }
}

INLINE void cut_blocks(
    const qk_cut_rules *rules, int is_ascii, const uint64_t *masks, long stride, blocks *here,
    const blocks *before) {
    const words none = {0};
    here->letters = ROW(QK_LETTER);
    here->numbers = ROW(QK_DIGIT);
    here->spaces = ROW(QK_SPACE);
    here->whitespace = ROW(QK_WHITESPACE);
    here->newlines = rules->cuts_after_newlines ? ROW(QK_NEWLINE) : none;
    here->all_punctuation = ~(here->letters | here->numbers | here->whitespace);
    here->punctuation = here->all_punctuation;
    here->doubts = here->continued = here->apostrophes = none;
    if (!is_ascii) {
        here->hard = ROW(QK_HARD);
        here->doubts = here->hard | BEFORE(hard) >> 56 | (NEXT(QK_HARD) & 1);
    }
    if (rules->tail != QK_TAIL_NONE) { take_tails(rules, masks, stride, here, before); }
    here->blanks = here->whitespace & ~here->newlines;
    start_words(rules, is_ascii, masks, stride, here, before);
    start_numbers(rules, here, before);
    start_whitespace(rules, is_ascii, masks, stride, here, before);
    if (rules->cuts_at_uppercase) { start_capitals(is_ascii, masks, stride, here, before); }
    if (rules->contraction != QK_CONTRACTION_NONE) {
        find_apostrophes(rules, masks, stride, here, before);
    }
    here->doubts |= here->continued & (words)(BEFORE(doubts) != 0);
}

// The whitespace at the end of a text, in which patterns differ, is the scanner's: its last start
// is where that begins.
static void cut_end(
    long byte_count, const uint64_t *whitespace, const qk_block_starts *found) {
    long last = (byte_count - 1) / 64;
    uint64_t valid = ~(uint64_t)0 >> (63 - (byte_count - 1) % 64);
    uint64_t others = valid & ~whitespace[last];
    found->starts[last] &= valid;
    if (others) {
        int run = 64 - __builtin_clzll(others);
        if (run < 64) { found->starts[last] &= ~(uint64_t)0 >> (63 - run); }
        return;
    }
    found->doubts[last] = 1;
    if (last > 0) { found->doubts[last - 1] = 1; }
}

INLINE void find_some_starts(
    const qk_cut_rules *rules, long block_count, int is_ascii, const uint64_t *masks, long stride,
    qk_block_starts *found) {
    blocks here, before = {0};
    for (long first = 0; first < block_count; first += 8) {
        cut_blocks(rules, is_ascii, masks + first, stride, &here, &before);
        memcpy(found->starts + first, &here.starts, sizeof here.starts);
        memcpy(found->apostrophes + first, &here.apostrophes, sizeof here.apostrophes);
        memcpy(found->doubts + first, &here.doubts, sizeof here.doubts);
        before = here;
    }
}

static void find_starts(
    const qk_cut_rules *rules, long byte_count, int is_end, int is_ascii, const uint64_t *masks,
    long stride, qk_block_starts *found) {
    long block_count = is_end ? (byte_count + 63) / 64 : (byte_count - 1) / 64;
    if (is_ascii) {
        find_some_starts(rules, block_count, 1, masks, stride, found);
    } else {
        find_some_starts(rules, block_count, 0, masks, stride, found);
    }
    if (is_end) { cut_end(byte_count, masks + QK_WHITESPACE * stride, found); }
}
