// MinHash, eight permutations a vector; the including file defines MIN_HASH_NAME, the name of the
// function.
//
// The permutations stay in registers and the hashes pass by: four vectors at a time, so that one
// waits for its product while the others are added and compared.

static void MIN_HASH_NAME(min_hash)(
    long count, const uint32_t *hashes, long permutations, const uint64_t *a, const uint64_t *b,
    uint32_t *signature) {
    const qk_8_words prime = (qk_8_words)(((uint64_t)1 << 61) - 1);
    for (long first = 0; first < permutations; first += 32) {
        long lanes = permutations - first < 32 ? permutations - first : 32;
        qk_8_words as[4] = {0}, bs[4] = {0}, least[4];
        memcpy(as, a + first, (size_t)lanes * 8);
        memcpy(bs, b + first, (size_t)lanes * 8);
        for (int i = 0; i < 4; i++) { least[i] = (qk_8_words)((uint64_t)0xFFFFFFFF); }
        for (long index = 0; index < count; index++) {
            qk_8_words x = (qk_8_words)((uint64_t)hashes[index]);
#pragma clang loop unroll(full)
            for (int i = 0; i < 4; i++) {
                qk_8_words value = as[i] * x + bs[i];
                // The remainder of 2^61 - 1: the upper bits count once more, and what is then
                // still too large is less after a subtraction; what is not wraps to more.
                value = (value & prime) + (value >> 61);
                value = __builtin_elementwise_min(value, value - prime) & 0xFFFFFFFF;
                least[i] = __builtin_elementwise_min(least[i], value);
            }
        }
        uint64_t words[32];
        memcpy(words, least, sizeof words);
        for (long lane = 0; lane < lanes; lane++) {
            signature[first + lane] = (uint32_t)words[lane];
        }
    }
}
