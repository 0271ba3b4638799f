// Looking up the tokens of many short pieces; the including file defines LOOKUP_NAME.

// Copies the ids of the pieces from `first` on, up to one that is not in the first place where its
// entry may be, and returns its number.
static long LOOKUP_NAME(known)(
    const qk_piece_entry *entries, const qk_piece_key *keys, const uint64_t *places, long first,
    long count, uint32_t *ids, long *written) {
    const qk_4_ids mask = {~0u, ~0u, ~0u, QK_PIECE_ID_MASK};
    long index = first, end = *written;
    // The four ids of each are written and overwritten by the next where they do not count, so that
    // the only branch is for a piece that is not there: one for four pieces.
    for (; index + 4 <= count; index += 4) {
        const qk_piece_entry *found[4];
        qk_2_words different = {0, 0};
        for (int i = 0; i < 4; i++) {
            qk_2_words have, want;
            found[i] = (const void *)((const char *)entries + places[index + i]);
            memcpy(&have, &found[i]->key, sizeof have);
            memcpy(&want, &keys[index + i], sizeof want);
            different |= have ^ want;
        }
        if (__builtin_reduce_or(different) != 0) { break; }
        for (int i = 0; i < 4; i++) {
            qk_4_ids four;
            memcpy(&four, found[i]->ids, sizeof four);
            four &= mask;
            memcpy(ids + end, &four, sizeof four);
            end += found[i]->ids[3] >> QK_PIECE_COUNT_SHIFT;
        }
    }
    for (; index < count; index++) {
        const qk_piece_entry *found = (const void *)((const char *)entries + places[index]);
        if (((found->key.low ^ keys[index].low) | (found->key.high ^ keys[index].high)) != 0) {
            break;
        }
        qk_4_ids four;
        memcpy(&four, found->ids, sizeof four);
        four &= mask;
        memcpy(ids + end, &four, sizeof four);
        end += found->ids[3] >> QK_PIECE_COUNT_SHIFT;
    }
    *written = end;
    return index;
}
