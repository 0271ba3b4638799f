/// Raw deflate data (RFC 1951) inflated by ISA-L, where that is installed.
#ifndef QUERN_INFLATE_H
#define QUERN_INFLATE_H

#include <stdint.h>

/// The state of one stream of data. It belongs to one thread at a time.
typedef struct qk_inflater qk_inflater;

/// Outcome of a call of `qk_inflate`.
typedef enum {
    QK_INFLATE_MORE,          // the input is used up or the output full, and the data goes on
    QK_INFLATE_END,           // the data ended, and all of it is written
    QK_INFLATE_BAD_BLOCK,     // the rest are faults of the data
    QK_INFLATE_BAD_CODE,
    QK_INFLATE_BAD_DISTANCE,
} qk_inflate_outcome;

/// Result of a call of `qk_inflate`.
typedef struct {
    uint32_t consumed;        // bytes of the input that were used
    uint32_t produced;        // bytes of the output that were written
    qk_inflate_outcome outcome;
    uint32_t unused_count;    // at the end: the last bytes used that follow the data, at most 7
    uint64_t unused;          // those bytes, the first lowest
} qk_inflate_step;

/// Whether the library's header was there when this was built, the library is there now, and the
/// environment variable QUERN_INFLATE does not say `zlib`. Looked up once.
int qk_inflater_is_available(void);

/// An inflater of new data, to be freed with `qk_inflater_free`; null if it is not available or
/// there is no memory.
qk_inflater *qk_inflater_make(void);
void qk_inflater_free(qk_inflater *inflater);

/// Begins new data.
void qk_inflater_reset(qk_inflater *inflater);

/// Inflates until the input is used up, the output is full or the data ends.
qk_inflate_step qk_inflate(
    qk_inflater *inflater, const uint8_t *input, uint32_t input_count, uint8_t *output,
    uint32_t output_count);

/// The CRC-32 of RFC 1952 over the bytes that `value` covers and `count` more, by the same library.
uint32_t qk_inflater_checksum(uint32_t value, const uint8_t *bytes, uint64_t count);

#endif
