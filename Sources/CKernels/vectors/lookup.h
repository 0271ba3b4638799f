// Looking up the tokens of many short pieces; the including file defines LOOKUP_NAME.

// The entry of a piece; null if it is in none of its places.
static inline const qk_piece_entry *LOOKUP_NAME(find)(
    const qk_piece_entry *entries, qk_piece_key key, uint64_t first) {
    for (uint64_t i = 0; i < 4; i++) {
        const qk_piece_entry *found =
            (const void *)((const char *)entries + (first ^ i * sizeof *found));
        if (((found->key.low ^ key.low) | (found->key.high ^ key.high)) == 0) { return found; }
    }
    return 0;
}

// Copies four ids and returns how many of them count.
static inline long LOOKUP_NAME(copy)(const qk_piece_entry *entry, uint32_t *ids) {
    const qk_4_ids mask = {~0u, ~0u, ~0u, QK_PIECE_ID_MASK};
    qk_4_ids four;
    memcpy(&four, entry->ids, sizeof four);
    four &= mask;
    memcpy(ids, &four, sizeof four);
    return entry->ids[3] >> QK_PIECE_COUNT_SHIFT;
}

// Copies the ids of the pieces from `first` on, up to one that has no entry, and returns its number.
static long LOOKUP_NAME(known)(
    const qk_piece_entry *entries, const qk_piece_key *keys, const uint64_t *places, long first,
    long count, uint32_t *ids, long *written) {
    long index = first, end = *written;
    // The four ids of each are written and overwritten by the next where they do not count, so that
    // the only branch is for a piece that is not at its first place: one for four pieces.
    while (index < count) {
        long last = index + 4 <= count ? index + 4 : count;
        if (last == index + 4) {
            const qk_piece_entry *found[4];
            qk_2_words different = {0, 0};
            for (int i = 0; i < 4; i++) {
                qk_2_words have, want;
                found[i] = (const void *)((const char *)entries + places[index + i]);
                memcpy(&have, &found[i]->key, sizeof have);
                memcpy(&want, &keys[index + i], sizeof want);
                different |= have ^ want;
            }
            if (__builtin_reduce_or(different) == 0) {
                for (int i = 0; i < 4; i++) { end += LOOKUP_NAME(copy)(found[i], ids + end); }
                index = last;
                continue;
            }
        }
        for (; index < last; index++) {
            const qk_piece_entry *found = LOOKUP_NAME(find)(entries, keys[index], places[index]);
            if (!found) {
                *written = end;
                return index;
            }
            end += LOOKUP_NAME(copy)(found, ids + end);
        }
    }
    *written = end;
    return index;
}
