// The classes of 64 bytes at once.
//
// Comparing vectors of bytes gives vectors of booleans, which the compiler turns into a word: a
// mask register with AVX-512, `pmovmskb` with AVX2 and SSE2.

typedef uint8_t bytes_64 __attribute__((ext_vector_type(64)));
typedef _Bool bits_64 __attribute__((ext_vector_type(64)));

// A bit for each byte, the first lowest. A macro, because a function that is not inlined would pass
// a vector this wide otherwise at every level.
#define WORD_OF(truths) __builtin_bit_cast(uint64_t, __builtin_convertvector(truths, bits_64))

// Bytes ahead of those being classified that are prefetched: a little more than callers take at
// once.
#define TEXT_AHEAD 4608

static void byte_masks(long count, const uint8_t *text, uint64_t *masks, long stride) {
    for (long start = 0; start < count; start += 64, masks += 1) {
        bytes_64 c;
        // A prefetch reads nothing, so that the text need not go on so far.
        qk_prefetch((const void *)((uintptr_t)(text + start) + TEXT_AHEAD));
        if (count - start >= 64) {
            memcpy(&c, text + start, 64);
        } else {
            // Zero is in no class.
            uint8_t last[64] = {0};
            memcpy(last, text + start, (size_t)(count - start));
            memcpy(&c, last, 64);
        }
        bytes_64 lower = c | 0x20;
        masks[QK_LETTER * stride] = WORD_OF((bytes_64)(lower - 'a') < 26);
        masks[QK_UPPERCASE * stride] = WORD_OF((bytes_64)(c - 'A') < 26);
        masks[QK_DIGIT * stride] = WORD_OF((bytes_64)(c - '0') < 10);
        uint64_t space = WORD_OF(c == ' ');
        masks[QK_WHITESPACE * stride] = space | WORD_OF((bytes_64)(c - 9) < 5);
        masks[QK_NEWLINE * stride] = WORD_OF(c == 0x0A) | WORD_OF(c == 0x0D);
        masks[QK_SPACE * stride] = space;
        masks[QK_APOSTROPHE * stride] = WORD_OF(c == 0x27);
        masks[QK_SLASH * stride] = WORD_OF(c == '/');
        masks[QK_NOT_ASCII * stride] = WORD_OF((bytes_64)(c & 0x80) != 0);
    }
}
