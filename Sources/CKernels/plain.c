// The plain level: each kernel as its formula reads, in scalar loops. The fast levels are tested
// against it. Sums that would lose digits run in double, so that it is also the more exact.
#include <float.h>
#include <math.h>
#include <string.h>

#include "table.h"
#include "plain/products.h"
#include "plain/reduced.h"
#include "plain/mixed.h"
#include "plain/rows.h"
#include "plain/gates.h"
#include "plain/dropout.h"
#include "plain/attention.h"
#include "plain/elements.h"

// All but the matrix products, in the table's order.
#define OTHERS                                                                                 \
    few_rows, few_rows_reduced, pack_reduced, peak, 2, layer_norm, layer_norm_backward,        \
        rms_norm, rms_norm_backward, rotate, swiglu, swiglu_backward, gelu, cross_entropy,     \
        softmax, attention_workspace, attention, attention_backward, attention_step,           \
        attention_cached, drop, embed, embed_backward, add, add_rows, sum_of_squares, adamw

const qk_table qk_plain_table = {gemm, packed_count, pack, gemm_packed, OTHERS};
const qk_table qk_plain_mixed_table = {mixed_gemm, packed_count, pack, mixed_gemm_packed, OTHERS};
