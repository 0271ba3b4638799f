// AVX-512: fourteen rows of two vectors of sixteen use 28 of the 32 registers for sums.
#if defined(__x86_64__)
#include <stdint.h>
#include <string.h>
#include <math.h>
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c"))), apply_to = function)
#define W 16
#define MR 14
#define FLOAT16_CONVERSION
#define TABLE qk_avx512_table
#include "vectors/level.h"
#pragma clang attribute pop
#endif
