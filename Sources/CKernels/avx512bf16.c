// AVX-512 with products of bfloat16.
#if defined(__x86_64__)
#include <stdint.h>
#include <string.h>
#include <math.h>
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512bf16,avx2,fma,f16c"))), \
    apply_to = function)
#define W 16
#define MR 14
#define MIXED
#define FLOAT16_CONVERSION
#define TABLE qk_avx512_mixed_table
#include "vectors/level.h"
#pragma clang attribute pop
#endif
