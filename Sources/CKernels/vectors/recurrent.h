// The cells of recurrent networks: what stands between the products of one step and the next.

// tanh to about two units in the last place: near zero by Cephes' polynomial, where the formula
// with e^2x would cancel.
INLINE vf tanh_of(vf x) {
    vf z = x * x;
    vf p = z * -5.70498872745e-3f + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    vf near = p * z * x + x;
    vf far = 1.0f - 2.0f / (1.0f + exp_of(x + x));
    return z < (vf)0.390625f ? near : far;
}

INLINE vf logistic_of(vf x) { return 1.0f / (1.0f + exp_of(-x)); }

// The sum of gate `g` before its function.
#define GATE(g)                                                    \
    (load_some(inputs + (g) * s->inputs_gate + i, lanes)           \
     + load_some(products + (g) * s->products_gate + i, lanes))

// Calls a body for every vector of every row of a step.
#define FOR_STEP(...)                                                                           \
    for (long r = 0; r < s->rows; r++) {                                                        \
        long place = s->places ? s->places[r * s->places_row] : r;                              \
        const float *inputs = s->inputs + place * s->inputs_row;                                \
        const float *products = s->products + r * s->products_row;                              \
        float *gates = s->gates ? s->gates + r * s->gates_row : 0;                              \
        float *hidden = s->hidden + r * s->hidden_row, *after = s->after + r * s->after_row;    \
        float keep = s->fresh && s->fresh[r * s->fresh_row + 1] ? 0.0f : 1.0f;                  \
        FOR_VECTORS(i, lanes, s->n) {                                                           \
            vf h;                                                                               \
            __VA_ARGS__                                                                         \
            store_some(hidden + i, h, lanes);                                                   \
            store_some(after + i, h * keep, lanes);                                             \
        }                                                                                       \
    }

#define SAVE(g, x) \
    if (gates) { store_some(gates + (g) * s->gates_gate + i, x, lanes); }

static void rnn_step(const qk_recurrent_step *s) {
    FOR_STEP(h = tanh_of(GATE(0));)
}

static void lstm_step(const qk_recurrent_step *s) {
    FOR_STEP({
        float *cells = s->cells + r * s->cells_row;
        float had = s->fresh && s->fresh[r * s->fresh_row] ? 0.0f : 1.0f;
        vf input = logistic_of(GATE(0)), forget = logistic_of(GATE(1));
        vf value = tanh_of(GATE(2)), output = logistic_of(GATE(3));
        vf c = forget * (load_some(cells + i, lanes) * had) + input * value;
        h = output * tanh_of(c);
        SAVE(0, input)
        SAVE(1, forget)
        SAVE(2, value)
        SAVE(3, output)
        store_some(cells + s->cells_next + i, c, lanes);
    })
}

static void gru_step(const qk_recurrent_step *s) {
    FOR_STEP({
        vf before = load_some(s->before + r * s->before_row + i, lanes);
        vf reset = logistic_of(GATE(0)), update = logistic_of(GATE(1));
        vf inner = load_some(products + 2 * s->products_gate + i, lanes)
            + load_some(s->bias + i, lanes);
        vf value =
            tanh_of(load_some(inputs + 2 * s->inputs_gate + i, lanes) + reset * inner);
        h = value + update * (before - value);
        SAVE(0, reset)
        SAVE(1, update)
        SAVE(2, value)
        SAVE(3, inner)
    })
}

#undef SAVE
#undef GATE

// Calls a body for every vector of every row of a step's backward: `dh` is the gradient of h.
#define FOR_STEP_BACKWARD(...)                                                               \
    for (long r = 0; r < s->rows; r++) {                                                     \
        const float *dout = s->dout + r * s->dout_row;                                       \
        const float *products = s->products + r * s->products_row;                           \
        float *gates = s->gates + r * s->gates_row, *after = s->after + r * s->after_row;    \
        float *carried = s->carried + r * s->carried_row;                                    \
        const float *hidden = s->hidden + r * s->hidden_row;                                 \
        float had = s->fresh && s->fresh[r * s->fresh_row] ? 0.0f : 1.0f;                    \
        FOR_VECTORS(i, lanes, s->n) {                                                        \
            vf dh = load_some(dout + i, lanes) + load_some(products + i, lanes);             \
            __VA_ARGS__                                                                      \
        }                                                                                    \
    }

// The gradient of gate `g` of the hidden product, and that of the input's.
#define PASS_ON(g, x) store_some(after + (g) * s->after_gate + i, (x) * had, lanes);
#define SAVE(g, x) store_some(gates + (g) * s->gates_gate + i, x, lanes);
#define SAVED(g) load_some(gates + (g) * s->gates_gate + i, lanes)

static void rnn_step_backward(const qk_recurrent_gradient *s) {
    FOR_STEP_BACKWARD({
        (void)carried;
        vf h = load_some(hidden + s->hidden_next + i, lanes);
        vf dz = dh - dh * (h * h);
        SAVE(0, dz)
        PASS_ON(0, dz)
    })
}

static void lstm_step_backward(const qk_recurrent_gradient *s) {
    FOR_STEP_BACKWARD({
        (void)hidden;
        const float *cells = s->cells + r * s->cells_row;
        vf input = SAVED(0), forget = SAVED(1), value = SAVED(2), output = SAVED(3);
        vf before = load_some(cells + i, lanes) * had;
        vf squashed = tanh_of(load_some(cells + s->cells_next + i, lanes));
        vf dc = load_some(carried + i, lanes)
            + dh * output * (1.0f - squashed * squashed);
        vf di = dc * value * (input - input * input);
        vf df = dc * before * (forget - forget * forget);
        vf dg = dc * input * (1.0f - value * value);
        vf dout_gate = dh * squashed * (output - output * output);
        SAVE(0, di)
        SAVE(1, df)
        SAVE(2, dg)
        SAVE(3, dout_gate)
        PASS_ON(0, di)
        PASS_ON(1, df)
        PASS_ON(2, dg)
        PASS_ON(3, dout_gate)
        store_some(carried + i, dc * forget * had, lanes);
    })
}

static void gru_step_backward(const qk_recurrent_gradient *s) {
    FOR_STEP_BACKWARD({
        vf reset = SAVED(0), update = SAVED(1), value = SAVED(2), inner = SAVED(3);
        vf before = load_some(hidden + i, lanes) * had;
        dh += load_some(carried + i, lanes);
        vf dn = (dh - dh * update) * (1.0f - value * value);
        vf dz = dh * (before - value) * (update - update * update);
        vf dr = dn * inner * (reset - reset * reset);
        vf dinner = dn * reset;
        SAVE(0, dr)
        SAVE(1, dz)
        SAVE(2, dn)
        SAVE(3, dinner)
        PASS_ON(0, dr)
        PASS_ON(1, dz)
        PASS_ON(2, dinner)
        store_some(carried + i, dh * update * had, lanes);
    })
}

#undef PASS_ON
#undef SAVE
#undef SAVED
