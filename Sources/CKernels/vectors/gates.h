// Rotary positions and gated units.

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
