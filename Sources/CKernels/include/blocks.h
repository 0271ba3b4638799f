/// Blocks that were compressed by themselves and whose decoded size is known: Snappy and LZ4, as
/// the pages of column files have them.
#ifndef QUERN_BLOCKS_H
#define QUERN_BLOCKS_H

#include <stdint.h>

/// Outcome of decoding a block.
typedef enum {
    QK_BLOCK_WHOLE,       // all of it was decoded, to as many bytes as were asked for
    QK_BLOCK_CUT,         // it ends inside an element
    QK_BLOCK_BAD_OFFSET,  // a copy begins before the first byte
    QK_BLOCK_BAD_SIZE,    // it holds another number of bytes
} qk_block_outcome;

/// Decodes a block of Snappy's raw format to `output`, which has `output_count` bytes, all of which
/// it has to fill. Bytes outside of both are neither read nor written. O(output_count).
///
/// Source: format_description.txt of google/snappy.
qk_block_outcome qk_snappy_decode(
    const uint8_t *input, uint64_t input_count, uint8_t *output, uint64_t output_count);

/// The same for a block of LZ4. Source: lz4_Block_format.md of lz4/lz4.
qk_block_outcome qk_lz4_decode(
    const uint8_t *input, uint64_t input_count, uint8_t *output, uint64_t output_count);

#endif
