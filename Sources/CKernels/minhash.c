// MinHash signatures, at the levels of the numeric kernels.
#include <string.h>

#include "include/CKernels.h"

// Without 64-bit products of vectors the plain loop is twice as fast as four floats' worth of lanes,
// so the portable level is the plain one.
static void plain_min_hash(
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

#if defined(__x86_64__)
typedef uint64_t qk_8_words __attribute__((ext_vector_type(8)));

// Between the levels only the target differs.
#define MIN_HASH_NAME(name) avx2_##name
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#include "vectors/minhash.h"
#pragma clang attribute pop

#undef MIN_HASH_NAME
#define MIN_HASH_NAME(name) avx512_##name
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2"))), apply_to = function)
#include "vectors/minhash.h"
#pragma clang attribute pop
#endif

void qk_min_hash(
    int level, long count, const uint32_t *hashes, long permutations, const uint64_t *a,
    const uint64_t *b, uint32_t *signature) {
    switch (level) {
#if defined(__x86_64__)
    case QK_AVX2: avx2_min_hash(count, hashes, permutations, a, b, signature); return;
    case QK_AVX512: avx512_min_hash(count, hashes, permutations, a, b, signature); return;
#endif
    default: plain_min_hash(count, hashes, permutations, a, b, signature);
    }
}
