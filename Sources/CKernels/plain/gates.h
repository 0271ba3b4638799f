// Rotary positions, activations and gated units.

static void rotate(
    long rows, long heads, long d, float *x, long x_row, const int32_t *places,
    const float *table, int inverse) {
    for (long r = 0; r < rows; r++) {
        for (long h = 0; h < heads; h++) {
            for (long i = 0; i < d / 2; i++) {
                float cosine = table[places[r] * d + i], sine = table[places[r] * d + d / 2 + i];
                float *a = &x[r * x_row + h * d + i], *b = a + d / 2;
                float s = inverse ? -sine : sine, turned = *a * cosine - *b * s;
                *b = *b * cosine + *a * s;
                *a = turned;
            }
        }
    }
}

static void swiglu(
    long rows, long n, const float *gates, long gates_row, float *out, long out_row) {
    for (long r = 0; r < rows; r++) {
        for (long i = 0; i < n; i++) {
            float gate = gates[r * gates_row + i], up = gates[r * gates_row + n + i];
            out[r * out_row + i] = gate / (1 + expf(-gate)) * up;
        }
    }
}

static void swiglu_backward(
    long rows, long n, const float *dout, long dout_row, const float *gates, long gates_row,
    float *dgates, long dgates_row) {
    for (long r = 0; r < rows; r++) {
        for (long i = 0; i < n; i++) {
            float gate = gates[r * gates_row + i], up = gates[r * gates_row + n + i];
            float g = dout[r * dout_row + i], s = 1 / (1 + expf(-gate));
            dgates[r * dgates_row + i] = g * up * (s + gate * s * (1 - s));
            dgates[r * dgates_row + n + i] = g * gate * s;
        }
    }
}

static float activation_of(int activation, float x, float *slope) {
    float value, s = 1 / (1 + expf(-x));
    switch (activation) {
    case QK_GELU: {
        double share = 0.5 * erfc(-(double)x * M_SQRT1_2);
        *slope = (float)(share + x * exp(-0.5 * x * x) * (0.5 * M_2_SQRTPI * M_SQRT1_2));
        return (float)(x * share);
    }
    case QK_RELU: *slope = x > 0 ? 1 : 0; return x < 0 ? 0 : x;
    case QK_SILU: *slope = s + x * s * (1 - s); return x * s;
    default: gelu_of(x, &value, slope); return value;
    }
}

static void activate(int activation, long count, const float *x, float *out, float *derivative) {
    for (long i = 0; i < count; i++) {
        float slope;
        out[i] = activation_of(activation, x[i], &slope);
        if (derivative) { derivative[i] = slope; }
    }
}

static void gate(
    int activation, long rows, long n, const float *gates, long gates_row, float *out,
    long out_row) {
    for (long r = 0; r < rows; r++) {
        for (long i = 0; i < n; i++) {
            const float *x = gates + r * gates_row + i;
            float slope;
            out[r * out_row + i] = activation_of(activation, x[0], &slope) * x[n];
        }
    }
}

static void gate_backward(
    int activation, long rows, long n, const float *dout, long dout_row, const float *gates,
    long gates_row, float *dgates, long dgates_row) {
    for (long r = 0; r < rows; r++) {
        for (long i = 0; i < n; i++) {
            const float *x = gates + r * gates_row + i;
            float g = dout[r * dout_row + i], up = x[n], slope;
            float value = activation_of(activation, x[0], &slope);
            dgates[r * dgates_row + i] = g * up * slope;
            dgates[r * dgates_row + n + i] = g * value;
        }
    }
}
