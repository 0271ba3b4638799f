// AVX-512 with products of integers.
#if defined(__x86_64__)
#define LEVEL avx512VNNI
#define FEATURES AVX512_VNNI_FEATURES
#define W 16
#define MR 14
#define HAS_FLOAT16
#define HAS_AVX512
#define HAS_VNNI
#include "vectors/level.h"
#endif
