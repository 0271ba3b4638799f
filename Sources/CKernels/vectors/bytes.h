// The classes of 64 bytes at once; the including file defines BYTE_MASKS, the name of the function.
//
// Comparing vectors of bytes gives vectors of booleans, which the compiler turns into a word: a
// mask register with AVX-512, `pmovmskb` with AVX2 and SSE2.

static void BYTE_MASKS_NAME(masks)(
    long count, const uint8_t *text, uint64_t *masks, long stride) {
    for (long start = 0; start < count; start += 64, masks += 1) {
        qk_64_bytes c;
        // What is classified next comes meanwhile; nothing is read there now, and it need not exist.
        qk_prefetch((const void *)((uintptr_t)(text + start) + QK_TEXT_AHEAD));
        if (count - start >= 64) {
            memcpy(&c, text + start, 64);
        } else {
            // Zero is in no class.
            uint8_t last[64] = {0};
            memcpy(last, text + start, (size_t)(count - start));
            memcpy(&c, last, 64);
        }
        qk_64_bytes lower = c | 0x20;
        masks[QK_LETTER * stride] = word_of((qk_64_bytes)(lower - 'a') < 26);
        masks[QK_UPPERCASE * stride] = word_of((qk_64_bytes)(c - 'A') < 26);
        masks[QK_DIGIT * stride] = word_of((qk_64_bytes)(c - '0') < 10);
        uint64_t space = word_of(c == ' ');
        masks[QK_WHITESPACE * stride] = space | word_of((qk_64_bytes)(c - 9) < 5);
        masks[QK_NEWLINE * stride] =
            word_of(c == 0x0A) | word_of(c == 0x0D);
        masks[QK_SPACE * stride] = space;
        masks[QK_APOSTROPHE * stride] = word_of(c == 0x27);
        masks[QK_SLASH * stride] = word_of(c == '/');
        masks[QK_NOT_ASCII * stride] = word_of((qk_64_bytes)(c & 0x80) != 0);
    }
}
