// Masks of dropout, from a generator of random numbers by counter.

// A word of Philox4x32-10. Salmon and others, https://doi.org/10.1145/2063384.2063405.
static uint32_t philox(const qk_dropout *g, uint32_t block, uint32_t row, int word) {
    uint32_t c[4] = {block, row, g->counter[0], g->counter[1]}, k[2] = {g->key[0], g->key[1]};
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * c[0], b = (uint64_t)0xCD9E8D57u * c[2];
        c[0] = (uint32_t)(b >> 32) ^ c[1] ^ k[0];
        c[1] = (uint32_t)b;
        c[2] = (uint32_t)(a >> 32) ^ c[3] ^ k[1];
        c[3] = (uint32_t)a;
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
    return c[word];
}

// The factor of number j of a row: zero or the scale; 1 without dropout.
static float mask_of(const qk_dropout *g, long row, long j) {
    if (!g) { return 1; }
    uint32_t word = philox(g, (uint32_t)(j / 64 * 16 + j % 16), (uint32_t)row, j / 16 % 4);
    return word < g->threshold ? 0 : g->scale;
}

static void drop(
    long rows, long n, const float *x, const float *other, float *out, const qk_dropout *g) {
    for (long r = 0; r < rows; r++) {
        for (long j = 0; j < n; j++) {
            long place = r * n + j;
            out[place] = x[place] * mask_of(g, r, j) + (other ? other[place] : 0);
        }
    }
}
