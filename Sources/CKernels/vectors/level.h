// A whole level: the including file has defined W, MR and TABLE, and MIXED where products are to round
// their operands to bfloat16.
#include "basics.h"
#include "gemm.h"
#ifdef MIXED
#include "gemm_bfloat16.h"
#define PRODUCTS mixed_gemm, mixed_packed_count, mixed_pack, mixed_gemm_packed
#else
#define PRODUCTS gemm, packed_count, pack, gemm_packed
#endif
#include "few_rows.h"
#include "reduced.h"
#include "rows.h"
#include "gates.h"
#include "dropout.h"
#include "attention.h"
#include "elements.h"

const qk_table TABLE = {
    PRODUCTS, few_rows, few_rows_reduced, pack_reduced, peak, PEAK_OPERATIONS, layer_norm,
    layer_norm_backward, rms_norm, rms_norm_backward, rotate, swiglu, swiglu_backward, gelu,
    cross_entropy, softmax, attention_workspace, attention, attention_backward, attention_step,
    attention_cached, drop, embed, embed_backward, add, add_rows, sum_of_squares, adamw,
};
