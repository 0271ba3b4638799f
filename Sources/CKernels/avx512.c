// AVX-512: fourteen rows of two vectors of sixteen use 28 of the 32 registers for sums.
#if defined(__x86_64__)
#define LEVEL avx512
#define FEATURES AVX512_FEATURES
#define W 16
#define MR 14
#define HAS_FLOAT16
#define HAS_AVX512
#include "vectors/level.h"
#endif
