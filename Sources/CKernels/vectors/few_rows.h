// Products of few rows with a matrix that is read once, where it lies, as a model does for one
// token. Memory sets the speed, so all that matters is to read without a pause.
//
// Every number of Y is one chain of sums over k, whatever R and S and J are, so that its bits do
// not depend on what is computed beside it.

// Rows of X at once; registers for their sums are what limits it.
#define FEW 4

// R rows by S vectors of columns of a B whose rows are contiguous.
INLINE void few_columns(
    const int R, const int S, long k, const float *x, long x_row, const float *b, long b_row,
    float *y, long y_row, int add) {
    vf sums[FEW][8];
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int s = 0; s < S; s++) {
            sums[r][s] = add ? load(y + r * y_row + s * W) : (vf)0.0f;
        }
    }
    for (long p = 0; p < k; p++, b += b_row) {
        UNROLL for (int s = 0; s < S; s++) {
            vf w = load(b + s * W);
            UNROLL for (int r = 0; r < R; r++) { sums[r][s] += x[r * x_row + p] * w; }
        }
    }
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int s = 0; s < S; s++) { store(y + r * y_row + s * W, sums[r][s]); }
    }
}

// The same for the last columns, fewer than a vector.
static void few_last_columns(
    long columns, long k, const float *x, const float *b, long b_row, float *y, int add) {
    vf sum = add ? load_some(y, columns) : (vf)0.0f;
    for (long p = 0; p < k; p++) { sum += x[p] * load_some(b + p * b_row, columns); }
    store_some(y, sum, columns);
}

// R rows by J columns of a B whose columns are contiguous.
INLINE void few_dots(
    const int R, const int J, long k, const float *x, long x_row, const float *b, long b_column,
    float *y, long y_row, int add) {
    vf sums[FEW][4];
    UNROLL for (int r = 0; r < R; r++) {
        UNROLL for (int j = 0; j < J; j++) { sums[r][j] = 0; }
    }
    long p = 0;
    for (; p + W <= k; p += W) {
        UNROLL for (int j = 0; j < J; j++) {
            vf w = load(b + j * b_column + p);
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

// R rows by all columns.
INLINE void few_rows_of(
    const int R, long n, long k, const float *x, long x_row, const float *b, long b_row,
    long b_column, float *y, long y_row, int add) {
    long j = 0;
    if (b_column == 1) {
        const int wide = R == 1 ? 8 : 2;
        for (; j + wide * W <= n; j += wide * W) {
            few_columns(R, wide, k, x, x_row, b + j, b_row, y + j, y_row, add);
        }
        if (R == 1 && j + 4 * W <= n) {
            few_columns(R, 4, k, x, x_row, b + j, b_row, y + j, y_row, add);
            j += 4 * W;
        }
        for (; j + W <= n; j += W) {
            few_columns(R, 1, k, x, x_row, b + j, b_row, y + j, y_row, add);
        }
        if (j < n) {
            for (int r = 0; r < R; r++) {
                few_last_columns(n - j, k, x + r * x_row, b + j, b_row, y + r * y_row + j, add);
            }
        }
        return;
    }
    const int dots = R > 1 && W < 16 ? 2 : 4;
    for (; j + dots <= n; j += dots) {
        few_dots(R, dots, k, x, x_row, b + j * b_column, b_column, y + j, y_row, add);
    }
    for (; j < n; j++) {
        few_dots(R, 1, k, x, x_row, b + j * b_column, b_column, y + j, y_row, add);
    }
}

static void few_rows(
    long m, long n, long k, const float *x, long x_row, const float *b, long b_row, long b_column,
    float *y, long y_row, int add) {
    // More rows go through the second-level cache, a part of the columns at a time.
    long part = m <= FEW ? n : 128;
    for (long j = 0; j < n; j += part) {
        long columns = n - j < part ? n - j : part;
        const float *w = b + j * b_column;
        for (long i = 0; i < m; i += FEW) {
            const float *rows = x + i * x_row;
            float *out = y + i * y_row + j;
#define CASE(R)                                                                                   \
    case R: few_rows_of(R, columns, k, rows, x_row, w, b_row, b_column, out, y_row, add); break;
            switch (m - i < FEW ? m - i : FEW) {
                CASE(1) CASE(2) CASE(3) CASE(4)
            default: break;
            }
#undef CASE
        }
    }
}
