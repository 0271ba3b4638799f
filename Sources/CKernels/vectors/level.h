// A whole level. The including file has defined
//   LEVEL         its name
//   W             floats in a vector
//   MR            rows of a tile, whose sums stay in registers
// and, where they hold,
//   FEATURES      what the processor must have, from `levels.h`
//   HAS_FLOAT16   one instruction converts binary16 to float32
//   HAS_AVX512    the intrinsics of AVX-512 F, VL, DQ and BW
//   HAS_VNNI      those of AVX-512 VNNI
//   MIXED         products round their operands to bfloat16, by AVX512-BF16
//
// Everything but the table is static, so the levels do not meet.
#include <math.h>
#include <stdint.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "../levels.h"

#ifdef FEATURES
#define AND(feature) "," feature
#pragma clang attribute push( \
    __attribute__((target(BASE_FEATURE FEATURES(AND)))), apply_to = function)
#endif

#include "basics.h"
#include "gemm.h"
#ifdef MIXED
#include "gemm_bfloat16.h"
#endif
#include "few_rows.h"
#include "reduced.h"
#include "dots.h"
#include "rows.h"
#include "gates.h"
#include "recurrent.h"
#include "dropout.h"
#include "attention.h"
#include "narrow.h"
#include "elements.h"
#include "bytes.h"
#include "strings.h"
#include "characters.h"
#include "cutting.h"
#include "starts.h"
#include "keys.h"
#include "lookup.h"
#include "merging.h"
#include "minhash.h"

#ifdef FEATURES
#pragma clang attribute pop
#endif

#include "../table.h"
