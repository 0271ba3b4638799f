import Work

/// The matrices of an encoder–decoder, as generation multiplies by them.
struct PairInferenceWeights {
    struct Block {
        let qkv: InferenceLinear
        let out: InferenceLinear
        let cross: Cross?
        let up: InferenceLinear
        let down: InferenceLinear
    }

    /// Attention over the source.
    struct Cross {
        let query: InferenceLinear
        let keyValue: InferenceLinear
        let out: InferenceLinear
    }

    let encoder: [Block]
    let decoder: [Block]
    /// From the last block to logits, (C, V).
    let head: InferenceLinear
    /// Bytes that are read for a token: those of the decoder, but for the source's keys and values.
    let byteCount: Int

    init(_ model: EncoderDecoder, _ format: WeightFormat, team: ThreadTeam) {
        let linear = InferenceLinear.maker(format, team: team)
        func blocks(_ blocks: [EncoderDecoderSlices.Block]) -> [Block] {
            blocks.map { block in
                Block(
                    qkv: linear(block.qkv), out: linear(block.out),
                    cross: block.cross.map {
                        Cross(
                            query: linear($0.query), keyValue: linear($0.keyValue),
                            out: linear($0.out))
                    },
                    up: linear(block.up), down: linear(block.down))
            }
        }
        encoder = blocks(model.slices.encoder)
        decoder = blocks(model.slices.decoder)
        head = InferenceLinear(
            model.slices.tokens.transposed, model.slices.logitBias, format, team: team)
        byteCount = decoder.reduce(head.byteCount) { sum, block in
            let linears = [
                block.qkv, block.out, block.up, block.down, block.cross?.query,
                block.cross?.out,
            ]
            return linears.reduce(sum) { $0 + ($1?.byteCount ?? 0) }
        }
    }
}
