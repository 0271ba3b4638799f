// Keys and values in binary16.

static void narrow(long count, const float *x, uint16_t *out) {
    for (long i = 0; i < count; i++) { out[i] = float16_bits(x[i]); }
}

static void widen(long count, const uint16_t *x, float *out) {
    for (long i = 0; i < count; i++) { out[i] = float16_of(x[i]); }
}

static void attention_step_narrow(
    long heads, long count, long d, const float *q, const uint16_t *keys, const uint16_t *values,
    long row, float *out, float *scores) {
    for (long h = 0; h < heads; h++, q += d, out += d, scores += count) {
        for (long j = 0; j < count; j++) {
            double sum = 0;
            for (long c = 0; c < d; c++) { sum += (double)q[c] * float16_of(keys[j * row + c]); }
            scores[j] = (float)sum;
        }
        softmax(count, scores, 1 / sqrtf((float)d));
        for (long c = 0; c < d; c++) {
            double sum = 0;
            for (long j = 0; j < count; j++) {
                sum += (double)scores[j] * float16_of(values[j * row + c]);
            }
            out[c] = (float)sum;
        }
    }
}
