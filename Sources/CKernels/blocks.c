// Decoders of Snappy's and LZ4's blocks. Both are lists of literals and of copies of what was
// decoded before; a copy may overlap what it makes.
#include "include/blocks.h"

#include <string.h>

// Copies of a fixed size are single instructions. They may write behind the element that they are
// for, where the output has room: what follows is written after them.
static inline void copy8(uint8_t *to, const uint8_t *from) { memcpy(to, from, 8); }
static inline void copy16(uint8_t *to, const uint8_t *from) { memcpy(to, from, 16); }

// Bytes that a copy may write behind its end.
enum { SLACK = 32 };

// Copies `count` bytes, at least 1, from `distance` bytes before `to`. `room` bytes may be written.
static inline void copy_within(uint8_t *to, uint64_t distance, uint64_t count, uint64_t room) {
    const uint8_t *from = to - distance;
    if (room < count + SLACK) {
        while (count--) { *to++ = *from++; }
        return;
    }
    uint8_t *end = to + count;
    if (distance >= 16) {
        do {
            copy16(to, from);
            to += 16;
            from += 16;
        } while (to < end);
        return;
    }
    if (distance < 8) {
        // The least multiple of each distance that is 8 or more: all behind the first 8 bytes
        // equals what stands so far before it.
        static const uint8_t multiples[8] = {0, 8, 8, 9, 8, 10, 12, 14};
        for (int i = 0; i < 8; i++) { to[i] = from[i]; }
        for (to += 8; to < end; to += 8) { copy8(to, to - multiples[distance]); }
        return;
    }
    do {
        copy8(to, from);
        to += 8;
        from += 8;
    } while (to < end);
}

qk_block_outcome qk_snappy_decode(
    const uint8_t *input, uint64_t input_count, uint8_t *output, uint64_t output_count) {
    const uint8_t *in = input, *in_end = input + input_count;
    uint8_t *out = output, *out_end = output + output_count;
    uint64_t stated = 0;
    for (int shift = 0;; shift += 7) {
        if (in == in_end || shift > 28) { return QK_BLOCK_CUT; }
        uint8_t byte = *in++;
        stated |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) { break; }
    }
    if (stated != output_count) { return QK_BLOCK_BAD_SIZE; }

    while (in < in_end) {
        uint8_t tag = *in++;
        uint64_t count, distance;
        switch (tag & 3) {
        case 0: {
            count = (tag >> 2) + 1;
            if (count <= 16 && in_end - in >= 16 && out_end - out >= 16) {
                copy16(out, in);
                in += count;
                out += count;
                continue;
            }
            if (count > 60) {
                uint64_t size = count - 60;
                if ((uint64_t)(in_end - in) < size) { return QK_BLOCK_CUT; }
                count = 0;
                for (uint64_t i = 0; i < size; i++) { count |= (uint64_t)in[i] << (8 * i); }
                count += 1;
                in += size;
            }
            if ((uint64_t)(in_end - in) < count) { return QK_BLOCK_CUT; }
            if ((uint64_t)(out_end - out) < count) { return QK_BLOCK_BAD_SIZE; }
            memcpy(out, in, count);
            in += count;
            out += count;
            continue;
        }
        case 1:
            if (in_end - in < 1) { return QK_BLOCK_CUT; }
            count = ((tag >> 2) & 7) + 4;
            distance = (uint64_t)(tag >> 5) << 8 | in[0];
            in += 1;
            break;
        case 2:
            if (in_end - in < 2) { return QK_BLOCK_CUT; }
            count = (tag >> 2) + 1;
            distance = in[0] | (uint64_t)in[1] << 8;
            in += 2;
            break;
        default:
            if (in_end - in < 4) { return QK_BLOCK_CUT; }
            count = (tag >> 2) + 1;
            distance = in[0] | (uint64_t)in[1] << 8 | (uint64_t)in[2] << 16 | (uint64_t)in[3] << 24;
            in += 4;
        }
        if (distance == 0 || distance > (uint64_t)(out - output)) { return QK_BLOCK_BAD_OFFSET; }
        if (count > (uint64_t)(out_end - out)) { return QK_BLOCK_BAD_SIZE; }
        copy_within(out, distance, count, (uint64_t)(out_end - out));
        out += count;
    }
    return out == out_end ? QK_BLOCK_WHOLE : QK_BLOCK_BAD_SIZE;
}

// Adds to a length of 15 what the bytes behind it say; 0 if they end before it does.
static inline int lz4_length(const uint8_t **in, const uint8_t *in_end, uint64_t *count) {
    uint8_t byte;
    do {
        if (*in == in_end) { return 0; }
        byte = *(*in)++;
        *count += byte;
    } while (byte == 255);
    return 1;
}

qk_block_outcome qk_lz4_decode(
    const uint8_t *input, uint64_t input_count, uint8_t *output, uint64_t output_count) {
    const uint8_t *in = input, *in_end = input + input_count;
    uint8_t *out = output, *out_end = output + output_count;
    while (in < in_end) {
        uint8_t token = *in++;
        uint64_t count = token >> 4;
        if (count == 15 && !lz4_length(&in, in_end, &count)) { return QK_BLOCK_CUT; }
        if ((uint64_t)(in_end - in) < count) { return QK_BLOCK_CUT; }
        if ((uint64_t)(out_end - out) < count) { return QK_BLOCK_BAD_SIZE; }
        if (count <= 16 && in_end - in >= 16 && out_end - out >= 16) {
            copy16(out, in);
        } else {
            memcpy(out, in, count);
        }
        in += count;
        out += count;
        // The last element has literals only.
        if (in == in_end) { break; }
        if (in_end - in < 2) { return QK_BLOCK_CUT; }
        uint64_t distance = in[0] | (uint64_t)in[1] << 8;
        in += 2;
        count = token & 15;
        if (count == 15 && !lz4_length(&in, in_end, &count)) { return QK_BLOCK_CUT; }
        count += 4;
        if (distance == 0 || distance > (uint64_t)(out - output)) { return QK_BLOCK_BAD_OFFSET; }
        if (count > (uint64_t)(out_end - out)) { return QK_BLOCK_BAD_SIZE; }
        copy_within(out, distance, count, (uint64_t)(out_end - out));
        out += count;
    }
    return out == out_end ? QK_BLOCK_WHOLE : QK_BLOCK_BAD_SIZE;
}
