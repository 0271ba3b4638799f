// The public functions: each looks up the table of the level it was given.
#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mman.h>
#endif
#include <time.h>
#include <unistd.h>

#include "table.h"

int qk_processor_count(void) {
#if defined(__linux__)
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 0) {
        return CPU_COUNT(&allowed);
    }
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

void qk_prefer_large_pages(void *address, long bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    (void)madvise(address, (size_t)bytes, MADV_HUGEPAGE);
#else
    (void)address;
    (void)bytes;
#endif
}

int qk_level_is_available(int level) {
    switch (level) {
    case QK_PLAIN:
    case QK_PLAIN_MIXED:
    case QK_PORTABLE: return 1;
#if defined(__x86_64__)
    // These builtins also ask the operating system whether it saves the wide registers.
    case QK_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
            && __builtin_cpu_supports("f16c")
            && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("lzcnt");
    case QK_AVX512_MIXED:
        return __builtin_cpu_supports("avx512bf16") && qk_level_is_available(QK_AVX512);
    case QK_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
            && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
            && qk_level_is_available(QK_AVX2);
#endif
    default: return 0;
    }
}

int qk_best_level(void) {
    int level = QK_LEVEL_COUNT - 1;
    while (!qk_level_is_available(level)) { level -= 1; }
    return level;
}

static inline const qk_table *table(int level) {
    switch (level) {
    case QK_PLAIN: return &qk_plain_table;
    case QK_PLAIN_MIXED: return &qk_plain_mixed_table;
#if defined(__x86_64__)
    case QK_AVX2: return &qk_avx2_table;
    case QK_AVX512: return &qk_avx512_table;
    case QK_AVX512_MIXED: return &qk_avx512_mixed_table;
#endif
    default: return &qk_portable_table;
    }
}

long qk_gemm_workspace(void) { return QK_B_BLOCK + QK_A_BLOCK + 64; }

void qk_gemm(
    int level, long m, long n, long k, const float *a, long a_row, long a_column, const float *b,
    long b_row, long b_column, float *c, long c_row, const qk_epilogue *epilogue,
    float *workspace) {
    table(level)->gemm(
        m, n, k, a, a_row, a_column, b, b_row, b_column, c, c_row, epilogue, workspace);
}

long qk_packed_count(int level, long k, long n) { return table(level)->packed_count(k, n); }

void qk_pack(
    int level, long k, long n, const float *b, long b_row, long b_column, float *packed) {
    table(level)->pack(k, n, b, b_row, b_column, packed);
}

void qk_gemm_packed(
    int level, long m, long n, long k, const float *a, long a_row, long a_column,
    const float *packed, float *c, long c_row, const qk_epilogue *epilogue, float *workspace) {
    table(level)->gemm_packed(
        m, n, k, a, a_row, a_column, packed, c, c_row, epilogue, workspace);
}

void qk_few_rows(
    int level, long m, long n, long k, const float *x, long x_row, const float *b, long b_row,
    long b_column, float *y, long y_row, int add) {
    table(level)->few_rows(m, n, k, x, x_row, b, b_row, b_column, y, y_row, add);
}

void qk_few_rows_reduced(
    int level, int format, long m, long n, long k, const float *x, long x_row,
    const uint8_t *reduced, float *y, long y_row, int add) {
    table(level)->few_rows_reduced(format, m, n, k, x, x_row, reduced, y, y_row, add);
}

void qk_pack_reduced(
    int level, int format, long k, long n, const uint8_t *reduced, float *packed) {
    table(level)->pack_reduced(format, k, n, reduced, packed);
}

double qk_peak_gflops(int level, long iterations) {
    struct timespec start, end;
    volatile float sink;
    clock_gettime(CLOCK_MONOTONIC, &start);
    sink = table(level)->peak(iterations);
    clock_gettime(CLOCK_MONOTONIC, &end);
    (void)sink;
    double seconds = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
    return (double)iterations * (double)table(level)->peak_operations / seconds / 1e9;
}

void qk_layer_norm(
    int level, long rows, long n, const float *x, const float *weight, const float *bias,
    float epsilon, float *out, float *mean, float *rstd) {
    table(level)->layer_norm(rows, n, x, weight, bias, epsilon, out, mean, rstd);
}

void qk_layer_norm_backward(
    int level, long rows, long n, const float *dout, const float *x, const float *weight,
    const float *mean, const float *rstd, float *dx, float *dweight, float *dbias) {
    table(level)->layer_norm_backward(
        rows, n, dout, x, weight, mean, rstd, dx, dweight, dbias);
}

void qk_rms_norm(
    int level, long rows, long n, const float *x, long x_row, const float *weight, float epsilon,
    float *out, long out_row, float *rstd) {
    table(level)->rms_norm(rows, n, x, x_row, weight, epsilon, out, out_row, rstd);
}

void qk_rms_norm_backward(
    int level, long rows, long n, const float *dout, long dout_row, const float *x, long x_row,
    const float *weight, const float *rstd, float *dx, long dx_row, int adds, float *dweight) {
    table(level)->rms_norm_backward(
        rows, n, dout, dout_row, x, x_row, weight, rstd, dx, dx_row, adds, dweight);
}

void qk_rotate(
    int level, long rows, long heads, long d, float *x, long x_row, const int32_t *places,
    const float *angles, int inverse) {
    table(level)->rotate(rows, heads, d, x, x_row, places, angles, inverse);
}

void qk_swiglu(
    int level, long rows, long n, const float *gates, long gates_row, float *out, long out_row) {
    table(level)->swiglu(rows, n, gates, gates_row, out, out_row);
}

void qk_swiglu_backward(
    int level, long rows, long n, const float *dout, long dout_row, const float *gates,
    long gates_row, float *dgates, long dgates_row) {
    table(level)->swiglu_backward(
        rows, n, dout, dout_row, gates, gates_row, dgates, dgates_row);
}

void qk_gelu(int level, long count, const float *x, float *out, float *derivative) {
    table(level)->gelu(count, x, out, derivative);
}

void qk_cross_entropy(
    int level, long rows, long n, float *logits, long row_stride, const int32_t *targets,
    float scale, float *losses) {
    table(level)->cross_entropy(rows, n, logits, row_stride, targets, scale, losses);
}

void qk_softmax(int level, long n, float *x, float factor) {
    table(level)->softmax(n, x, factor);
}

long qk_attention_workspace(int level, long t, long d) {
    return table(level)->attention_workspace(t, d);
}

void qk_drop(
    int level, long rows, long n, const float *x, const float *other, float *out,
    const qk_dropout *dropout) {
    table(level)->drop(rows, n, x, other, out, dropout);
}

void qk_attention(
    int level, const qk_attention_shape *shape, const float *q, const float *k, const float *v,
    float *out, float *logsumexp, float *workspace) {
    table(level)->attention(shape, q, k, v, out, logsumexp, workspace);
}

void qk_attention_backward(
    int level, const qk_attention_shape *shape, const float *q, const float *k, const float *v,
    const float *out, const float *dout, const float *logsumexp, float *dq, float *dk, float *dv,
    int adds, float *workspace) {
    table(level)->attention_backward(
        shape, q, k, v, out, dout, logsumexp, dq, dk, dv, adds, workspace);
}

void qk_attention_step(
    int level, long heads, long count, long d, const float *q, const float *keys,
    const float *values, long cache_row, float *out, float *scores) {
    table(level)->attention_step(heads, count, d, q, keys, values, cache_row, out, scores);
}

void qk_attention_cached(
    int level, long t, long count, long d, const float *q, long q_row, const float *keys,
    const float *values, long cache_row, float *out, long out_row, float *workspace) {
    table(level)->attention_cached(
        t, count, d, q, q_row, keys, values, cache_row, out, out_row, workspace);
}

void qk_embed(
    int level, long rows, long n, const int32_t *ids, const float *vectors, float *out, int adds) {
    table(level)->embed(rows, n, ids, vectors, out, adds);
}

void qk_embed_backward(
    int level, long rows, long n, const int32_t *ids, const float *dout, float *dtable) {
    table(level)->embed_backward(rows, n, ids, dout, dtable);
}

void qk_add(int level, long count, const float *x, float *y) { table(level)->add(count, x, y); }

void qk_add_rows(int level, long rows, long n, const float *x, long x_row, float *out) {
    table(level)->add_rows(rows, n, x, x_row, out);
}

double qk_sum_of_squares(int level, long count, const float *x) {
    return table(level)->sum_of_squares(count, x);
}

void qk_adamw(
    int level, long count, float *p, const float *g, float *m, float *v,
    const qk_adamw_step *step) {
    table(level)->adamw(count, p, g, m, v, step);
}
