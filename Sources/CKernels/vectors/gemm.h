// Matrix products.
//
// B is laid out in panels of NR columns, [panel][k][NR], zero beyond its last column. A tile of
// MR × NR sums of C stays in registers while k runs: each step loads one row of the panel (two
// vectors) and multiplies it by MR numbers of A. A is read where it lies when its rows are
// contiguous. The plan is that of Goto and van de Geijn (https://doi.org/10.1145/1356052.1356053).
#define NR (2 * W)

// The most of k in a block: a sliver of A's rows then stays in the first-level cache.
#define K_BLOCK 512L

// The end of a tile's sums, besides storing them.
typedef struct {
    int partial;  // C holds the sums of earlier blocks of k: add them
    int last;     // the last block of k: apply the epilogue
    const qk_epilogue *epilogue;
} finish;

INLINE int adds_bias(int kind) {
    return kind == QK_BIAS || kind == QK_BIAS_RESIDUAL || kind == QK_BIAS_GELU
        || kind == QK_BIAS_RELU;
}

// A NaN stays one.
INLINE vf relu_of(vf x) { return greatest((vf)(0.0f), x); }

// `value` in the lanes where `x` is positive, else 0.
INLINE vf where_positive(vf x, vf value) { return x > 0 ? value : 0; }

// A row of a tile that C's edge cuts through its epilogue: (i, j) is its place in C.
static void finish_row(
    const float *sums, float *c, long i, long j, long columns, const finish *f) {
    const qk_epilogue *e = f->epilogue;
    int kind = f->last ? e->kind : QK_STORE;
    FOR_VECTORS(x, lanes, columns) {
        vf value = load(sums + x), slope;
        if (f->partial) { value += load_some(c + x, lanes); }
        if (adds_bias(kind)) { value += load_some(e->bias + j + x, lanes); }
        if (kind == QK_BIAS_RELU) { value = relu_of(value); }
        if (kind == QK_WHERE_POSITIVE) {
            value = where_positive(load_some(e->other + i * e->other_row + j + x, lanes), value);
        }
        if (kind == QK_BIAS_RESIDUAL || kind == QK_RESIDUAL) {
            value += load_some(e->other + i * e->other_row + j + x, lanes);
        }
        if (kind == QK_MULTIPLY) { value *= load_some(e->other + i * e->other_row + j + x, lanes); }
        if (kind == QK_BIAS_GELU) {
            value = gelu_of(value, &slope);
            store_some(e->second + i * e->second_row + j + x, slope, lanes);
        }
        store_some(c + x, value, lanes);
    }
}

// Prefetches the rows that a tile will add to its sums or multiply them by: those of C's earlier
// sums, or the epilogue's residual rows.
INLINE void prefetch_rows(
    const int R, const float *c, long c_row, long i, long j, const finish *f) {
    const qk_epilogue *e = f->epilogue;
    if (!f->partial && !e->other) { return; }
    const float *rows = f->partial ? c : e->other + i * e->other_row + j;
    long row = f->partial ? c_row : e->other_row;
    UNROLL for (int r = 0; r < R; r++) {
        __builtin_prefetch(rows + r * row);
        __builtin_prefetch(rows + r * row + W);
    }
}

// Stores R rows of sums in C; R is a constant wherever this is inlined, so they stay in registers.
INLINE void finish_tile(
    const int R, vf sums[MR][2], float *c, long c_row, long i, long j, long columns,
    const finish *f) {
    const qk_epilogue *e = f->epilogue;
    if (columns < NR) {
        float spilled[MR * NR];
        UNROLL for (int r = 0; r < R; r++) {
            store(spilled + r * NR, sums[r][0]);
            store(spilled + r * NR + W, sums[r][1]);
        }
        for (long r = 0; r < R; r++) {
            finish_row(spilled + r * NR, c + r * c_row, i + r, j, columns, f);
        }
        return;
    }
    // A whole tile passes through its epilogue in registers, in the order of `finish_row`.
    int kind = f->last ? e->kind : QK_STORE;
    if (f->partial) {
        UNROLL for (int r = 0; r < R; r++) {
            sums[r][0] = load(c + r * c_row) + sums[r][0];
            sums[r][1] = load(c + r * c_row + W) + sums[r][1];
        }
    }
    if (adds_bias(kind)) {
        vf b0 = load(e->bias + j), b1 = load(e->bias + j + W);
        UNROLL for (int r = 0; r < R; r++) {
            sums[r][0] += b0;
            sums[r][1] += b1;
        }
    }
    if (kind == QK_BIAS_RESIDUAL || kind == QK_RESIDUAL) {
        const float *other = e->other + i * e->other_row + j;
        UNROLL for (int r = 0; r < R; r++) {
            sums[r][0] += load(other + r * e->other_row);
            sums[r][1] += load(other + r * e->other_row + W);
        }
    }
    if (kind == QK_MULTIPLY) {
        const float *other = e->other + i * e->other_row + j;
        UNROLL for (int r = 0; r < R; r++) {
            sums[r][0] *= load(other + r * e->other_row);
            sums[r][1] *= load(other + r * e->other_row + W);
        }
    }
    if (kind == QK_BIAS_RELU) {
        UNROLL for (int r = 0; r < R; r++) {
            sums[r][0] = relu_of(sums[r][0]);
            sums[r][1] = relu_of(sums[r][1]);
        }
    }
    if (kind == QK_WHERE_POSITIVE) {
        const float *other = e->other + i * e->other_row + j;
        UNROLL for (int r = 0; r < R; r++) {
            sums[r][0] = where_positive(load(other + r * e->other_row), sums[r][0]);
            sums[r][1] = where_positive(load(other + r * e->other_row + W), sums[r][1]);
        }
    }
    UNROLL for (int r = 0; r < R; r++) {
        store(c + r * c_row, sums[r][0]);
        store(c + r * c_row + W, sums[r][1]);
    }
    if (kind == QK_BIAS_GELU) {
        // GELU is too long to unroll; the sums just stored are still in the cache.
        float *second = e->second + i * e->second_row + j;
        for (long r = 0; r < R; r++) {
            for (long x = 0; x < NR; x += W) {
                vf slope, value = gelu_of(load(c + r * c_row + x), &slope);
                store(c + r * c_row + x, value);
                store(second + r * e->second_row + x, slope);
            }
        }
    }
}

// R rows of a tile.
INLINE void tile_of(
    const int R, long k, const float *a, long row, long column, const float *b, float *c,
    long c_row, long i, long j, long columns, const finish *f) {
    vf sums[MR][2];
    UNROLL for (int r = 0; r < R; r++) { sums[r][0] = sums[r][1] = 0; }
    // Three rows a pointer: base, base + row, base + 2·row are all addresses that one instruction
    // can name, so five registers reach fourteen rows.
    const float *rows[(MR + 2) / 3];
    UNROLL for (int g = 0; g < (R + 2) / 3; g++) { rows[g] = a + 3 * g * row; }
    prefetch_rows(R, c, c_row, i, j, f);
    for (long p = 0; p < k; p++) {
        vf b0 = load(b), b1 = load(b + W);
        UNROLL for (int r = 0; r < R; r++) {
            float x = rows[r / 3][(r % 3) * row];
            sums[r][0] += x * b0;
            sums[r][1] += x * b1;
        }
        UNROLL for (int g = 0; g < (R + 2) / 3; g++) { rows[g] += column; }
        b += NR;
    }
    finish_tile(R, sums, c, c_row, i, j, columns, f);
}

static void tile(
    long rows, long k, const float *a, long row, long column, const float *b, float *c, long c_row,
    long i, long j, long columns, const finish *f) {
#define CASE(R)                                                                \
    case R: tile_of(R, k, a, row, column, b, c, c_row, i, j, columns, f); break;
    switch (rows) {
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if MR > 6
        CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
#endif
    default: break;
    }
#undef CASE
}

// A block of rows of C at (i, j): A (m, k) by packed panels. A sliver of A's rows stays in the
// first-level cache while the panels stream by.
static void multiply_block(
    long m, long n, long k, const float *a, long row, long column, const float *packed,
    long panel_stride, float *c, long c_row, long i, long j, const finish *f) {
    for (long y = 0; y < m; y += MR) {
        long rows = m - y < MR ? m - y : MR;
        for (long x = 0; x < n; x += NR) {
            tile(
                rows, k, a + y * row, row, column, packed + x / NR * panel_stride,
                c + y * c_row + x, c_row, i + y, j + x, n - x < NR ? n - x : NR, f);
        }
    }
}

// MARK: Packing

typedef float v4 __attribute__((ext_vector_type(4)));
typedef float v4_anywhere __attribute__((ext_vector_type(4), aligned(4), may_alias));

// dst[p][j] = src[j][p] for four rows j and four p.
INLINE void transpose4(const float *src, long src_row, float *dst, long dst_row) {
    v4 a = *(const v4_anywhere *)src, b = *(const v4_anywhere *)(src + src_row);
    v4 c = *(const v4_anywhere *)(src + 2 * src_row), d = *(const v4_anywhere *)(src + 3 * src_row);
    v4 ab0 = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    v4 ab1 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    v4 cd0 = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    v4 cd1 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *(v4_anywhere *)dst = __builtin_shufflevector(ab0, cd0, 0, 1, 4, 5);
    *(v4_anywhere *)(dst + dst_row) = __builtin_shufflevector(ab0, cd0, 2, 3, 6, 7);
    *(v4_anywhere *)(dst + 2 * dst_row) = __builtin_shufflevector(ab1, cd1, 0, 1, 4, 5);
    *(v4_anywhere *)(dst + 3 * dst_row) = __builtin_shufflevector(ab1, cd1, 2, 3, 6, 7);
}

// A panel of up to NR columns: dst[p][0..<NR] = b[p, 0..<columns], then zeros.
static void pack_panel(
    long k, long columns, const float *b, long row, long column, float *dst) {
    if (columns == NR && column == 1) {
        for (long p = 0; p < k; p++) {
            store(dst + p * NR, load(b + p * row));
            store(dst + p * NR + W, load(b + p * row + W));
        }
    } else if (columns == NR && row == 1) {
        long p = 0;
        for (; p + 4 <= k; p += 4) {
            for (long j = 0; j < NR; j += 4) {
                transpose4(b + j * column + p, column, dst + p * NR + j, NR);
            }
        }
        for (; p < k; p++) {
            for (long j = 0; j < NR; j++) { dst[p * NR + j] = b[j * column + p]; }
        }
    } else {
        for (long p = 0; p < k; p++) {
            for (long j = 0; j < columns; j++) { dst[p * NR + j] = b[p * row + j * column]; }
            for (long j = columns; j < NR; j++) { dst[p * NR + j] = 0; }
        }
    }
}

static void pack_panels(
    long k, long n, const float *b, long row, long column, float *dst, long panel_stride) {
    for (long x = 0; x < n; x += NR) {
        pack_panel(
            k, n - x < NR ? n - x : NR, b + x * column, row, column, dst + x / NR * panel_stride);
    }
}

static long packed_count(long k, long n) { return (n + NR - 1) / NR * NR * k; }

static void pack(long k, long n, const float *b, long row, long column, float *packed) {
    pack_panels(k, n, b, row, column, packed, k * NR);
}

// Slivers of MR rows of A as [sliver][k][MR], for an A whose rows are not contiguous. A transposed
// A is read by whole rows of memory, for each lies on another page.
static void pack_slivers(
    long m, long k, const float *a, long row, long column, float *dst) {
    long whole = row == 1 ? m / MR * MR : 0;
    for (long p = 0; p < k; p++) {
        const float *src = a + p * column;
        for (long y = 0; y < whole; y += MR) { memcpy(dst + y * k + p * MR, src + y, MR * 4); }
    }
    for (long y = whole; y < m; y += MR) {
        long rows = m - y < MR ? m - y : MR;
        for (long p = 0; p < k; p++) {
            for (long r = 0; r < rows; r++) {
                dst[y * k + p * MR + r] = a[(y + r) * row + p * column];
            }
        }
    }
}

// MARK: Whole products

// Rows of A that lie a multiple of 2 KiB apart fall on the same few sets of the first-level cache,
// more of them than it has ways: such an A is copied row by row to a stride without that.
static int rows_collide(long row) { return row % 512 == 0; }

// One block of k of the product, with B's panels ready. `area` holds the copy of A's rows.
static void multiply_rows(
    long m, long n, long k, const float *a, long row, long column, const float *packed,
    long panel_stride, float *c, long c_row, long j, const finish *f, float *area) {
    int slivers = column != 1;
    int copies = !slivers && rows_collide(row) && m > 1;
    if (!slivers && !copies) {
        multiply_block(m, n, k, a, row, column, packed, panel_stride, c, c_row, 0, j, f);
        return;
    }
    long stride = k + 16;
    long rows = QK_A_BLOCK / stride / MR * MR;
    for (long i = 0; i < m; i += rows) {
        long count = m - i < rows ? m - i : rows;
        if (slivers) {
            pack_slivers(count, k, a + i * row, row, column, area);
            for (long y = 0; y < count; y += MR) {
                long height = count - y < MR ? count - y : MR;
                multiply_block(
                    height, n, k, area + y * k, 1, MR, packed, panel_stride,
                    c + (i + y) * c_row, c_row, i + y, j, f);
            }
        } else {
            for (long y = 0; y < count; y++) {
                memcpy(area + y * stride, a + (i + y) * row, (size_t)k * 4);
            }
            multiply_block(
                count, n, k, area, stride, 1, packed, panel_stride, c + i * c_row, c_row, i, j,
                f);
        }
    }
}

// k cut evenly into blocks of at most K_BLOCK.
static long block_of_k(long k) {
    if (k <= K_BLOCK) { return k > 0 ? k : 1; }
    long blocks = (k + K_BLOCK - 1) / K_BLOCK;
    return (k + blocks - 1) / blocks;
}

// `b` has B, or is null where `packed` has its panels.
static void product(
    long m, long n, long k, const float *a, long a_row, long a_column, const float *b, long b_row,
    long b_column, const float *packed, float *c, long c_row, const qk_epilogue *e,
    float *workspace) {
    long k_block = block_of_k(k);
    long n_block = QK_B_BLOCK / k_block / NR * NR;
    for (long j = 0; j < n; j += n_block) {
        long columns = n - j < n_block ? n - j : n_block;
        long p = 0;
        do {
            long depth = k - p < k_block ? k - p : k_block;
            const float *panels = packed + j * k + p * NR;
            long panel_stride = k * NR;
            if (b) {
                panels = workspace;
                panel_stride = depth * NR;
                pack_panels(
                    depth, columns, b + p * b_row + j * b_column, b_row, b_column, workspace,
                    panel_stride);
            }
            finish f = {p > 0 || e->kind == QK_ADD, p + depth >= k, e};
            multiply_rows(
                m, columns, depth, a + p * a_column, a_row, a_column, panels, panel_stride, c + j,
                c_row, j, &f, workspace + QK_B_BLOCK);
            p += depth;
        } while (p < k);
    }
}

static void gemm(
    long m, long n, long k, const float *a, long a_row, long a_column, const float *b, long b_row,
    long b_column, float *c, long c_row, const qk_epilogue *e, float *workspace) {
    product(m, n, k, a, a_row, a_column, b, b_row, b_column, workspace, c, c_row, e, workspace);
}

static void gemm_packed(
    long m, long n, long k, const float *a, long a_row, long a_column, const float *packed,
    float *c, long c_row, const qk_epilogue *e, float *workspace) {
    product(m, n, k, a, a_row, a_column, 0, 0, 0, packed, c, c_row, e, workspace);
}

// Ten chains of dependent multiply-adds hide the latency of two units; sixteen an iteration each.
#define PEAK_CHAINS 10
#define PEAK_OPERATIONS (PEAK_CHAINS * 16L * W * 2)
static float peak(long iterations) {
    vf sums[PEAK_CHAINS];
    UNROLL for (int c = 0; c < PEAK_CHAINS; c++) { sums[c] = (float)c; }
    vf factor = 0.5f, term = 1.0f;
    for (long i = 0; i < iterations; i++) {
        UNROLL for (int s = 0; s < 16; s++) {
            UNROLL for (int c = 0; c < PEAK_CHAINS; c++) { sums[c] = sums[c] * factor + term; }
        }
    }
    vf all = 0;
    UNROLL for (int c = 0; c < PEAK_CHAINS; c++) { all += sums[c]; }
    return sum_of(all);
}
