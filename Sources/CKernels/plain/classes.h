// The classes of bytes and of characters of several bytes.

static void byte_masks(long count, const uint8_t *text, uint64_t *masks, long stride) {
    for (long start = 0; start < count; start += 64, masks += 1) {
        for (int i = 0; i < QK_BYTE_MASK_COUNT; i++) { masks[i * stride] = 0; }
        for (int bit = 0; bit < 64 && start + bit < count; bit++) {
            uint8_t c = text[start + bit];
            uint64_t one = (uint64_t)1 << bit;
            int is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
            if (is_letter) { masks[QK_LETTER * stride] |= one; }
            if (c >= 'A' && c <= 'Z') { masks[QK_UPPERCASE * stride] |= one; }
            if (c >= '0' && c <= '9') { masks[QK_DIGIT * stride] |= one; }
            if ((c >= 9 && c <= 13) || c == ' ') { masks[QK_WHITESPACE * stride] |= one; }
            if (c == '\n' || c == '\r') { masks[QK_NEWLINE * stride] |= one; }
            if (c == ' ') { masks[QK_SPACE * stride] |= one; }
            if (c == '\'') { masks[QK_APOSTROPHE * stride] |= one; }
            if (c == '/') { masks[QK_SLASH * stride] |= one; }
            if (c >= 0x80) { masks[QK_NOT_ASCII * stride] |= one; }
        }
    }
}

// The code point at the beginning of the text and its length; 0 and the length 1 for a byte that
// begins no well-formed sequence.
static uint32_t code_point_at(const uint8_t *text, long available, int *length) {
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t value = text[0];
    int count = value >= 0xF0 && value < 0xF8 ? 4 : value >= 0xE0 && value < 0xF0 ? 3
        : value >= 0xC0 && value < 0xE0 ? 2 : 0;
    *length = 1;
    if (count == 0 || available < count) { return 0; }
    value &= 0x7Fu >> count;
    for (int i = 1; i < count; i++) {
        if ((text[i] & 0xC0) != 0x80) { return 0; }
        value = value << 6 | (text[i] & 0x3F);
    }
    int is_surrogate = value >= 0xD800 && value < 0xE000;
    if (value < least[count] || is_surrogate || value > 0x10FFFF) { return 0; }
    *length = count;
    return value;
}

static void character_masks(
    long count, long available, const uint8_t *text, const qk_character_classes *classes,
    uint64_t *masks, long stride) {
    for (long start = 0; start < count + 64; start += 64) {
        for (int i = QK_CONTINUATION; i < QK_CHARACTER_MASK_COUNT; i++) {
            masks[i * stride + start / 64] = 0;
        }
    }
    for (long start = 0; start < count;) {
        if (text[start] < 0x80) {
            start += 1;
            continue;
        }
        int length;
        uint32_t value = code_point_at(text + start, available - start, &length);
        uint8_t found = value == 0 ? 0 : qk_classes_of(classes, value);
        int is_letter = (found & classes->letter) != 0;
        for (long i = start; i < start + length; i++) {
            uint64_t *word = masks + i / 64, one = (uint64_t)1 << i % 64;
            if (i > start) { word[QK_CONTINUATION * stride] |= one; }
            if (is_letter) { word[QK_LETTER * stride] |= one; }
            if (found & classes->uppercase) { word[QK_UPPERCASE * stride] |= one; }
            if (value == 0 || (found & classes->hard)) { word[QK_HARD * stride] |= one; }
            if (is_letter && !(found & classes->cased)) { word[QK_UNCASED * stride] |= one; }
            if (found & classes->mark) { word[QK_MARK * stride] |= one; }
        }
        start += length;
    }
}
