#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

extension EncoderDecoder {
    /// The attention over the source of every head while the model writes a target: what Hugging
    /// Face's `cross_attentions` gives. A row is a token as it is written, so that it belongs to
    /// the place before it. O(layers · heads · tokens of the target · tokens of the source).
    ///
    /// - Parameter ids: a pair, at most the context and one token more.
    /// - Returns: nil for a text without a source or without a token of a target.
    public func attentionMaps(for ids: [TokenID]) -> AttentionMaps? {
        checkIDs(ids.span)
        guard let cut = ids.firstIndex(where: { $0.index == configuration.padToken }), cut > 0,
            cut + 1 < ids.count
        else { return nil }
        precondition(ids.count - 1 <= configuration.positionCount, "a pair beyond the context")
        let pass = PairPass(
            configuration, positionTable: positionTable, length: ids.count - 1, level: .best)
        // What is written last is not read.
        let buffer = IDBuffer(Array(ids.dropLast()))
        withExtendedLifetime(buffer) {
            _ = pass.forward(buffer.all, starts: nil, targets: nil, slices)
        }
        var weights: [Float] = []
        for block in pass.activations.decoder.blocks {
            guard let cross = block.cross else { continue }
            for head in 0..<configuration.headCount { weights += Self.weights(of: head, cross) }
        }
        return AttentionMaps(
            layerCount: configuration.layerCount, headCount: configuration.headCount,
            tokenCount: ids.count, queries: cut + 1..<ids.count, keys: 0..<cut, weights: weights)
    }

    /// The softmax of a head's scores, from its logarithm of their sum.
    private static func weights(of head: Int, _ a: PairActivations.Attention) -> [Float] {
        let (d, rows) = (a.operands.headSize, a.operands.queries.rows)
        var weights: [Float] = []
        for row in 0..<rows {
            let query = a.operands.queries.row(row).at(head * d, d)
            let logSum = Double(a.logSumExp[head * rows + row])
            for place in 0..<a.operands.keys.rows {
                let key = a.operands.keys.row(place).at(head * d, d)
                let score = (0..<d).reduce(0) { $0 + Double(query[$1]) * Double(key[$1]) }
                weights.append(Float(exp(score / Double(d).squareRoot() - logSum)))
            }
        }
        return weights
    }
}
