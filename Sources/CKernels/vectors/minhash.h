// MinHash signatures.

#if W < 8

// Without 64-bit products of vectors this loop is twice as fast as one over vectors.
static void min_hash(
    long count, const uint32_t *hashes, long permutations, const uint64_t *a, const uint64_t *b,
    uint32_t *signature) {
    for (long i = 0; i < permutations; i++) {
        uint32_t least = 0xFFFFFFFF;
        for (long index = 0; index < count; index++) {
            uint64_t value = (a[i] * hashes[index] + b[i]) % (((uint64_t)1 << 61) - 1);
            if ((uint32_t)value < least) { least = (uint32_t)value; }
        }
        signature[i] = least;
    }
}

#else

typedef uint64_t words_8 __attribute__((ext_vector_type(8)));

// Eight permutations a vector. The permutations stay in registers and the hashes pass by: four
// vectors at a time, so that one waits for its product while the others are added and compared.
static void min_hash(
    long count, const uint32_t *hashes, long permutations, const uint64_t *a, const uint64_t *b,
    uint32_t *signature) {
    const words_8 prime = (words_8)(((uint64_t)1 << 61) - 1);
    for (long first = 0; first < permutations; first += 32) {
        long lanes = permutations - first < 32 ? permutations - first : 32;
        words_8 as[4] = {0}, bs[4] = {0}, least[4];
        memcpy(as, a + first, (size_t)lanes * 8);
        memcpy(bs, b + first, (size_t)lanes * 8);
        for (int i = 0; i < 4; i++) { least[i] = (words_8)((uint64_t)0xFFFFFFFF); }
        for (long index = 0; index < count; index++) {
            words_8 x = (words_8)((uint64_t)hashes[index]);
            UNROLL for (int i = 0; i < 4; i++) {
                words_8 value = as[i] * x + bs[i];
                // The remainder of 2^61 - 1: the upper bits count once more, and a sum that is
                // still too large is less after a subtraction, while another wraps to more.
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

#endif
