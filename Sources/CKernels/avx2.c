// AVX2 with FMA: six rows of two vectors of eight use 12 of the 16 registers for sums.
#if defined(__x86_64__)
#include <stdint.h>
#include <string.h>
#include <math.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define W 8
#define MR 6
#define FLOAT16_CONVERSION
#define TABLE qk_avx2_table
#include "vectors/level.h"
#pragma clang attribute pop
#endif
