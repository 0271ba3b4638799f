// Matrix products of numbers rounded to bfloat16 and summed in float32.
//
// `vdpbf16ps` multiplies pairs that follow one another along k, so everything is laid out in words
// of two bfloat16: B in panels [panel][k/2][NR], A as rows of words or, where its rows are not
// contiguous, as slivers [k/2][MR]. Both are rounded on the way, to the nearest, ties to even;
// numbers too small for a normal bfloat16 become zero, as the instruction reads them.

// Words of a k: an odd one ends with a zero.
static long words_of(long k) { return (k + 1) / 2; }

// Rows of words have the room of as many floats, and a block of k as many bytes.
#define MIXED_K_BLOCK (2 * K_BLOCK)

typedef uint32_t word_anywhere __attribute__((aligned(4), may_alias));

// Sixteen words of two rows: word i is (x[i], y[i]).
INLINE vf pair(vf x, vf y) {
    __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)x));
    __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)y));
    return (vf)_mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

// Words of one row: word i is (x[2i], x[2i + 1]). Writes whole vectors, up to 15 words past the
// end.
static void round_row(long k, const float *x, float *words) {
    for (long p = 0; p < k; p += 2 * W, words += W) {
        long low = k - p, high = low - W;
        vf first = load_some(x + p, low), second = high > 0 ? load_some(x + p + W, high) : 0;
        store(words, (vf)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first));
    }
}

// MARK: Tiles

INLINE void mixed_tile_of(
    const int R, long words, const float *a, long row, long column, const float *b, float *c,
    long c_row, long i, long j, long columns, const finish *f) {
    vf sums[MR][2];
    UNROLL for (int r = 0; r < R; r++) { sums[r][0] = sums[r][1] = 0; }
    const float *rows[(MR + 2) / 3];
    UNROLL for (int g = 0; g < (R + 2) / 3; g++) { rows[g] = a + 3 * g * row; }
    prefetch_rows(R, c, c_row, i, j, f);
    for (long p = 0; p < words; p++) {
        __m512bh b0 = (__m512bh)load(b), b1 = (__m512bh)load(b + W);
        UNROLL for (int r = 0; r < R; r++) {
            word_anywhere word = *(const word_anywhere *)&rows[r / 3][(r % 3) * row];
            __m512bh x = (__m512bh)_mm512_set1_epi32((int)word);
            sums[r][0] = (vf)_mm512_dpbf16_ps((__m512)sums[r][0], x, b0);
            sums[r][1] = (vf)_mm512_dpbf16_ps((__m512)sums[r][1], x, b1);
        }
        UNROLL for (int g = 0; g < (R + 2) / 3; g++) { rows[g] += column; }
        b += NR;
    }
    finish_tile(R, sums, c, c_row, i, j, columns, f);
}

static void mixed_tile(
    long rows, long words, const float *a, long row, long column, const float *b, float *c,
    long c_row, long i, long j, long columns, const finish *f) {
#define CASE(R)                                                                        \
    case R: mixed_tile_of(R, words, a, row, column, b, c, c_row, i, j, columns, f); break;
    switch (rows) {
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)
        CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
    default: break;
    }
#undef CASE
}

static void mixed_block(
    long m, long n, long words, const float *a, long row, long column, const float *packed,
    long panel_stride, float *c, long c_row, long i, long j, const finish *f) {
    for (long y = 0; y < m; y += MR) {
        long rows = m - y < MR ? m - y : MR;
        for (long x = 0; x < n; x += NR) {
            mixed_tile(
                rows, words, a + y * row, row, column, packed + x / NR * panel_stride,
                c + y * c_row + x, c_row, i + y, j + x, n - x < NR ? n - x : NR, f);
        }
    }
}

// MARK: Packing

// One column of a panel whose columns lie anywhere.
static void round_column(long k, const float *b, long row, float *dst) {
    for (long p = 0; p < k; p += 2, dst += NR) {
        vf x = 0, y = 0;
        x[0] = b[p * row];
        if (p + 1 < k) { y[0] = b[(p + 1) * row]; }
        dst[0] = pair(x, y)[0];
    }
}

// A panel of up to NR columns in words, zero beyond them.
static void mixed_panel(long k, long columns, const float *b, long row, long column, float *dst) {
    long words = words_of(k);
    if (columns == NR && column == 1) {
        for (long p = 0; p < k; p += 2, dst += NR) {
            const float *x = b + p * row, *y = x + row;
            vf low = p + 1 < k ? load(y) : 0, high = p + 1 < k ? load(y + W) : 0;
            store(dst, pair(load(x), low));
            store(dst + W, pair(load(x + W), high));
        }
    } else if (columns == NR && row == 1) {
        // Columns of B are rows of memory: rounded a few vectors at a time, then turned.
        float rounded[NR][2 * W];
        for (long p = 0; p < k; p += 4 * W, dst += 2 * W * NR) {
            long depth = k - p < 4 * W ? k - p : 4 * W, count = words_of(depth);
            for (long j = 0; j < NR; j++) { round_row(depth, b + j * column + p, rounded[j]); }
            for (long q = 0; q < count / 4 * 4; q += 4) {
                for (long j = 0; j < NR; j += 4) {
                    transpose4(&rounded[j][q], 2 * W, dst + q * NR + j, NR);
                }
            }
            for (long q = count / 4 * 4; q < count; q++) {
                for (long j = 0; j < NR; j++) { dst[q * NR + j] = rounded[j][q]; }
            }
        }
    } else {
        memset(dst, 0, (size_t)(words * NR) * 4);
        for (long j = 0; j < columns; j++) { round_column(k, b + j * column, row, dst + j); }
    }
}

static void mixed_panels(
    long k, long n, const float *b, long row, long column, float *dst, long panel_stride) {
    for (long x = 0; x < n; x += NR) {
        mixed_panel(
            k, n - x < NR ? n - x : NR, b + x * column, row, column, dst + x / NR * panel_stride);
    }
}

static long mixed_packed_count(long k, long n) { return (n + NR - 1) / NR * NR * words_of(k); }

static void mixed_pack(long k, long n, const float *b, long row, long column, float *packed) {
    mixed_panels(k, n, b, row, column, packed, words_of(k) * NR);
}

// Slivers of MR rows of A in words, for an A whose rows are not contiguous.
static void mixed_slivers(long m, long k, const float *a, long row, long column, float *dst) {
    long words = words_of(k);
    for (long y = 0; y < m; y += MR, dst += MR * words) {
        long rows = m - y < MR ? m - y : MR;
        for (long p = 0; p < words; p++) {
            const float *x = a + y * row + 2 * p * column;
            int isWhole = 2 * p + 1 < k;
            vf low = 0, high = 0;
            if (row == 1) {
                low = load_some(x, rows);
                if (isWhole) { high = load_some(x + column, rows); }
            } else {
                for (long r = 0; r < rows; r++) {
                    low[r] = x[r * row];
                    if (isWhole) { high[r] = x[r * row + column]; }
                }
            }
            store_some(dst + p * MR, pair(low, high), MR);
        }
    }
}

// MARK: Whole products

static void mixed_rows(
    long m, long n, long k, const float *a, long row, long column, const float *packed,
    long panel_stride, float *c, long c_row, long j, const finish *f, float *area) {
    long words = words_of(k);
    // Room for the vector that a row's end writes past it, and no two rows on the same sets.
    long stride = (words + W - 1) / W * W + W;
    long rows = QK_A_BLOCK / stride / MR * MR;
    for (long i = 0; i < m; i += rows) {
        long count = m - i < rows ? m - i : rows;
        if (column == 1) {
            for (long y = 0; y < count; y++) { round_row(k, a + (i + y) * row, area + y * stride); }
            mixed_block(
                count, n, words, area, stride, 1, packed, panel_stride, c + i * c_row, c_row, i, j,
                f);
            continue;
        }
        mixed_slivers(count, k, a + i * row, row, column, area);
        for (long y = 0; y < count; y += MR) {
            long height = count - y < MR ? count - y : MR;
            mixed_block(
                height, n, words, area + y * words, 1, MR, packed, panel_stride,
                c + (i + y) * c_row, c_row, i + y, j, f);
        }
    }
}

// k cut evenly into blocks of an even number.
static long mixed_block_of_k(long k) {
    if (k <= MIXED_K_BLOCK) { return k > 0 ? k : 1; }
    long blocks = (k + MIXED_K_BLOCK - 1) / MIXED_K_BLOCK;
    return ((k + blocks - 1) / blocks + 1) / 2 * 2;
}

// `b` has B, or is null where `packed` has its panels.
static void mixed_product(
    long m, long n, long k, const float *a, long a_row, long a_column, const float *b, long b_row,
    long b_column, const float *packed, float *c, long c_row, const qk_epilogue *e,
    float *workspace) {
    long k_block = mixed_block_of_k(k), words = words_of(k);
    long n_block = QK_B_BLOCK / words_of(k_block) / NR * NR;
    for (long j = 0; j < n; j += n_block) {
        long columns = n - j < n_block ? n - j : n_block;
        long p = 0;
        do {
            long depth = k - p < k_block ? k - p : k_block;
            const float *panels = packed + j * words + p / 2 * NR;
            long panel_stride = words * NR;
            if (b) {
                panels = workspace;
                panel_stride = words_of(depth) * NR;
                mixed_panels(
                    depth, columns, b + p * b_row + j * b_column, b_row, b_column, workspace,
                    panel_stride);
            }
            finish f = {p > 0 || e->kind == QK_ADD, p + depth >= k, e};
            mixed_rows(
                m, columns, depth, a + p * a_column, a_row, a_column, panels, panel_stride, c + j,
                c_row, j, &f, workspace + QK_B_BLOCK);
            p += depth;
        } while (p < k);
    }
}

static void mixed_gemm(
    long m, long n, long k, const float *a, long a_row, long a_column, const float *b, long b_row,
    long b_column, float *c, long c_row, const qk_epilogue *e, float *workspace) {
    mixed_product(
        m, n, k, a, a_row, a_column, b, b_row, b_column, workspace, c, c_row, e, workspace);
}

static void mixed_gemm_packed(
    long m, long n, long k, const float *a, long a_row, long a_column, const float *packed,
    float *c, long c_row, const qk_epilogue *e, float *workspace) {
    mixed_product(m, n, k, a, a_row, a_column, 0, 0, 0, packed, c, c_row, e, workspace);
}
