// The classes of characters of several bytes, 64 bytes at once.
//
// A byte begins a well-formed sequence or not by itself and the three bytes behind it, so that
// comparing and shifting finds all sequences; each is then looked up, which writes its classes
// where it begins, and comparing again makes masks of those.

// The part that each of 64 bytes can have in UTF-8, a bit for each byte.
typedef struct {
    uint64_t continuation, two, three, four, below_90, below_a0, e0, ed, f0, f4;
} utf8_parts;

static inline utf8_parts read_parts(const uint8_t *text, long available) {
    bytes_64 c;
    if (available >= 64) {
        memcpy(&c, text, 64);
    } else {
        uint8_t last[64] = {0};
        if (available > 0) { memcpy(last, text, (size_t)available); }
        memcpy(&c, last, 64);
    }
    return (utf8_parts){
        .continuation = WORD_OF((c & 0xC0) == 0x80),
        .two = WORD_OF((bytes_64)(c - 0xC2) < 0xE0 - 0xC2),
        .three = WORD_OF((c & 0xF0) == 0xE0),
        .four = WORD_OF((bytes_64)(c - 0xF0) < 5),
        .below_90 = WORD_OF(c < 0x90),
        .below_a0 = WORD_OF(c < 0xA0),
        .e0 = WORD_OF(c == 0xE0),
        .ed = WORD_OF(c == 0xED),
        .f0 = WORD_OF(c == 0xF0),
        .f4 = WORD_OF(c == 0xF4),
    };
}

// The bits `distance` bytes further on.
static inline uint64_t ahead(uint64_t bits, uint64_t next, int distance) {
    return bits >> distance | next << (64 - distance);
}

// The bits of first bytes, for all bytes of their characters; those that go over the end of the
// block are left in `carry`, which had those that came over its beginning.
static inline uint64_t spread_over(
    uint64_t first, const uint64_t *longer, uint64_t *carry) {
    uint64_t second = first & longer[0], third = first & longer[1], fourth = first & longer[2];
    uint64_t spread = first | second << 1 | third << 2 | fourth << 3 | *carry;
    *carry = second >> 63 | third >> 62 | fourth >> 61;
    return spread;
}

// Writes the classes of the characters of two, three and four bytes that begin at the bits.
static inline void look_up(
    const qk_character_classes *classes, const uint8_t *block, uint64_t two, uint64_t three,
    uint64_t four, uint8_t found[64]) {
    for (uint64_t bits = two; bits; bits &= bits - 1) {
        const uint8_t *c = block + __builtin_ctzll(bits);
        found[c - block] = qk_classes_of(classes, (uint32_t)(c[0] & 0x1F) << 6 | (c[1] & 0x3F));
    }
    for (uint64_t bits = three; bits; bits &= bits - 1) {
        const uint8_t *c = block + __builtin_ctzll(bits);
        found[c - block] = qk_classes_of(
            classes, (uint32_t)(c[0] & 0x0F) << 12 | (uint32_t)(c[1] & 0x3F) << 6 | (c[2] & 0x3F));
    }
    for (uint64_t bits = four; bits; bits &= bits - 1) {
        const uint8_t *c = block + __builtin_ctzll(bits);
        found[c - block] = qk_classes_of(
            classes,
            (uint32_t)(c[0] & 0x07) << 18 | (uint32_t)(c[1] & 0x3F) << 12
                | (uint32_t)(c[2] & 0x3F) << 6 | (c[3] & 0x3F));
    }
}

static void character_masks(
    long count, long available, const uint8_t *text, const qk_character_classes *classes,
    uint64_t *masks, long stride) {
    uint64_t all_carry = 0, letter_carry = 0, uppercase_carry = 0, hard_carry = 0;
    uint64_t uncased_carry = 0, mark_carry = 0;
    utf8_parts next = read_parts(text, available);
    // One block more, for the character that goes over the end of the last.
    for (long start = 0; start < count + 64; start += 64, masks += 1) {
        utf8_parts here = next;
        uint64_t rest = masks[QK_NOT_ASCII * stride];
        next = read_parts(text + start + 64, available - start - 64);
        if ((rest | all_carry) == 0) {
            for (int kind = QK_CONTINUATION; kind < QK_CHARACTER_MASK_COUNT; kind++) {
                masks[kind * stride] = 0;
            }
            continue;
        }
        uint64_t second = ahead(here.continuation, next.continuation, 1);
        uint64_t third = ahead(here.continuation, next.continuation, 2);
        uint64_t fourth = ahead(here.continuation, next.continuation, 3);
        uint64_t low_90 = ahead(here.below_90, next.below_90, 1);
        uint64_t low_a0 = ahead(here.below_a0, next.below_a0, 1);
        // Unicode 16, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
        uint64_t two = rest & here.two & second;
        uint64_t three = rest & here.three & second & third
            & ~(here.e0 & low_a0) & ~(here.ed & ~low_a0);
        uint64_t four = rest & here.four & second & third & fourth
            & ~(here.f0 & low_90) & ~(here.f4 & ~low_90);
        uint64_t longer[3] = {two | three | four, three | four, four};

        uint8_t found[64] = {0};
        look_up(classes, text + start, two, three, four, found);
        bytes_64 v;
        memcpy(&v, found, 64);
        uint64_t letter = WORD_OF((v & classes->letter) != 0);
        uint64_t uppercase = WORD_OF((v & classes->uppercase) != 0);
        uint64_t cased = WORD_OF((v & classes->cased) != 0);
        uint64_t hard = WORD_OF((v & classes->hard) != 0);
        uint64_t mark = WORD_OF((v & classes->mark) != 0);
        uint64_t all = spread_over(longer[0], longer, &all_carry);
        masks[QK_CONTINUATION * stride] = all & ~longer[0];
        // Bytes of no sequence.
        uint64_t stray = rest & ~all;
        masks[QK_LETTER * stride] |= spread_over(letter, longer, &letter_carry);
        masks[QK_UPPERCASE * stride] |= spread_over(uppercase, longer, &uppercase_carry);
        masks[QK_HARD * stride] = spread_over(hard, longer, &hard_carry) | stray;
        masks[QK_UNCASED * stride] = spread_over(letter & ~cased, longer, &uncased_carry);
        masks[QK_MARK * stride] = spread_over(mark, longer, &mark_carry);
    }
}
