// Products of few rows with a matrix that is read once, where it lies, as a model does for one
// token. Memory sets the speed, so all that matters is to read without a pause.
//
// Every number of Y is one chain of sums over k, whatever R and S and J are, so that its bits do
// not depend on what is computed beside it.

// Rows of X at once; registers for their sums are what limits it.
#define FEW 4
// The same where a part of B is read again for other columns.
#define MORE (W == 16 ? 8 : 4)
// Vectors of columns, and rows, of a part of B that stays near while rows of X pass over it. Its
// lines come from memory in the order in which they lie there, eight a row: read two a row, as sums
// of many rows have registers for, the matrix takes twice as long.
#define WIDE 8
#define DEEP 64L
// Rows of X at once where the columns of B are contiguous: with registers enough, those of eight
// streams, for which B is then read once.
#define DOTS (W == 16 ? 8 : FEW)
// Floats of a part of such a B that stays near while more rows of X pass over it.
#define NEAR (1L << 16)
// Rows of B that are read side by side, from their begins to their ends, for few rows of X.
#define SIDE 8

// Asks for a line of B in the second-level cache. The first level can wait for a dozen lines only,
// which on some processors is a third of what memory could hand over meanwhile.
INLINE void ask_for(const float *line) { __builtin_prefetch(line, 0, 2); }

// R rows by S vectors of columns of a B whose rows are contiguous. Meanwhile the lines of WIDE
// vectors of rows from `next` on are asked for, as many as were passed over; nil for none.
INLINE void few_columns(
    const int R, const int S, long k, const float *x, long x_row, const float *b, long b_row,
    float *y, long y_row, int add, const float *next) {
    vf sums[MORE][8];
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int s = 0; s < S; s++) {
            sums[r][s] = add ? load(y + r * y_row + s * W) : (vf)0.0f;
        }
    }
    for (long p = 0; p < k; p++, b += b_row) {
        if (next) {
            const int parts = WIDE / S;
            const float *vectors = next + p / parts * b_row + p % parts * (S * W);
            UNROLL for (int i = 0; i < S * W; i += 16) { ask_for(vectors + i); }
        }
        UNROLL for (int s = 0; s < S; s++) {
            vf w = load(b + s * W);
            UNROLL for (int r = 0; r < R; r++) { sums[r][s] += x[r * x_row + p] * w; }
        }
    }
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int s = 0; s < S; s++) { store(y + r * y_row + s * W, sums[r][s]); }
    }
}

// R rows by P rows of a B whose rows are contiguous, whole vectors of its columns. The sums rest in
// Y, which is near, and B passes in the order of memory, while the P rows behind are asked for if
// `asks`.
INLINE void few_beside(
    const int R, const int P, long columns, const float *x, long x_row, const float *b, long b_row,
    float *y, long y_row, int add, int asks) {
    for (long j = 0; j < columns; j += W) {
        vf sums[FEW];
        UNROLL for (int r = 0; r < R; r++) {
            sums[r] = add ? load(y + r * y_row + j) : (vf)0.0f;
        }
        UNROLL for (int p = 0; p < P; p++) {
            const float *row = b + p * b_row + j;
            if (asks && j % 16 == 0) { ask_for(row + P * b_row); }
            vf w = load(row);
            UNROLL for (int r = 0; r < R; r++) { sums[r] += x[r * x_row + p] * w; }
        }
        UNROLL for (int r = 0; r < R; r++) { store(y + r * y_row + j, sums[r]); }
    }
}

// R rows by whole vectors of the columns of a B whose rows are contiguous.
INLINE void few_in_order(
    const int R, long columns, long k, const float *x, long x_row, const float *b, long b_row,
    float *y, long y_row, int add) {
    long p = 0;
    for (; p + SIDE <= k; p += SIDE) {
        few_beside(
            R, SIDE, columns, x + p, x_row, b + p * b_row, b_row, y, y_row, add || p > 0,
            p + 2 * SIDE <= k);
    }
    for (; p < k; p++) {
        few_beside(
            R, 1, columns, x + p, x_row, b + p * b_row, b_row, y, y_row, add || p > 0, 0);
    }
    // A sum of nothing.
    if (k == 0) { few_beside(R, 0, columns, x, x_row, b, b_row, y, y_row, add, 0); }
}

// R rows by a part of B, while the part that begins at `next` is asked for.
INLINE void few_deep(
    const int R, long k, const float *x, long x_row, const float *b, long b_row, float *y,
    long y_row, int add, const float *next) {
    const int S = R > MORE / 2 ? 2 : R > 2 ? 4 : W == 16 ? 8 : 4;
    UNROLL for (int s = 0; s < WIDE; s += S) {
        few_columns(
            R, S, k, x, x_row, b + s * W, b_row, y + s * W, y_row, add,
            next ? next + s / S * (DEEP / (WIDE / S)) * b_row : 0);
    }
}

// All rows by WIDE vectors of columns of a B whose rows are contiguous, while what begins at
// `after` is asked for: the next such columns, or nil.
static void few_wide(
    long m, long k, const float *x, long x_row, const float *b, long b_row, float *y, long y_row,
    int add, const float *after) {
    for (long p = 0; p < k; p += DEEP) {
        long deep = k - p < DEEP ? k - p : DEEP;
        const float *w = b + p * b_row;
        const float *next = p + DEEP < k ? w + DEEP * b_row : after;
        // The sums rest in Y between parts: the chain stays the same.
        int adds = add || p > 0;
        for (long i = 0; i < m; i += MORE, next = 0) {
            const float *rows = x + i * x_row + p;
            float *out = y + i * y_row;
#define CASE(R)                                                                                   \
    case R: few_deep(R, deep, rows, x_row, w, b_row, out, y_row, adds, next); break;
            switch (m - i < MORE ? m - i : MORE) {
                CASE(1) CASE(2) CASE(3) CASE(4)
#if W == 16
                CASE(5) CASE(6) CASE(7) CASE(8)
#endif
            default: break;
            }
#undef CASE
        }
    }
}

// The same for the last columns, fewer than a vector.
static void few_last_columns(
    long columns, long k, const float *x, const float *b, long b_row, float *y, int add) {
    vf sum = add ? load_some(y, columns) : (vf)0.0f;
    for (long p = 0; p < k; p++) { sum += x[p] * load_some(b + p * b_row, columns); }
    store_some(y, sum, columns);
}

// R rows by J columns of a B whose columns are contiguous, while the J columns behind are asked for
// if `asks`.
INLINE void few_dots(
    const int R, const int J, long k, const float *x, long x_row, const float *b, long b_column,
    float *y, long y_row, int add, int asks) {
    vf sums[DOTS][4];
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int j = 0; j < J; j++) { sums[r][j] = 0; }
    }
    long p = 0;
    for (; p + W <= k; p += W) {
        UNROLL for (int j = 0; j < J; j++) {
            const float *column = b + j * b_column + p;
            if (asks && p % 16 == 0) { ask_for(column + J * b_column); }
            vf w = load(column);
            UNROLL for (int r = 0; r < R; r++) { sums[r][j] += load(x + r * x_row + p) * w; }
        }
    }
    if (p < k) {
        UNROLL for (int j = 0; j < J; j++) {
            vf w = load_some(b + j * b_column + p, k - p);
            UNROLL for (int r = 0; r < R; r++) {
                sums[r][j] += load_some(x + r * x_row + p, k - p) * w;
            }
        }
    }
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int j = 0; j < J; j++) {
            float sum = sum_of(sums[r][j]);
            y[r * y_row + j] = add ? y[r * y_row + j] + sum : sum;
        }
    }
}

// R rows by all columns; `asks` of a B that is not near yet.
INLINE void few_rows_of(
    const int R, long n, long k, const float *x, long x_row, const float *b, long b_row,
    long b_column, float *y, long y_row, int add, int asks) {
    long j = 0;
    if (b_column == 1) {
        j = n - n % W;
        few_in_order(R, j, k, x, x_row, b, b_row, y, y_row, add);
        if (j < n) {
            for (int r = 0; r < R; r++) {
                few_last_columns(n - j, k, x + r * x_row, b + j, b_row, y + r * y_row + j, add);
            }
        }
        return;
    }
    // As many as there are registers for the sums.
    const int dots = R > 4 ? 3 : R > 1 && W < 16 ? 2 : 4;
    for (; j + dots <= n; j += dots) {
        few_dots(
            R, dots, k, x, x_row, b + j * b_column, b_column, y + j, y_row, add,
            asks && j + 2 * dots <= n);
    }
    for (; j < n; j++) {
        few_dots(R, 1, k, x, x_row, b + j * b_column, b_column, y + j, y_row, add, 0);
    }
}

static void few_rows(
    long m, long n, long k, const float *x, long x_row, const float *b, long b_row, long b_column,
    float *y, long y_row, int add) {
    long j = 0;
    if (b_column == 1 && m > FEW) {
        const long wide = WIDE * W;
        for (; j + wide <= n; j += wide) {
            const float *after = j + 2 * wide <= n ? b + j + wide : 0;
            few_wide(m, k, x, x_row, b + j, b_row, y + j, y_row, add, after);
        }
    }
    // More rows go through the second-level cache, a part of the columns at a time.
    const long most = b_column == 1 ? FEW : DOTS;
    const long near = b_column == 1 || W < 16 ? 128 : (NEAR / (k + 1) / 12 + 1) * 12;
    const long part = m <= most ? n : near;
    for (; j < n; j += part) {
        long columns = n - j < part ? n - j : part;
        const float *w = b + j * b_column;
        for (long i = 0; i < m; i += most) {
            const float *rows = x + i * x_row;
            float *out = y + i * y_row + j;
#define CASE(R)                                                                                   \
    case R:                                                                                       \
        few_rows_of(R, columns, k, rows, x_row, w, b_row, b_column, out, y_row, add, i == 0);     \
        break;
            switch (m - i < most ? m - i : most) {
                CASE(1) CASE(2) CASE(3) CASE(4)
#if W == 16
                CASE(5) CASE(6) CASE(7) CASE(8)
#endif
            default: break;
            }
#undef CASE
        }
    }
}
