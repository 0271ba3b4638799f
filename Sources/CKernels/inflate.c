// ISA-L, loaded at run time, so that a program that was built beside it also runs where it is
// missing. The layout of its state comes from its header: without the header at build time it
// counts as missing.
#include "include/inflate.h"

#include <stdlib.h>

#if __has_include(<isa-l/igzip_lib.h>)

#include <dlfcn.h>
#include <isa-l/igzip_lib.h>
#include <pthread.h>
#include <string.h>

// The number in the name is that of the layout, and the header's.
#if defined(__APPLE__)
#define LIBRARY "libisal.2.dylib"
#else
#define LIBRARY "libisal.so.2"
#endif

struct qk_inflater {
    struct inflate_state state;
};

// The library's functions; all are null unless it is available.
static struct {
    void (*init)(struct inflate_state *);
    void (*reset)(struct inflate_state *);
    int (*inflate)(struct inflate_state *);
    uint32_t (*crc32)(uint32_t, const unsigned char *, uint64_t);
} isal;
static pthread_once_t load_once = PTHREAD_ONCE_INIT;

static void load(void) {
    const char *wanted = getenv("QUERN_INFLATE");
    if (wanted && strcmp(wanted, "zlib") == 0) { return; }
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library) { return; }
    *(void **)&isal.init = dlsym(library, "isal_inflate_init");
    *(void **)&isal.reset = dlsym(library, "isal_inflate_reset");
    *(void **)&isal.inflate = dlsym(library, "isal_inflate");
    *(void **)&isal.crc32 = dlsym(library, "crc32_gzip_refl");
    if (!isal.init || !isal.reset || !isal.inflate || !isal.crc32) {
        memset(&isal, 0, sizeof isal);
    }
}

int qk_inflater_is_available(void) {
    pthread_once(&load_once, load);
    return isal.inflate != 0;
}

qk_inflater *qk_inflater_make(void) {
    qk_inflater *made = qk_inflater_is_available() ? malloc(sizeof *made) : 0;
    if (made) { isal.init(&made->state); }
    return made;
}

void qk_inflater_reset(qk_inflater *inflater) { isal.reset(&inflater->state); }

qk_inflate_step qk_inflate(
    qk_inflater *inflater, const uint8_t *input, uint32_t input_count, uint8_t *output,
    uint32_t output_count) {
    struct inflate_state *state = &inflater->state;
    state->next_in = (uint8_t *)input;
    state->avail_in = input_count;
    state->next_out = output;
    state->avail_out = output_count;
    int code = isal.inflate(state);
    qk_inflate_step step = {
        .consumed = input_count - state->avail_in,
        .produced = output_count - state->avail_out,
    };
    if (code < 0) {
        step.outcome = code == ISAL_INVALID_LOOKBACK ? QK_INFLATE_BAD_DISTANCE
            : code == ISAL_INVALID_SYMBOL            ? QK_INFLATE_BAD_CODE
                                                     : QK_INFLATE_BAD_BLOCK;
    } else if (state->block_state == ISAL_BLOCK_FINISH) {
        step.outcome = QK_INFLATE_END;
        // Whole bytes behind the data, which the register of bits had taken in; below them lie the
        // bits that fill the last byte of the data.
        step.unused_count = (uint32_t)state->read_in_length / 8;
        step.unused = state->read_in >> (state->read_in_length % 8);
    }
    return step;
}

uint32_t qk_inflater_checksum(uint32_t value, const uint8_t *bytes, uint64_t count) {
    return isal.crc32(value, bytes, count);
}

#else

int qk_inflater_is_available(void) { return 0; }

qk_inflater *qk_inflater_make(void) { return 0; }

// The rest is given an inflater, and there is none.

void qk_inflater_reset(qk_inflater *inflater) { (void)inflater; }

qk_inflate_step qk_inflate(
    qk_inflater *inflater, const uint8_t *input, uint32_t input_count, uint8_t *output,
    uint32_t output_count) {
    (void)inflater, (void)input, (void)input_count, (void)output, (void)output_count;
    return (qk_inflate_step){.outcome = QK_INFLATE_BAD_BLOCK};
}

uint32_t qk_inflater_checksum(uint32_t value, const uint8_t *bytes, uint64_t count) {
    (void)bytes, (void)count;
    return value;
}

#endif

void qk_inflater_free(qk_inflater *inflater) { free(inflater); }
