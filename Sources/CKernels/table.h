// One table of functions a level; `levels.c` chooses among them.
#ifndef QUERN_TABLE_H
#define QUERN_TABLE_H

#include "CKernels.h"

// Floats of the two packed blocks that a product works on: B's fits in half of a second-level
// cache of 1 MiB, A's beside it.
#define QK_B_BLOCK (128L * 1024)
#define QK_A_BLOCK (56L * 1024)
#define QK_K_BLOCK 512L

typedef struct {
    void (*gemm)(
        long, long, long, const float *, long, long, const float *, long, long, float *, long,
        const qk_epilogue *, float *);
    long (*packed_count)(long, long);
    void (*pack)(long, long, const float *, long, long, float *);
    void (*gemm_packed)(
        long, long, long, const float *, long, long, const float *, float *, long,
        const qk_epilogue *, float *);
    void (*few_rows)(
        long, long, long, const float *, long, const float *, long, long, float *, long, int);
    void (*few_rows_reduced)(
        int, long, long, long, const float *, long, const uint8_t *, float *, long, int);
    void (*pack_reduced)(int, long, long, const uint8_t *, float *);
    float (*peak)(long);
    long peak_operations;  // floating-point operations an iteration of `peak`
    void (*layer_norm)(
        long, long, const float *, const float *, const float *, float, float *, float *, float *);
    void (*layer_norm_backward)(
        long, long, const float *, const float *, const float *, const float *, const float *,
        float *, float *, float *);
    void (*rms_norm)(
        long, long, const float *, long, const float *, float, float *, long, float *);
    void (*rms_norm_backward)(
        long, long, const float *, long, const float *, long, const float *, const float *,
        float *, long, int, float *);
    void (*rotate)(long, long, long, float *, long, const int32_t *, const float *, int);
    void (*swiglu)(long, long, const float *, long, float *, long);
    void (*swiglu_backward)(
        long, long, const float *, long, const float *, long, float *, long);
    void (*gelu)(long, const float *, float *, float *);
    void (*cross_entropy)(long, long, float *, long, const int32_t *, float, float *);
    void (*softmax)(long, float *, float);
    long (*attention_workspace)(long, long);
    void (*attention)(
        const qk_attention_shape *, const float *, const float *, const float *, float *, float *,
        float *);
    void (*attention_backward)(
        const qk_attention_shape *, const float *, const float *, const float *, const float *,
        const float *, const float *, float *, float *, float *, int, float *);
    void (*attention_step)(
        long, long, long, const float *, const float *, const float *, long, float *, float *);
    void (*attention_cached)(
        long, long, long, const float *, long, const float *, const float *, long, float *, long,
        float *);
    void (*drop)(long, long, const float *, const float *, float *, const qk_dropout *);
    void (*embed)(long, long, const int32_t *, const float *, float *, int);
    void (*embed_backward)(long, long, const int32_t *, const float *, float *);
    void (*add)(long, const float *, float *);
    void (*add_rows)(long, long, const float *, long, float *);
    double (*sum_of_squares)(long, const float *);
    void (*adamw)(long, float *, const float *, float *, float *, const qk_adamw_step *);
} qk_table;

extern const qk_table qk_plain_table;
extern const qk_table qk_plain_mixed_table;
extern const qk_table qk_portable_table;
#if defined(__x86_64__)
extern const qk_table qk_avx2_table;
extern const qk_table qk_avx512_table;
extern const qk_table qk_avx512_mixed_table;
#endif

#endif
