// AVX-512 with products of bfloat16.
#if defined(__x86_64__)
#define LEVEL avx512Mixed
#define FEATURES AVX512_BF16_FEATURES
#define W 16
#define MR 14
#define MIXED
#define HAS_FLOAT16
#define HAS_AVX512
#define HAS_VNNI
#include "vectors/level.h"
#endif
