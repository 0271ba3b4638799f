// Kernels over rows: the norms, softmax with cross-entropy.

static void layer_norm(
    long rows, long n, const float *x, const float *weight, const float *bias, float epsilon,
    float *out, float *mean, float *rstd) {
    for (long r = 0; r < rows; r++, x += n, out += n) {
        vf sum = 0, squares = 0;
        FOR_VECTORS(i, lanes, n) { sum += load_some(x + i, lanes); }
        float average = sum_of(sum) / (float)n;
        // Two passes: a row is in the nearest cache, and E[x²] - E[x]² would cancel.
        FOR_VECTORS(i, lanes, n) {
            vf d = fill_absent(load_some(x + i, lanes) - average, 0, lanes);
            squares += d * d;
        }
        float scale = 1 / sqrtf(sum_of(squares) / (float)n + epsilon);
        FOR_VECTORS(i, lanes, n) {
            vf normed = (load_some(x + i, lanes) - average) * scale;
            vf value = normed * load_some(weight + i, lanes) + load_some(bias + i, lanes);
            store_some(out + i, value, lanes);
        }
        mean[r] = average;
        rstd[r] = scale;
    }
}

static void layer_norm_backward(
    long rows, long n, const float *dout, const float *x, const float *weight, const float *mean,
    const float *rstd, float *dx, float *dweight, float *dbias) {
    for (long r = 0; r < rows; r++, dout += n, x += n, dx += n) {
        vf sum = 0, product = 0;
        FOR_VECTORS(i, lanes, n) {
            vf g = load_some(dout + i, lanes);
            vf normed = (load_some(x + i, lanes) - mean[r]) * rstd[r];
            vf dnormed = g * load_some(weight + i, lanes);
            sum += dnormed;
            product += dnormed * normed;
            store_some(dweight + i, load_some(dweight + i, lanes) + g * normed, lanes);
            store_some(dbias + i, load_some(dbias + i, lanes) + g, lanes);
        }
        float s = sum_of(sum) / (float)n, p = sum_of(product) / (float)n;
        FOR_VECTORS(i, lanes, n) {
            vf normed = (load_some(x + i, lanes) - mean[r]) * rstd[r];
            vf dnormed = load_some(dout + i, lanes) * load_some(weight + i, lanes);
            vf d = (dnormed - s - normed * p) * rstd[r];
            store_some(dx + i, load_some(dx + i, lanes) + d, lanes);
        }
    }
}

static void rms_norm(
    long rows, long n, const float *x, long x_row, const float *weight, float offset,
    float epsilon, float *out, long out_row, float *rstd) {
    for (long r = 0; r < rows; r++, x += x_row, out += out_row) {
        vf squares = 0;
        FOR_VECTORS(i, lanes, n) {
            vf value = load_some(x + i, lanes);
            squares += value * value;
        }
        float scale = 1 / sqrtf(sum_of(squares) / (float)n + epsilon);
        FOR_VECTORS(i, lanes, n) {
            vf normed = load_some(x + i, lanes) * scale;
            store_some(out + i, normed * (load_some(weight + i, lanes) + offset), lanes);
        }
        rstd[r] = scale;
    }
}

static void rms_norm_backward(
    long rows, long n, const float *dout, long dout_row, const float *x, long x_row,
    const float *weight, float offset, const float *rstd, float *dx, long dx_row, int adds,
    float *dweight) {
    for (long r = 0; r < rows; r++, dout += dout_row, x += x_row, dx += dx_row) {
        vf product = 0;
        FOR_VECTORS(i, lanes, n) {
            vf g = load_some(dout + i, lanes), normed = load_some(x + i, lanes) * rstd[r];
            product += g * (load_some(weight + i, lanes) + offset) * normed;
            store_some(dweight + i, load_some(dweight + i, lanes) + g * normed, lanes);
        }
        float p = sum_of(product) / (float)n;
        FOR_VECTORS(i, lanes, n) {
            vf normed = load_some(x + i, lanes) * rstd[r];
            vf dnormed = load_some(dout + i, lanes) * (load_some(weight + i, lanes) + offset);
            vf d = (dnormed - normed * p) * rstd[r];
            if (adds) { d += load_some(dx + i, lanes); }
            store_some(dx + i, d, lanes);
        }
    }
}

// The greatest of n floats times a positive factor.
static float row_max(long n, const float *x) {
    vf most = -__FLT_MAX__;
    FOR_VECTORS(i, lanes, n) {
        most = greatest(
            most, fill_absent(load_some(x + i, lanes), -__FLT_MAX__, lanes));
    }
    return max_of(most);
}

// Replaces x by exp(x·factor - shift) and returns the sum.
static float row_exp(long n, float *x, float factor, float shift) {
    vf sum = 0;
    FOR_VECTORS(i, lanes, n) {
        vf value = exp_of(load_some(x + i, lanes) * factor - shift);
        sum += fill_absent(value, 0, lanes);
        store_some(x + i, value, lanes);
    }
    return sum_of(sum);
}

static void row_scale(long n, float *x, float factor) {
    FOR_VECTORS(i, lanes, n) { store_some(x + i, load_some(x + i, lanes) * factor, lanes); }
}

static void cross_entropy(
    long rows, long n, float *logits, long row_stride, const int32_t *targets, float scale,
    float *losses) {
    for (long r = 0; r < rows; r++) {
        float *x = logits + r * row_stride;
        if (targets[r] < 0) {
            losses[r] = 0;
            if (scale != 0) { memset(x, 0, (size_t)n * 4); }
            continue;
        }
        float most = row_max(n, x), target = x[targets[r]];
        float sum = row_exp(n, x, 1, most);
        losses[r] = logf(sum) + most - target;
        if (scale != 0) {
            row_scale(n, x, scale / sum);
            x[targets[r]] -= scale;
        }
    }
}

static void softmax(long n, float *x, float factor) {
    float most = row_max(n, x);
    float sum = row_exp(n, x, factor, most * factor);
    row_scale(n, x, 1 / sum);
}
