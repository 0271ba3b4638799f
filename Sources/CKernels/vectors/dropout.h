// Masks of dropout, from a generator of random numbers by counter.

// Numbers of a row whose masks are made together: four words each of sixteen blocks.
#define MASK_GROUP 64L

// Philox4x32-10 for W counters at once. Salmon and others, "Parallel random numbers: as easy as
// 1, 2, 3", https://doi.org/10.1145/2063384.2063405.
INLINE void philox(vu words[4], uint32_t key0, uint32_t key1) {
    typedef uint64_t vw __attribute__((ext_vector_type(W)));
    for (int round = 0; round < 10; round++) {
        vw a = __builtin_convertvector(words[0], vw) * (vw)0xD2511F53u;
        vw b = __builtin_convertvector(words[2], vw) * (vw)0xCD9E8D57u;
        words[0] = __builtin_convertvector(b >> 32, vu) ^ words[1] ^ key0;
        words[2] = __builtin_convertvector(a >> 32, vu) ^ words[3] ^ key1;
        words[1] = __builtin_convertvector(b, vu);
        words[3] = __builtin_convertvector(a, vu);
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
}

// The mask of numbers `group`·64 and on of a row: zero or the scale.
static void mask_of(const qk_dropout *g, long row, long group, float mask[MASK_GROUP]) {
    vu numbers;
    UNROLL for (int i = 0; i < W; i++) { numbers[i] = (uint32_t)i; }
    UNROLL for (int part = 0; part < 16 / W; part++) {
        vu words[4] = {
            numbers + (uint32_t)(group * 16 + part * W), (vu)(uint32_t)row, (vu)g->counter[0],
            (vu)g->counter[1],
        };
        philox(words, g->key[0], g->key[1]);
        UNROLL for (int word = 0; word < 4; word++) {
            vf kept = words[word] >= (vu)g->threshold ? (vf)g->scale : (vf)0.0f;
            store(mask + word * 16 + part * W, kept);
        }
    }
}

static void drop(
    long rows, long n, const float *x, const float *other, float *out, const qk_dropout *g) {
    for (long r = 0; r < rows; r++) {
        for (long j = 0; j < n; j += MASK_GROUP) {
            float mask[MASK_GROUP];
            mask_of(g, r, j / MASK_GROUP, mask);
            long count = n - j < MASK_GROUP ? n - j : MASK_GROUP, place = r * n + j;
            FOR_VECTORS(i, lanes, count) {
                vf value = load_some(x + place + i, lanes) * load(mask + i);
                if (other) { value += load_some(other + place + i, lanes); }
                store_some(out + place + i, value, lanes);
            }
        }
    }
}
