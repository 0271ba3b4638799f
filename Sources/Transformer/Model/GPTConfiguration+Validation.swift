extension GPTConfiguration {
    /// Throws unless a model of this shape can exist.
    public func validate() throws(TransformerError) {
        func fail(_ reason: String) -> TransformerError { .badConfiguration(reason: reason) }
        let limits = [
            ("n_layer", layerCount, 1 << 12), ("n_head", headCount, 1 << 16),
            ("n_kv_head", keyValueHeadCount ?? 1, 1 << 16),
            ("head_dim", headDimension ?? 1, 1 << 16), ("n_embd", embeddingSize, 1 << 16),
            ("intermediate_size", intermediateSize ?? 1, 1 << 20),
            ("n_positions", positionCount, 1 << 24), ("vocab_size", vocabularySize, 1 << 28),
        ]
        for (name, value, limit) in limits where value < 1 || value > limit {
            throw fail("\(name) is \(value); give a number from 1 to \(limit)")
        }
        guard embeddingSize % headCount == 0 else {
            throw fail(
                "n_embd \(embeddingSize) cannot be divided among \(headCount) heads; "
                    + "make it a multiple of n_head")
        }
        guard layerNormEpsilon > 0, layerNormEpsilon < 1 else {
            throw fail("layer_norm_epsilon is \(layerNormEpsilon); 1e-5 is usual")
        }
        if architecture.isRotary { try validateRotary() } else { try validateLearned() }
        let (blocks, overflows) = blockMatrixCount.multipliedReportingOverflow(by: layerCount)
        guard !overflows, blocks < 1 << 44 else { throw fail("it has too many parameters") }
    }

    private func validateRotary() throws(TransformerError) {
        let sharing = keyValueHeadCount ?? headCount
        guard headCount % sharing == 0 else {
            throw .badConfiguration(
                reason: "\(headCount) heads cannot share \(sharing) of keys and values; "
                    + "make n_kv_head a divisor of n_head")
        }
        guard headSize % 2 == 0 else {
            throw .badConfiguration(
                reason: "rotary positions turn pairs, and a head has \(headSize) floats; "
                    + "choose n_embd and n_head so that n_embd / n_head is even, or set head_dim")
        }
        guard positionCount * headSize <= 1 << 28 else {
            throw .badConfiguration(
                reason: "n_positions \(positionCount) with heads of \(headSize) floats takes more "
                    + "than 1 GiB of angles; lower n_positions")
        }
        guard rotaryBase > 1, rotaryBase.isFinite else {
            throw .badConfiguration(reason: "rope_theta is \(rotaryBase); 10000 is usual")
        }
    }

    /// GPT-2 has no place for what only the others have.
    private func validateLearned() throws(TransformerError) {
        let foreign = [
            ("n_kv_head", keyWidth != queryWidth), ("head_dim", queryWidth != embeddingSize),
            ("rope_theta", rotaryBase != Self.defaultRotaryBase),
        ]
        for (name, isSet) in foreign where isSet {
            throw .badConfiguration(
                reason: "gpt2 has no \(name); leave it out, or set architecture to llama or qwen3")
        }
    }
}
