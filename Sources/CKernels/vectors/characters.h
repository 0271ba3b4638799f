// The classes of characters of several bytes, 64 bytes at once; the including file defines
// CHARACTERS_NAME.
//
// Whether a byte begins a well-formed sequence depends on it and the three bytes behind it only, so
// that comparing and shifting finds all of them; each is then looked up, which writes its classes where
// it begins, and comparing again makes masks of those.

// What UTF-8 makes of 64 bytes, a bit for each.
typedef struct {
    uint64_t continuation, two, three, four, below_90, below_a0, e0, ed, f0, f4;
} CHARACTERS_NAME(bytes);

static inline CHARACTERS_NAME(bytes) CHARACTERS_NAME(read)(const uint8_t *text, long available) {
    qk_64_bytes c;
    if (available >= 64) {
        memcpy(&c, text, 64);
    } else {
        uint8_t last[64] = {0};
        if (available > 0) { memcpy(last, text, (size_t)available); }
        memcpy(&c, last, 64);
    }
    return (CHARACTERS_NAME(bytes)){
        .continuation = word_of((c & 0xC0) == 0x80),
        .two = word_of((qk_64_bytes)(c - 0xC2) < 0xE0 - 0xC2),
        .three = word_of((c & 0xF0) == 0xE0),
        .four = word_of((qk_64_bytes)(c - 0xF0) < 5),
        .below_90 = word_of(c < 0x90),
        .below_a0 = word_of(c < 0xA0),
        .e0 = word_of(c == 0xE0),
        .ed = word_of(c == 0xED),
        .f0 = word_of(c == 0xF0),
        .f4 = word_of(c == 0xF4),
    };
}

// Whether a bit holds `distance` bytes further on.
static inline uint64_t CHARACTERS_NAME(ahead)(uint64_t bits, uint64_t next, int distance) {
    return bits >> distance | next << (64 - distance);
}

// The bits of first bytes, for all bytes of their characters; what goes over the end of the block is
// left in `carry`, which had what came over its beginning.
static inline uint64_t CHARACTERS_NAME(spread)(
    uint64_t first, const uint64_t *longer, uint64_t *carry) {
    uint64_t second = first & longer[0], third = first & longer[1], fourth = first & longer[2];
    uint64_t spread = first | second << 1 | third << 2 | fourth << 3 | *carry;
    *carry = second >> 63 | third >> 62 | fourth >> 61;
    return spread;
}

static void CHARACTERS_NAME(characters)(
    long count, long available, const uint8_t *text, const qk_character_classes *classes,
    uint64_t *masks, long stride) {
    uint64_t all_carry = 0, letter_carry = 0, uppercase_carry = 0, hard_carry = 0;
    uint64_t uncased_carry = 0, mark_carry = 0;
    CHARACTERS_NAME(bytes) next = CHARACTERS_NAME(read)(text, available);
    // One block more, for what goes over the end of the last.
    for (long start = 0; start < count + 64; start += 64, masks += 1) {
        CHARACTERS_NAME(bytes) here = next;
        uint64_t rest = masks[QK_NOT_ASCII * stride];
        next = CHARACTERS_NAME(read)(text + start + 64, available - start - 64);
        if ((rest | all_carry) == 0) {
            for (int kind = QK_CONTINUATION; kind < QK_CHARACTER_MASK_COUNT; kind++) {
                masks[kind * stride] = 0;
            }
            continue;
        }
        uint64_t second = CHARACTERS_NAME(ahead)(here.continuation, next.continuation, 1);
        uint64_t third = CHARACTERS_NAME(ahead)(here.continuation, next.continuation, 2);
        uint64_t fourth = CHARACTERS_NAME(ahead)(here.continuation, next.continuation, 3);
        uint64_t low_90 = CHARACTERS_NAME(ahead)(here.below_90, next.below_90, 1);
        uint64_t low_a0 = CHARACTERS_NAME(ahead)(here.below_a0, next.below_a0, 1);
        // Unicode 16, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
        uint64_t two = rest & here.two & second;
        uint64_t three = rest & here.three & second & third
            & ~(here.e0 & low_a0) & ~(here.ed & ~low_a0);
        uint64_t four = rest & here.four & second & third & fourth
            & ~(here.f0 & low_90) & ~(here.f4 & ~low_90);
        uint64_t longer[3] = {two | three | four, three | four, four};

        uint8_t found[64] = {0};
        const uint8_t *block = text + start;
        for (uint64_t bits = two; bits; bits &= bits - 1) {
            const uint8_t *c = block + __builtin_ctzll(bits);
            found[c - block] =
                qk_classes_of(classes, (uint32_t)(c[0] & 0x1F) << 6 | (c[1] & 0x3F));
        }
        for (uint64_t bits = three; bits; bits &= bits - 1) {
            const uint8_t *c = block + __builtin_ctzll(bits);
            found[c - block] = qk_classes_of(
                classes,
                (uint32_t)(c[0] & 0x0F) << 12 | (uint32_t)(c[1] & 0x3F) << 6 | (c[2] & 0x3F));
        }
        for (uint64_t bits = four; bits; bits &= bits - 1) {
            const uint8_t *c = block + __builtin_ctzll(bits);
            found[c - block] = qk_classes_of(
                classes,
                (uint32_t)(c[0] & 0x07) << 18 | (uint32_t)(c[1] & 0x3F) << 12
                    | (uint32_t)(c[2] & 0x3F) << 6 | (c[3] & 0x3F));
        }
        qk_64_bytes v;
        memcpy(&v, found, 64);
        uint64_t letter = word_of((v & classes->letter) != 0);
        uint64_t uppercase = word_of((v & classes->uppercase) != 0);
        uint64_t cased = word_of((v & classes->cased) != 0);
        uint64_t hard = word_of((v & classes->hard) != 0);
        uint64_t mark = word_of((v & classes->mark) != 0);
        uint64_t all = CHARACTERS_NAME(spread)(longer[0], longer, &all_carry);
        masks[QK_CONTINUATION * stride] = all & ~longer[0];
        // What is part of no sequence.
        uint64_t stray = rest & ~all;
        masks[QK_LETTER * stride] |= CHARACTERS_NAME(spread)(letter, longer, &letter_carry);
        masks[QK_UPPERCASE * stride] |= CHARACTERS_NAME(spread)(uppercase, longer, &uppercase_carry);
        masks[QK_HARD * stride] = CHARACTERS_NAME(spread)(hard, longer, &hard_carry) | stray;
        masks[QK_UNCASED * stride] = CHARACTERS_NAME(spread)(letter & ~cased, longer, &uncased_carry);
        masks[QK_MARK * stride] = CHARACTERS_NAME(spread)(mark, longer, &mark_carry);
    }
}
