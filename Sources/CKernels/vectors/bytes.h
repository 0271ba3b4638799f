// The classes of 64 bytes at once; the including file defines BYTE_MASKS, the name of the function.
//
// Comparing vectors of bytes gives vectors of booleans, which the compiler turns into a word: a
// mask register with AVX-512, `pmovmskb` with AVX2 and SSE2.

static void BYTE_MASKS_NAME(masks)(
    long count, const uint8_t *text, uint64_t *masks, long stride) {
    for (long start = 0; start < count; start += 64, masks += stride) {
        qk_64_bytes c;
        if (count - start >= 64) {
            memcpy(&c, text + start, 64);
        } else {
            // Zero is in no class.
            uint8_t last[64] = {0};
            memcpy(last, text + start, (size_t)(count - start));
            memcpy(&c, last, 64);
        }
        qk_64_bytes lower = c | 0x20;
        masks[QK_LETTER] = word_of((qk_64_bytes)(lower - 'a') < 26);
        masks[QK_UPPERCASE] = word_of((qk_64_bytes)(c - 'A') < 26);
        masks[QK_DIGIT] = word_of((qk_64_bytes)(c - '0') < 10);
        uint64_t space = word_of(c == ' ');
        masks[QK_WHITESPACE] = space | word_of((qk_64_bytes)(c - 9) < 5);
        masks[QK_NEWLINE] =
            word_of(c == 0x0A) | word_of(c == 0x0D);
        masks[QK_SPACE] = space;
        masks[QK_APOSTROPHE] = word_of(c == 0x27);
        masks[QK_SLASH] = word_of(c == '/');
        masks[QK_NOT_ASCII] = word_of((qk_64_bytes)(c & 0x80) != 0);
    }
}
