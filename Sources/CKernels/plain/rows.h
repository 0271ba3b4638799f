// Kernels over rows: the norms, softmax with cross-entropy.

static void layer_norm(
    long rows, long n, const float *x, const float *weight, const float *bias, float epsilon,
    float *out, float *mean, float *rstd) {
    for (long r = 0; r < rows; r++) {
        double sum = 0, squares = 0;
        for (long i = 0; i < n; i++) { sum += x[r * n + i]; }
        double average = sum / (double)n;
        for (long i = 0; i < n; i++) {
            double d = x[r * n + i] - average;
            squares += d * d;
        }
        mean[r] = (float)average;
        rstd[r] = (float)(1 / sqrt(squares / (double)n + epsilon));
        for (long i = 0; i < n; i++) {
            out[r * n + i] = (x[r * n + i] - mean[r]) * rstd[r] * weight[i] + bias[i];
        }
    }
}

static void layer_norm_backward(
    long rows, long n, const float *dout, const float *x, const float *weight, const float *mean,
    const float *rstd, float *dx, float *dweight, float *dbias) {
    for (long r = 0; r < rows; r++) {
        double sum = 0, product = 0;
        for (long i = 0; i < n; i++) {
            float normed = (x[r * n + i] - mean[r]) * rstd[r];
            float dnormed = dout[r * n + i] * weight[i];
            sum += dnormed;
            product += (double)dnormed * normed;
            dweight[i] += dout[r * n + i] * normed;
            dbias[i] += dout[r * n + i];
        }
        float s = (float)(sum / (double)n), p = (float)(product / (double)n);
        for (long i = 0; i < n; i++) {
            float normed = (x[r * n + i] - mean[r]) * rstd[r];
            dx[r * n + i] += rstd[r] * (dout[r * n + i] * weight[i] - s - normed * p);
        }
    }
}

static void rms_norm(
    long rows, long n, const float *x, long x_row, const float *weight, float offset,
    float epsilon, float *out, long out_row, float *rstd) {
    for (long r = 0; r < rows; r++) {
        double squares = 0;
        for (long i = 0; i < n; i++) { squares += (double)x[r * x_row + i] * x[r * x_row + i]; }
        rstd[r] = (float)(1 / sqrt(squares / (double)n + epsilon));
        for (long i = 0; i < n; i++) {
            out[r * out_row + i] = x[r * x_row + i] * rstd[r] * (weight[i] + offset);
        }
    }
}

static void rms_norm_backward(
    long rows, long n, const float *dout, long dout_row, const float *x, long x_row,
    const float *weight, float offset, const float *rstd, float *dx, long dx_row, int adds,
    float *dweight) {
    for (long r = 0; r < rows; r++) {
        double product = 0;
        for (long i = 0; i < n; i++) {
            float normed = x[r * x_row + i] * rstd[r];
            product += (double)dout[r * dout_row + i] * (weight[i] + offset) * normed;
            dweight[i] += dout[r * dout_row + i] * normed;
        }
        float p = (float)(product / (double)n);
        for (long i = 0; i < n; i++) {
            float normed = x[r * x_row + i] * rstd[r];
            float d = rstd[r] * (dout[r * dout_row + i] * (weight[i] + offset) - normed * p);
            dx[r * dx_row + i] = d + (adds ? dx[r * dx_row + i] : 0);
        }
    }
}

static void cross_entropy(
    long rows, long n, float *logits, long row_stride, const int32_t *targets, float scale,
    float *losses) {
    for (long r = 0; r < rows; r++) {
        float *x = logits + r * row_stride;
        if (targets[r] < 0) {
            losses[r] = 0;
            if (scale != 0) {
                for (long i = 0; i < n; i++) { x[i] = 0; }
            }
            continue;
        }
        float most = -FLT_MAX;
        for (long i = 0; i < n; i++) { most = x[i] > most ? x[i] : most; }
        double sum = 0;
        for (long i = 0; i < n; i++) { sum += exp((double)x[i] - most); }
        losses[r] = (float)(log(sum) + most - x[targets[r]]);
        if (scale == 0) { continue; }
        for (long i = 0; i < n; i++) {
            double probability = exp((double)x[i] - most) / sum;
            x[i] = scale * (float)(probability - (i == targets[r] ? 1 : 0));
        }
    }
}

static void softmax(long n, float *x, float factor) {
    float most = -FLT_MAX;
    for (long i = 0; i < n; i++) { most = x[i] * factor > most ? x[i] * factor : most; }
    double sum = 0;
    for (long i = 0; i < n; i++) { sum += exp((double)(x[i] * factor) - most); }
    for (long i = 0; i < n; i++) { x[i] = (float)(exp((double)(x[i] * factor) - most) / sum); }
}
