#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Attention weights of a text: how much each token attends to each that it sees, in every head of
/// a model.
public struct AttentionMaps: Sendable {
    /// Blocks of the model.
    public let layerCount: Int
    /// Heads of a block.
    public let headCount: Int
    /// Tokens of the text.
    public let tokenCount: Int
    /// Tokens that look at others: all of a decoder's text; of a pair those of the target, each as
    /// it is written.
    public let queries: Range<Int>
    /// Tokens that are looked at: all of a decoder's text; of a pair those of the source.
    public let keys: Range<Int>
    /// The weights, (layers, heads, queries, keys); those of a query sum to 1, and those of keys
    /// that it does not see are 0.
    public let weights: [Float]

    /// Whether a query sees no key behind itself.
    public var isCausal: Bool { queries == keys }

    /// The weights of a head, (queries, keys).
    public func weights(layer: Int, head: Int) -> ArraySlice<Float> {
        precondition(
            layer >= 0 && layer < layerCount && head >= 0 && head < headCount,
            "layer \(layer), head \(head) of \(layerCount) times \(headCount)")
        let size = queries.count * keys.count
        let start = (layer * headCount + head) * size
        return weights[start..<start + size]
    }
}

extension GPT {
    /// The attention of every head while the model reads `ids`, which are at most the context: what
    /// Hugging Face's `output_attentions` gives. O(layers · heads · tokens²) of memory.
    public func attention(for ids: [TokenID], kernels level: KernelLevel = .best) -> AttentionMaps {
        checkIDs(ids.span)
        precondition(
            !ids.isEmpty && ids.count <= configuration.positionCount,
            "attention is over 1 to \(configuration.positionCount) tokens, not \(ids.count)")
        let count = ids.count
        let pass = SequencePass(self, length: count, level: level, keepsAll: true)
        let buffer = IDBuffer(ids)
        pass.forward(.init(ids: buffer.all), slices)
        let shape = AttentionShape(configuration, positions: count)
        let factor = 1 / Double(shape.headSize).squareRoot()
        var weights: [Float] = []
        weights.reserveCapacity(configuration.layerCount * shape.heads * count * count)
        for (number, layer) in pass.activations.layers.enumerated() {
            let starts = pass.starts(ofLayer: number)
            for head in 0..<shape.heads {
                let place = shape.columns(ofHead: head)
                for query in 0..<count {
                    let q = layer.qkv.at(query * shape.rowWidth + place.q, shape.headSize)
                    let logSum = Double(layer.logSumExp[head * count + query])
                    for key in 0..<count {
                        guard key <= query, key >= starts?[query] ?? 0 else {
                            weights.append(0)
                            continue
                        }
                        let k = layer.qkv.at(key * shape.rowWidth + place.k, shape.headSize)
                        let score = (0..<shape.headSize).reduce(0) {
                            $0 + Double(q[$1]) * Double(k[$1])
                        }
                        weights.append(Float(exp(score * factor - logSum)))
                    }
                }
            }
        }
        return AttentionMaps(
            layerCount: configuration.layerCount, headCount: shape.heads, tokenCount: count,
            queries: 0..<count, keys: 0..<count, weights: weights)
    }
}
