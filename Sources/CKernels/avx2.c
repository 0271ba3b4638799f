// AVX2 with FMA: six rows of two vectors of eight use 12 of the 16 registers for sums.
#if defined(__x86_64__)
#define LEVEL avx2
#define FEATURES AVX2_FEATURES
#define W 8
#define MR 6
#define HAS_FLOAT16
#include "vectors/level.h"
#endif
