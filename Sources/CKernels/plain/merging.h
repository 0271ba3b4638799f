// Merging, as the definition says: the earliest merge, and the leftmost of those.

static uint32_t merge_piece(
    const qk_merges *merges, const uint8_t *bytes, uint32_t length, uint32_t *ids) {
    for (uint32_t i = 0; i < length; i++) { ids[i] = merges->byte_tokens[bytes[i]]; }
    for (;;) {
        uint64_t least = UINT64_MAX;
        uint32_t place = 0;
        for (uint32_t i = 0; i + 1 < length; i++) {
            uint64_t key = (uint64_t)ids[i] << QK_TOKEN_BITS | ids[i + 1];
            uint64_t slot = merges->slots[qk_merge_slot(merges, key)];
            uint64_t rank = slot & QK_RANK_MASK;
            if (slot >> QK_RANK_BITS == key && rank < least) {
                least = rank;
                place = i;
            }
        }
        if (least == UINT64_MAX) { return length; }
        ids[place] =
            merges->results ? merges->results[least] : (uint32_t)least + merges->offset;
        length -= 1;
        for (uint32_t i = place + 1; i < length; i++) { ids[i] = ids[i + 1]; }
    }
}

static void merge(
    const qk_merges *merges, const uint8_t *text, long text_count, qk_merged_piece *pieces,
    long count, uint32_t *ids) {
    (void)text_count;
    for (long i = 0; i < count; i++) {
        qk_merged_piece *piece = &pieces[i];
        piece->count = merge_piece(
            merges, text + piece->start, piece->length, ids + piece->place);
    }
}
