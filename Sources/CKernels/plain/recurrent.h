// The cells of recurrent networks, one number at a time.

static float logistic(float x) { return 1 / (1 + expf(-x)); }

// Operands of a step for hidden unit `i` of sequence `r`.
typedef struct {
    float inputs[4], products[4];
    int was_reset, will_be_reset;
} cell_operands;

static cell_operands operands_of(const qk_recurrent_step *s, int gates, long r, long i) {
    cell_operands all = {{0}, {0}, 0, 0};
    long place = s->places ? s->places[r * s->places_row] : r;
    for (int g = 0; g < gates; g++) {
        all.inputs[g] = s->inputs[place * s->inputs_row + g * s->inputs_gate + i];
        all.products[g] = s->products[r * s->products_row + g * s->products_gate + i];
    }
    all.was_reset = s->fresh && s->fresh[r * s->fresh_row];
    all.will_be_reset = s->fresh && s->fresh[r * s->fresh_row + 1];
    return all;
}

static void finish_step(
    const qk_recurrent_step *s, const cell_operands *all, const float *gates, int gate_count,
    float h, long r, long i) {
    for (int g = 0; s->gates && g < gate_count; g++) {
        s->gates[r * s->gates_row + g * s->gates_gate + i] = gates[g];
    }
    s->hidden[r * s->hidden_row + i] = h;
    s->after[r * s->after_row + i] = all->will_be_reset ? 0 : h;
}

// Elman, https://doi.org/10.1207/s15516709cog1402_1.
static void rnn_step(const qk_recurrent_step *s) {
    for (long r = 0; r < s->rows; r++) {
        for (long i = 0; i < s->n; i++) {
            cell_operands all = operands_of(s, 1, r, i);
            finish_step(s, &all, 0, 0, tanhf(all.inputs[0] + all.products[0]), r, i);
        }
    }
}

// Hochreiter and Schmidhuber, https://doi.org/10.1162/neco.1997.9.8.1735, with the forget gate of
// Gers, Schmidhuber and Cummins, https://doi.org/10.1162/089976600300015015.
static void lstm_step(const qk_recurrent_step *s) {
    for (long r = 0; r < s->rows; r++) {
        for (long i = 0; i < s->n; i++) {
            cell_operands all = operands_of(s, 4, r, i);
            float gates[4];
            for (int g = 0; g < 4; g++) {
                float z = all.inputs[g] + all.products[g];
                gates[g] = g == 2 ? tanhf(z) : logistic(z);
            }
            float *cell = &s->cells[r * s->cells_row + i];
            float c = gates[1] * (all.was_reset ? 0 : *cell) + gates[0] * gates[2];
            cell[s->cells_next] = c;
            finish_step(s, &all, gates, 4, gates[3] * tanhf(c), r, i);
        }
    }
}

// Cho and others, https://arxiv.org/abs/1406.1078, with the reset gate after the product, as
// cuDNN and PyTorch have it.
static void gru_step(const qk_recurrent_step *s) {
    for (long r = 0; r < s->rows; r++) {
        for (long i = 0; i < s->n; i++) {
            cell_operands all = operands_of(s, 3, r, i);
            float reset = logistic(all.inputs[0] + all.products[0]);
            float update = logistic(all.inputs[1] + all.products[1]);
            float inner = all.products[2] + s->bias[i];
            float value = tanhf(all.inputs[2] + reset * inner);
            float gates[4] = {reset, update, value, inner};
            float before = s->before[r * s->before_row + i];
            finish_step(s, &all, gates, 4, (1 - update) * value + update * before, r, i);
        }
    }
}

// Writes the gradients of the input's sums and, for the product of the step before, the hidden
// ones'.
static void finish_step_backward(
    const qk_recurrent_gradient *s, const float *gates, int gate_count, const float *passed_on,
    int passed_count, int was_reset, long r, long i) {
    for (int g = 0; g < gate_count; g++) {
        s->gates[r * s->gates_row + g * s->gates_gate + i] = gates[g];
    }
    for (int g = 0; g < passed_count; g++) {
        s->after[r * s->after_row + g * s->after_gate + i] = was_reset ? 0 : passed_on[g];
    }
}

static void rnn_step_backward(const qk_recurrent_gradient *s) {
    for (long r = 0; r < s->rows; r++) {
        int was_reset = s->fresh && s->fresh[r * s->fresh_row];
        for (long i = 0; i < s->n; i++) {
            float dh = s->dout[r * s->dout_row + i] + s->products[r * s->products_row + i];
            float h = s->hidden[r * s->hidden_row + s->hidden_next + i];
            float dz = dh * (1 - h * h);
            finish_step_backward(s, &dz, 1, &dz, 1, was_reset, r, i);
        }
    }
}

static void lstm_step_backward(const qk_recurrent_gradient *s) {
    for (long r = 0; r < s->rows; r++) {
        int was_reset = s->fresh && s->fresh[r * s->fresh_row];
        for (long i = 0; i < s->n; i++) {
            float dh = s->dout[r * s->dout_row + i] + s->products[r * s->products_row + i];
            const float *saved = &s->gates[r * s->gates_row + i];
            float input = saved[0], forget = saved[s->gates_gate];
            float value = saved[2 * s->gates_gate], output = saved[3 * s->gates_gate];
            const float *cell = &s->cells[r * s->cells_row + i];
            float squashed = tanhf(cell[s->cells_next]);
            float *carried = &s->carried[r * s->carried_row + i];
            float dc = *carried + dh * output * (1 - squashed * squashed);
            float gates[4] = {
                dc * value * input * (1 - input),
                dc * (was_reset ? 0 : *cell) * forget * (1 - forget),
                dc * input * (1 - value * value),
                dh * squashed * output * (1 - output),
            };
            *carried = was_reset ? 0 : dc * forget;
            finish_step_backward(s, gates, 4, gates, 4, was_reset, r, i);
        }
    }
}

static void gru_step_backward(const qk_recurrent_gradient *s) {
    for (long r = 0; r < s->rows; r++) {
        int was_reset = s->fresh && s->fresh[r * s->fresh_row];
        for (long i = 0; i < s->n; i++) {
            float *carried = &s->carried[r * s->carried_row + i];
            float dh = s->dout[r * s->dout_row + i] + s->products[r * s->products_row + i]
                + *carried;
            const float *saved = &s->gates[r * s->gates_row + i];
            float reset = saved[0], update = saved[s->gates_gate];
            float value = saved[2 * s->gates_gate], inner = saved[3 * s->gates_gate];
            float before = was_reset ? 0 : s->hidden[r * s->hidden_row + i];
            float dn = dh * (1 - update) * (1 - value * value);
            float dz = dh * (before - value) * update * (1 - update);
            float dr = dn * inner * reset * (1 - reset);
            float gates[4] = {dr, dz, dn, dn * reset}, passed_on[3] = {dr, dz, dn * reset};
            *carried = was_reset ? 0 : dh * update;
            finish_step_backward(s, gates, 4, passed_on, 3, was_reset, r, i);
        }
    }
}
