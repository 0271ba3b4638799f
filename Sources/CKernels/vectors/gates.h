// Rotary positions, activations and gated units.

static void rotate(
    long rows, long heads, long d, float *x, long x_row, const int32_t *places,
    const float *table, int inverse) {
    long half = d / 2;
    for (long r = 0; r < rows; r++) {
        const float *cosines = table + places[r] * d, *sines = cosines + half;
        for (long h = 0; h < heads; h++) {
            float *first = x + r * x_row + h * d, *second = first + half;
            FOR_VECTORS(i, lanes, half) {
                vf a = load_some(first + i, lanes), b = load_some(second + i, lanes);
                vf c = load_some(cosines + i, lanes), s = load_some(sines + i, lanes);
                if (inverse) { s = -s; }
                store_some(first + i, a * c - b * s, lanes);
                store_some(second + i, b * c + a * s, lanes);
            }
        }
    }
}

static void swiglu(
    long rows, long n, const float *gates, long gates_row, float *out, long out_row) {
    for (long r = 0; r < rows; r++, gates += gates_row, out += out_row) {
        FOR_VECTORS(i, lanes, n) {
            vf gate = load_some(gates + i, lanes);
            vf s = 1.0f / (1.0f + exp_of(-gate));
            store_some(out + i, gate * s * load_some(gates + n + i, lanes), lanes);
        }
    }
}

// silu = x·s with s = 1 / (1 + e^-x), so silu' = s + x·s·(1 - s).
static void swiglu_backward(
    long rows, long n, const float *dout, long dout_row, const float *gates, long gates_row,
    float *dgates, long dgates_row) {
    for (long r = 0; r < rows; r++, dout += dout_row, gates += gates_row, dgates += dgates_row) {
        FOR_VECTORS(i, lanes, n) {
            vf gate = load_some(gates + i, lanes), up = load_some(gates + n + i, lanes);
            vf g = load_some(dout + i, lanes);
            vf s = 1.0f / (1.0f + exp_of(-gate));
            vf value = gate * s;
            store_some(dgates + i, g * up * (s + (value - value * s)), lanes);
            store_some(dgates + n + i, g * value, lanes);
        }
    }
}

// The share of the normal distribution below x, as the complement of the error function, by the
// Chebyshev series of Press and others, "Numerical Recipes", section 6.2: an error of 1.2e-7 of the
// value, far out too. The exponential is e^(-z²) with z = |x|/√2, which the derivative needs.
INLINE vf normal_share(vf x, vf *exponential) {
    vf z = __builtin_elementwise_abs(x) * 0.70710678118654752f;
    vf t = 1.0f / (z * 0.5f + 1.0f);
    vf p = t * 0.17087277f - 0.82215223f;
    p = p * t + 1.48851587f;
    p = p * t - 1.13520398f;
    p = p * t + 0.27886807f;
    p = p * t - 0.18628806f;
    p = p * t + 0.09678418f;
    p = p * t + 0.37409196f;
    p = p * t + 1.00002368f;
    p = p * t - 1.26551223f;
    vf below = 0.5f * t * exp_of(p - z * z);
    *exponential = exp_of(-z * z);
    return x < 0 ? below : 1.0f - below;
}

INLINE vf activation_of(const int activation, vf x, vf *slope) {
    if (activation == QK_GELU_TANH) { return gelu_of(x, slope); }
    if (activation == QK_GELU) {
        vf exponential, share = normal_share(x, &exponential);
        *slope = share + x * exponential * 0.3989422804f;
        return x * share;
    }
    if (activation == QK_RELU) {
        *slope = x > 0 ? (vf)1.0f : (vf)0.0f;
        // A NaN stays.
        return x < 0 ? (vf)0.0f : x;
    }
    vf s = 1.0f / (1.0f + exp_of(-x));
    vf value = x * s;
    *slope = s + (value - value * s);
    return value;
}

// Runs a function over an activation that the compiler knows.
#define WITH_ACTIVATION(activation, call)           \
    switch (activation) {                           \
    case QK_GELU_TANH: call(QK_GELU_TANH); break;   \
    case QK_GELU: call(QK_GELU); break;             \
    case QK_RELU: call(QK_RELU); break;             \
    default: call(QK_SILU); break;                  \
    }

INLINE void activate_by(
    const int activation, long count, const float *x, float *out, float *derivative) {
    FOR_VECTORS(i, lanes, count) {
        vf slope, value = activation_of(activation, load_some(x + i, lanes), &slope);
        store_some(out + i, value, lanes);
        if (derivative) { store_some(derivative + i, slope, lanes); }
    }
}

static void activate(int activation, long count, const float *x, float *out, float *derivative) {
#define CALL(activation) activate_by(activation, count, x, out, derivative)
    WITH_ACTIVATION(activation, CALL)
#undef CALL
}

INLINE void gate_by(
    const int activation, long rows, long n, const float *gates, long gates_row, float *out,
    long out_row) {
    for (long r = 0; r < rows; r++, gates += gates_row, out += out_row) {
        FOR_VECTORS(i, lanes, n) {
            vf slope, value = activation_of(activation, load_some(gates + i, lanes), &slope);
            store_some(out + i, value * load_some(gates + n + i, lanes), lanes);
        }
    }
}

static void gate(
    int activation, long rows, long n, const float *gates, long gates_row, float *out,
    long out_row) {
#define CALL(activation) gate_by(activation, rows, n, gates, gates_row, out, out_row)
    WITH_ACTIVATION(activation, CALL)
#undef CALL
}

INLINE void gate_backward_by(
    const int activation, long rows, long n, const float *dout, long dout_row, const float *gates,
    long gates_row, float *dgates, long dgates_row) {
    for (long r = 0; r < rows; r++, dout += dout_row, gates += gates_row, dgates += dgates_row) {
        FOR_VECTORS(i, lanes, n) {
            vf slope, value = activation_of(activation, load_some(gates + i, lanes), &slope);
            vf up = load_some(gates + n + i, lanes), g = load_some(dout + i, lanes);
            store_some(dgates + i, g * up * slope, lanes);
            store_some(dgates + n + i, g * value, lanes);
        }
    }
}

static void gate_backward(
    int activation, long rows, long n, const float *dout, long dout_row, const float *gates,
    long gates_row, float *dgates, long dgates_row) {
#define CALL(activation)                                                                    \
    gate_backward_by(                                                                       \
        activation, rows, n, dout, dout_row, gates, gates_row, dgates, dgates_row)
    WITH_ACTIVATION(activation, CALL)
#undef CALL
}
