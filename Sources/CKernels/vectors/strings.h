// Runs of bytes in texts and in strings of JSON, 64 bytes at once.

// Bytes that are looked at before each block, to find what its first bytes belong to.
#define BYTES_BEFORE 4

// The block at `start` with the bytes before it: the first of its bytes, of which `copy` holds them
// all where not 64 and those before them are in the text; zeros stand for those that are missing.
static inline const uint8_t *whole_block(
    long start, long count, const uint8_t *text, uint8_t copy[BYTES_BEFORE + 64]) {
    long rest = count - start, before = start < BYTES_BEFORE ? start : BYTES_BEFORE;
    if (before == BYTES_BEFORE && rest >= 64) { return text + start; }
    memset(copy, 0, BYTES_BEFORE + 64);
    memcpy(
        copy + BYTES_BEFORE - before, text + start - before,
        (size_t)(before + (rest < 64 ? rest : 64)));
    return copy + BYTES_BEFORE;
}

// A bit for each byte of a block that no well-formed sequence has there, given what stands before
// it; zeros behind the end of a text show that it ends inside a sequence. Each rule of table 3-7 of
// the Unicode Standard is one comparison, of a byte with those up to three places before it.
static inline uint64_t utf8_faults(const uint8_t *address) {
    bytes_64 c, first, second, third;
    memcpy(&c, address, 64);
    memcpy(&first, address - 1, 64);
    memcpy(&second, address - 2, 64);
    memcpy(&third, address - 3, 64);
    uint64_t wanted = WORD_OF(first >= 0xC0) | WORD_OF(second >= 0xE0) | WORD_OF(third >= 0xF0);
    uint64_t found = WORD_OF((bytes_64)(c & 0xC0) == 0x80);
    return (wanted ^ found) | WORD_OF(c >= 0xF5) | WORD_OF((bytes_64)(c & 0xFE) == 0xC0)
        | (WORD_OF(first == 0xE0) & WORD_OF(c < 0xA0))
        | (WORD_OF(first == 0xED) & WORD_OF(c > 0x9F))
        | (WORD_OF(first == 0xF0) & WORD_OF(c < 0x90))
        | (WORD_OF(first == 0xF4) & WORD_OF(c > 0x8F));
}

// The place of the first ill-formed sequence of a text that is well-formed before the block at
// `start`, but for a sequence that goes over its beginning; `end` if there is none before.
static long ill_formed_place(long start, long end, long count, const uint8_t *text) {
    long place = start < 3 ? 0 : start - 3;
    while (place < start && (text[place] & 0xC0) == 0x80) { place += 1; }
    while (place < end) {
        long length = qk_utf8_length(text + place, count - place);
        if (length == 0) { return place; }
        place += length;
    }
    return end;
}

// The bytes of `text` before the first that begins no well-formed sequence or, in a string, does
// not stand for itself. Copies them to `target` unless that is null.
static inline long run_of(long count, const uint8_t *text, uint8_t *target, int is_string) {
    int is_open = 0;  // a sequence may go over the end of the block before
    for (long start = 0; start < count; start += 64) {
        uint8_t copy[BYTES_BEFORE + 64];
        long rest = count - start;
        // Those before are wanted only where there is more than ASCII.
        const uint8_t *block = rest >= 64 ? text + start : whole_block(start, count, text, copy);
        bytes_64 c;
        memcpy(&c, block, 64);
        if (target) {
            if (rest >= 64) {
                memcpy(target + start, &c, 64);
            } else {
                memcpy(target + start, block, (size_t)rest);
            }
        }
        uint64_t ends = rest < 64 ? ~(uint64_t)0 << rest : 0;
        if (is_string) {
            ends |= WORD_OF(c == '"') | WORD_OF(c == '\\') | WORD_OF(c < 0x20);
        }
        uint64_t other = WORD_OF((bytes_64)(c & 0x80) != 0);
        if (other != 0 || is_open) {
            uint64_t faults = utf8_faults(whole_block(start, count, text, copy));
            // What follows the first end is not looked at; a sequence that is cut shows there.
            if (ends) { faults &= ends ^ (ends - 1); }
            if (faults) {
                long end = start + (ends ? __builtin_ctzll(ends) : 64);
                return ill_formed_place(start, end, count, text);
            }
            // The lead of a sequence that goes on behind the block is among its last three bytes.
            is_open = other >> 61 != 0;
        }
        if (ends) { return start + __builtin_ctzll(ends); }
    }
    // A whole block stands at the end.
    return is_open ? ill_formed_place(count, count, count, text) : count;
}

static long utf8_run(long count, const uint8_t *text) { return run_of(count, text, 0, 0); }

static long json_run(long count, const uint8_t *text) { return run_of(count, text, 0, 1); }

static long json_text(long count, const uint8_t *text, uint8_t *target, long *written) {
    long place = 0;
    *written = 0;
    while (1) {
        long length = run_of(count - place, text + place, target + *written, 1);
        *written += length;
        place += length;
        if (count - place < 2 || text[place] != '\\') { return place; }
        uint8_t escaped = qk_json_escape(text[place + 1]);
        if (escaped == 0) { return place; }
        target[*written] = escaped;
        *written += 1;
        place += 2;
    }
}
