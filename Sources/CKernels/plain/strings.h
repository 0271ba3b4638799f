// Runs of bytes in texts and in strings of JSON.

static long utf8_run(long count, const uint8_t *text) {
    long place = 0;
    while (place < count) {
        long length = qk_utf8_length(text + place, count - place);
        if (length == 0) { break; }
        place += length;
    }
    return place;
}

static long json_run(long count, const uint8_t *text) {
    long place = 0;
    while (place < count && text[place] >= 0x20 && text[place] != '"' && text[place] != '\\') {
        long length = qk_utf8_length(text + place, count - place);
        if (length == 0) { break; }
        place += length;
    }
    return place;
}

static long json_text(long count, const uint8_t *text, uint8_t *target, long *written) {
    long place = 0;
    *written = 0;
    while (1) {
        long length = json_run(count - place, text + place);
        for (long i = 0; i < length; i++) { target[*written + i] = text[place + i]; }
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
