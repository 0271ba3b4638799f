// Looking up the tokens of many short pieces by their keys.

typedef uint32_t four_ids __attribute__((ext_vector_type(4)));
typedef uint64_t words_2 __attribute__((ext_vector_type(2)));

#define PIECE_ID_MASK ((1u << QK_PIECE_COUNT_SHIFT) - 1)

// The entry of a piece; null if it is in none of its places.
static inline const qk_piece_entry *find_entry(
    const qk_piece_entry *entries, qk_piece_key key, uint64_t first) {
    for (uint64_t i = 0; i < 4; i++) {
        const qk_piece_entry *found =
            (const void *)((const char *)entries + (first ^ i * sizeof *found));
        if (((found->key.low ^ key.low) | (found->key.high ^ key.high)) == 0) { return found; }
    }
    return 0;
}

// Copies the four ids of an entry and returns how many of them count.
static inline long copy_ids(const qk_piece_entry *entry, uint32_t *ids) {
    const four_ids mask = {~0u, ~0u, ~0u, PIECE_ID_MASK};
    four_ids four;
    memcpy(&four, entry->ids, sizeof four);
    four &= mask;
    memcpy(ids, &four, sizeof four);
    return entry->ids[3] >> QK_PIECE_COUNT_SHIFT;
}

static long known_pieces(
    const qk_piece_entry *entries, const qk_piece_key *keys, const uint64_t *places, long first,
    long count, uint32_t *ids, long *written) {
    long index = first, end = *written;
    // Four ids of each piece are written, and overwritten by the next where they do not count, so
    // that the only branch is for a piece that is not at its first place: one for four pieces.
    while (index < count) {
        long last = index + 4 <= count ? index + 4 : count;
        if (last == index + 4) {
            const qk_piece_entry *found[4];
            words_2 different = {0, 0};
            for (int i = 0; i < 4; i++) {
                words_2 have, want;
                found[i] = (const void *)((const char *)entries + places[index + i]);
                memcpy(&have, &found[i]->key, sizeof have);
                memcpy(&want, &keys[index + i], sizeof want);
                different |= have ^ want;
            }
            if (__builtin_reduce_or(different) == 0) {
                for (int i = 0; i < 4; i++) { end += copy_ids(found[i], ids + end); }
                index = last;
                continue;
            }
        }
        for (; index < last; index++) {
            const qk_piece_entry *found = find_entry(entries, keys[index], places[index]);
            if (!found) {
                *written = end;
                return index;
            }
            end += copy_ids(found, ids + end);
        }
    }
    *written = end;
    return index;
}

static long displaced_pieces(
    const qk_piece_entry *entries, const qk_piece_key *keys, const uint64_t *places, long first,
    long count, uint32_t *numbers) {
    // A branch could be guessed wrongly while the entries come from memory.
    long displaced = 0;
    for (long i = first; i < count; i++) {
        const qk_piece_entry *entry = (const void *)((const char *)entries + places[i]);
        numbers[displaced] = (uint32_t)i;
        displaced += ((entry->key.low ^ keys[i].low) | (entry->key.high ^ keys[i].high)) != 0;
    }
    for (long i = 0; i < displaced; i++) {
        qk_prefetch((const char *)entries + (places[numbers[i]] ^ 2 * sizeof *entries));
    }
    return displaced;
}
