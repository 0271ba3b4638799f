// Products of integers, number by number as every level makes them.

// 32 numbers of a row.
typedef struct {
    float scale;
    int8_t integers[BLOCK];
} plain_rounded_block;

static void round_rows(
    int format, long m, long k, const float *x, long x_row, uint8_t *rounded) {
    for (long i = 0; i < m; i++, rounded += qk_rounded_bytes(k)) {
        plain_rounded_block *out = (plain_rounded_block *)rounded;
        for (long p = 0; p < k; p += BLOCK, out++) {
            const float *from = x + i * x_row + p;
            long count = k - p < BLOCK ? k - p : BLOCK;
            float greatest = 0;
            for (long q = 0; q < count; q++) {
                float size = fabsf(from[q]);
                if (!(size <= greatest)) { greatest = size; }
                // What is no number stays the greatest.
                if (greatest != greatest) { break; }
            }
            float inverse = rounding_of(greatest, &out->scale);
            memset(out->integers, 0, sizeof out->integers);
            for (long q = 0; q < count && inverse > 0; q++) {
                out->integers[q] = (int8_t)lrintf(from[q] * inverse);
            }
        }
    }
    (void)format;
}

static void rounded_product(
    int format, long m, long n, long k, const uint8_t *rounded, const uint8_t *reduced, float *y,
    long y_row, int add) {
    long blocks = (k + BLOCK - 1) / BLOCK;
    for (long i = 0; i < m; i++, rounded += qk_rounded_bytes(k)) {
        const plain_rounded_block *x = (const plain_rounded_block *)rounded;
        for (long j = 0; j < n; j++) {
            const uint8_t *block = reduced + j / COLUMNS * reduced_panel_bytes(format, k);
            long column = j % COLUMNS;
            float sum = 0;
            for (long b = 0; b < blocks; b++) {
                uint16_t bits = ((const uint16_t *)block)[column];
                const uint32_t *words = (const uint32_t *)(block + 2 * COLUMNS);
                int32_t dot = 0;
                for (long p = 0; p < BLOCK; p++) {
                    dot += x[b].integers[p] * integer_at(format, words, p, column);
                }
                float scale = format == QK_INT8 ? bfloat16_of(bits) : float16_of(bits);
                // A statement for each step, so that none of them are fused.
                float factor = scale * x[b].scale;
                float product = factor * (float)dot;
                sum = sum + product;
                block += format == QK_INT8 ? BLOCK_BYTES : QUARTER_BYTES;
            }
            y[i * y_row + j] = add ? y[i * y_row + j] + sum : sum;
        }
    }
}
