// Rotary positions and gated units.

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
