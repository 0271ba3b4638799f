// The table of a level whose functions the including file has defined. LEVEL is its name, FEATURES
// what the processor must have, PEAK_OPERATIONS those of `peak`; MIXED is defined where the
// products are those that round their operands to bfloat16. `plain.c` includes this twice.
#ifdef MIXED
#define IS_MIXED 1
#define PRODUCT(name) mixed_##name
#else
#define IS_MIXED 0
#define PRODUCT(name) name
#endif
#define QUOTED(name) QUOTED_AS_SPELT(name)
#define QUOTED_AS_SPELT(name) #name

// The builtins also ask the operating system whether it saves the wide registers.
#define HAS(feature) &&__builtin_cpu_supports(feature)
static int JOINED(LEVEL, _is_available)(void) {
#ifdef FEATURES
    return 1 FEATURES(HAS);
#else
    return 1;
#endif
}

const qk_level TABLE_OF(LEVEL) = {
    .name = QUOTED(LEVEL),
    .is_mixed = IS_MIXED,
    .is_available = JOINED(LEVEL, _is_available),
    .numeric = {
        .gemm = PRODUCT(gemm),
        .packed_count = PRODUCT(packed_count),
        .pack = PRODUCT(pack),
        .gemm_packed = PRODUCT(gemm_packed),
        .few_rows = few_rows,
        .few_rows_reduced = few_rows_reduced,
        .round_rows = round_rows,
        .rounded_product = rounded_product,
        .pack_reduced = pack_reduced,
        .narrow = narrow,
        .widen = widen,
        .peak = peak,
        .peak_operations = PEAK_OPERATIONS,
        .layer_norm = layer_norm,
        .layer_norm_backward = layer_norm_backward,
        .rms_norm = rms_norm,
        .rms_norm_backward = rms_norm_backward,
        .rotate = rotate,
        .swiglu = swiglu,
        .swiglu_backward = swiglu_backward,
        .activate = activate,
        .gate = gate,
        .gate_backward = gate_backward,
        .rnn_step = rnn_step,
        .rnn_step_backward = rnn_step_backward,
        .lstm_step = lstm_step,
        .lstm_step_backward = lstm_step_backward,
        .gru_step = gru_step,
        .gru_step_backward = gru_step_backward,
        .cross_entropy = cross_entropy,
        .softmax = softmax,
        .drop = drop,
        .attention_workspace = attention_workspace,
        .attention = attention,
        .attention_backward = attention_backward,
        .attention_step = attention_step,
        .attention_step_narrow = attention_step_narrow,
        .attention_cached = attention_cached,
        .embed = embed,
        .embed_backward = embed_backward,
        .add = add,
        .add_rows = add_rows,
        .sum_of_squares = sum_of_squares,
        .adamw = adamw,
    },
    .text = {
        .byte_masks = byte_masks,
        .utf8_run = utf8_run,
        .json_run = json_run,
        .json_text = json_text,
        .character_masks = character_masks,
        .find_starts = find_starts,
        .write_starts = write_starts,
        .piece_keys = piece_keys,
        .known_pieces = known_pieces,
        .displaced_pieces = displaced_pieces,
        .merge = merge,
        .min_hash = min_hash,
    },
};

#undef IS_MIXED
#undef PRODUCT
