// The list of levels, and the features of the processor that each needs.
//
// To add one, write its file beside `avx512.c` and its name into the list below.
// `vectors/level.h` says what that file defines. A level that defines MIXED directly follows the
// level that it equals in all but products, since `qk_best_level` takes the one before it; its name
// ends in `Mixed`.
#ifndef QUERN_LEVELS_H
#define QUERN_LEVELS_H

#include "include/CKernels.h"

// Levels of one kind of processor, slowest first. BASE_FEATURE is what every such processor has.
#if defined(__x86_64__)
#define BASE_FEATURE "sse2"
#define PROCESSOR_LEVELS(LEVEL) LEVEL(avx2) LEVEL(avx512) LEVEL(avx512VNNI) LEVEL(avx512Mixed)
#else
#define BASE_FEATURE "neon"
#define PROCESSOR_LEVELS(LEVEL)
#endif

#define LEVELS(LEVEL) LEVEL(plain) LEVEL(plainMixed) LEVEL(portable) PROCESSOR_LEVELS(LEVEL)

#define AVX2_FEATURES(F) F("avx2") F("fma") F("f16c") F("bmi") F("bmi2") F("lzcnt") F("popcnt")
#define AVX512_FEATURES(F) \
    AVX2_FEATURES(F) F("avx512f") F("avx512vl") F("avx512dq") F("avx512bw")
#define AVX512_VNNI_FEATURES(F) AVX512_FEATURES(F) F("avx512vnni")
#define AVX512_BF16_FEATURES(F) AVX512_VNNI_FEATURES(F) F("avx512bf16")

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// A level's table is `qk_` and its name.
#define TABLE_OF(level) JOINED(qk_, level)
#define JOINED(one, other) JOINED_AS_SPELT(one, other)
#define JOINED_AS_SPELT(one, other) one##other

#endif
