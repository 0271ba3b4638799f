// The product of operands rounded to bfloat16.

// To the nearest, ties to even; what is too small for a normal number becomes zero.
static float rounded(float x) {
    uint32_t bits;
    if (fabsf(x) < FLT_MIN) { return copysignf(0, x); }
    memcpy(&bits, &x, sizeof bits);
    if (!isnan(x)) { bits += 0x7FFF + (bits >> 16 & 1); }
    bits &= 0xFFFF0000;
    memcpy(&x, &bits, sizeof bits);
    return x;
}

static void mixed_gemm(
    long m, long n, long k, const float *a, long a_row, long a_column, const float *b, long b_row,
    long b_column, float *c, long c_row, const qk_epilogue *e, float *workspace) {
    product(m, n, k, a, a_row, a_column, b, b_row, b_column, c, c_row, e, rounded);
    (void)workspace;
}

static void mixed_gemm_packed(
    long m, long n, long k, const float *a, long a_row, long a_column, const float *packed,
    float *c, long c_row, const qk_epilogue *e, float *workspace) {
    mixed_gemm(m, n, k, a, a_row, a_column, packed, n, 1, c, c_row, e, workspace);
}

#define mixed_packed_count packed_count
#define mixed_pack pack
