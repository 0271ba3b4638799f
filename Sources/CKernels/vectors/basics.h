// Vectors of W floats, their loads, stores and sums, and the functions that several kernels share.
//
// `x * y + z` in one expression becomes one fused instruction where the target has it, because
// contraction within an expression is clang's default.

typedef float vf __attribute__((ext_vector_type(W)));
typedef int32_t vi __attribute__((ext_vector_type(W)));
typedef uint32_t vu __attribute__((ext_vector_type(W)));
typedef double vd __attribute__((ext_vector_type(W)));
typedef float vf_anywhere __attribute__((ext_vector_type(W), aligned(4), may_alias));

INLINE vf load(const float *p) { return *(const vf_anywhere *)p; }
INLINE void store(float *p, vf x) { *(vf_anywhere *)p = x; }

// The last vector of a row that is not a multiple of W: absent lanes read as zero.
INLINE vf load_some(const float *p, long lanes) {
    if (lanes >= W) { return load(p); }
    float all[W] = {0};
    for (long i = 0; i < lanes; i++) { all[i] = p[i]; }
    return load(all);
}

INLINE void store_some(float *p, vf x, long lanes) {
    if (lanes >= W) {
        store(p, x);
        return;
    }
    float all[W];
    store(all, x);
    for (long i = 0; i < lanes; i++) { p[i] = all[i]; }
}

// `x` with the absent lanes of the last vector replaced.
INLINE vf fill_absent(vf x, float value, long lanes) {
    if (lanes >= W) { return x; }
    float all[W];
    store(all, x);
    for (long i = lanes; i < W; i++) { all[i] = value; }
    return load(all);
}

// `x` where the lane's number is below `count`, else `other`.
INLINE vf first_lanes(vf x, vf other, long count) {
    vi numbers;
    UNROLL for (int i = 0; i < W; i++) { numbers[i] = i; }
    return numbers < (vi)(int32_t)count ? x : other;
}

INLINE float sum_of(vf x) {
    float all[W];
    store(all, x);
    UNROLL for (int width = W / 2; width > 0; width /= 2) {
        UNROLL for (int i = 0; i < width; i++) { all[i] += all[i + width]; }
    }
    return all[0];
}

INLINE float max_of(vf x) {
    float all[W];
    store(all, x);
    UNROLL for (int width = W / 2; width > 0; width /= 2) {
        UNROLL for (int i = 0; i < width; i++) {
            all[i] = all[i] > all[i + width] ? all[i] : all[i + width];
        }
    }
    return all[0];
}

// One instruction each on x86, where the builtins take three; a NaN in `y` stays.
INLINE vf greatest(vf x, vf y) { return x > y ? x : y; }
INLINE vf least(vf x, vf y) { return x < y ? x : y; }

// e^x to about one unit in the last place of a float, from e^x = 2^n · e^r with |r| ≤ ln 2 / 2 and
// the series of e^r; the coefficients are those of Cephes' expf. Arguments outside of
// [-87.3, 88.3] give the value at the nearer end, which for softmax and GELU is as good as zero
// or infinity. A NaN stays a NaN.
INLINE vf exp_of(vf x) {
    x = least((vf)88.3f, x);
    x = greatest((vf)-87.3f, x);
    // Adding 1.5·2^23 leaves the nearest integer in the low bits of the sum.
    const float shift = 12582912.0f;
    vf shifted = x * 1.44269504088896341f + shift;
    vf n = shifted - shift;
    vf r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    vf p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r;
    p = p + 1.0f;
    // Casts between vectors of one size keep the bits.
    return (vf)((vu)p + ((vu)shifted << 23));
}

// GELU by tanh, and its derivative. (1 + tanh u) / 2 is the logistic function s of 2u, so
// gelu = x·s and gelu' = s + x·s·(1 - s)·2u'.
INLINE vf gelu_of(vf x, vf *derivative) {
    const float a = 2 * 0.7978845608028654f, b = a * 0.044715f;
    vf square = x * x;
    vf u2 = x * (square * b + a);
    vf s = 1.0f / (1.0f + exp_of(-u2));
    vf value = x * s;
    *derivative = s + (value - value * s) * (square * (3 * b) + a);
    return value;
}

// Runs a body over 0..<n in steps of W; `lanes` says how many floats of the vector are there.
#define FOR_VECTORS(i, lanes, n)                                                       \
    for (long i = 0, lanes = (n) < W ? (n) : W; i < (n); i += W,                       \
              lanes = (n) - i < W ? (n) - i : W)
