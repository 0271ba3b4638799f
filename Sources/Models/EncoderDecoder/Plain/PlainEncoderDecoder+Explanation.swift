public import Tokens

extension EncoderDecoder {
    /// The way of a pair through the model, by ``PlainEncoderDecoder``: one head of one block of
    /// the encoder, of the decoder, and of the attention that joins them.
    ///
    /// - Parameters:
    ///   - ids: a source and its target so far, with the token of padding between them; each step's
    ///     values say which of these tokens their rows belong to.
    ///   - focus: the block of both sides, and the head of each attention in it.
    public func explanation(
        of ids: [TokenID], focus: Explanation.Focus
    ) throws(ModelError) -> Explanation? {
        checkIDs(ids.span)
        precondition(
            ids.count <= configuration.positionCount,
            "a pair of at most \(configuration.positionCount) tokens, not \(ids.count)")
        let cut = ids.firstIndex { $0.index == configuration.padToken }
        guard let cut, cut > 0 else {
            preconditionFailure("a pair has a source and, behind it, the token of padding")
        }
        try focus.check(
            layerCount: configuration.layerCount, headCount: configuration.headCount)
        return PlainEncoderDecoder<Float>(self).explanation(of: ids, cut: cut, focus: focus)
    }
}

extension PlainEncoderDecoder {
    private typealias Step = Explanation.Step
    private typealias Attention = AttentionExplanation<Scalar>

    /// The values of one forward, in words: both sides' embeddings, the encoder, the decoder, what
    /// it looks at in the source, and the odds.
    func explanation(of ids: [TokenID], cut: Int, focus: Explanation.Focus) -> Explanation {
        let (source, target) = (Array(ids[..<cut]), Array(ids[cut...]))
        let trace = forward(source, target)
        var steps = embeddingSteps(ids, source, target)
        steps += sideSteps(.encoder, trace.encoder, output: trace.memory, from: 0, focus)
        steps.append(
            Step(
                name: "encoder-output",
                title: "Encoder's output: what the decoder looks at, and never changes",
                formula: "M = x behind the encoder's \(configuration.layerCount) blocks",
                source: Attention.source, values: [.init("M", trace.memory)], detail: .none))
        steps += sideSteps(.decoder, trace.decoder, output: trace.output, from: cut, focus)
        steps.append(
            Explanation.oddsStep(
                trace.logits, from: cut, of: "x", isTied: true, hasTerms: true))
        return Explanation(ids: ids, steps: steps)
    }

    private func embeddingSteps(
        _ ids: [TokenID], _ source: [TokenID], _ target: [TokenID]
    ) -> [Step] {
        let tokens = matrix(Names.tokens)
        let rows = Matrix(
            ids.count, tokens.columns,
            ids.flatMap { id in (0..<tokens.columns).map { tokens[id.index, $0] } })
        let places = Matrix(
            ids.count, tokens.columns,
            (Array(source.indices) + Array(target.indices)).flatMap { place in
                (0..<tokens.columns).map { positions[place, $0] }
            })
        let x = Matrix(ids.count, tokens.columns, embed(source).elements + embed(target).elements)
        return [
            Explanation.tokensStep,
            Explanation.embeddingStep(ids, rows, in: tokens),
            Step(
                name: "positions",
                title: "Positions: each side counts from 0, and a row for each place is added",
                formula: "x = √C·E[id] + P[place], √C = √\(tokens.columns)",
                source: "sines and cosines: Vaswani and others, 2017, section 3.5",
                values: [.init("P", places), .init("x", x)], detail: .none),
        ]
    }

    /// The blocks of a side, the focused one closely.
    private func sideSteps(
        _ side: Names.Side, _ blocks: [BlockTrace], output: Matrix, from first: Int,
        _ focus: Explanation.Focus
    ) -> [Step] {
        let (layer, count) = (focus.layer, blocks.count)
        let title = side == .encoder ? "Encoder" : "Decoder"
        func others(_ name: String, _ numbers: ClosedRange<Int>, _ x: Matrix) -> Step {
            let name = "\(side)-\(name)"
            let which =
                numbers.count == 1
                ? "Block \(numbers.lowerBound)"
                : "Blocks \(numbers.lowerBound) to \(numbers.upperBound)"
            return Step(
                name: name, title: "\(title) · \(which): the same steps with other parameters",
                formula: side == .encoder
                    ? "x ← norm(x + Attention(x)); x ← norm(x + FeedForward(x))"
                    : "x ← norm(x + Attention(x)); x ← norm(x + Attention(x, M)); "
                        + "x ← norm(x + FeedForward(x))",
                source: "", values: [.init("x", x, from: first)], detail: .none)
        }
        let block = blocks[layer]
        let names = Names.block(side, layer)
        let own = Attention(
            prefix: "\(side)-", titlePrefix: "\(title) · ",
            firstQuery: first, firstKey: first,
            maskTitle: side == .encoder
                ? nil : "Causal mask: no token of the target sees a later one")
        var steps: [Step] = []
        if layer > 0 { steps.append(others("blocks-before", 1...layer, block.own.input)) }
        steps += attentionSteps(
            own, block.own, names.selfAttention, isCausal: side == .decoder,
            output: block.cross?.input ?? block.feedForward.input, focus)
        if let cross = block.cross, let crossNames = names.crossAttention {
            let words = Attention(
                prefix: "cross-", titlePrefix: "Cross-attention · ",
                firstQuery: first, firstKey: 0, maskTitle: nil)
            steps += attentionSteps(
                words, cross, crossNames, isCausal: false, output: block.feedForward.input,
                focus)
        }
        steps += feedForwardSteps(
            own, block.feedForward, names,
            output: layer + 1 < count ? blocks[layer + 1].own.input : output)
        if layer + 1 < count { steps.append(others("blocks-after", layer + 2...count, output)) }
        return steps
    }

    private func attentionSteps(
        _ words: Attention, _ trace: AttentionTrace, _ names: Names.Attention, isCausal: Bool,
        output: Matrix, _ focus: Explanation.Focus
    ) -> [Step] {
        let (d, head) = (configuration.headSize, focus.head)
        let columns = head * d..<(head + 1) * d
        let weights = PlainPairAttention(heads: configuration.headCount, isCausal: isCausal)
            .trace(trace.q, trace.k, first: head * d)
        let isCross = words.firstQuery != words.firstKey
        let place = "Block \(focus.layer + 1), head \(focus.head + 1)"
        var steps = [
            words.step(
                "query-key-value",
                isCross
                    ? "\(place): target's queries, source's keys and values"
                    : "\(place): queries, keys and values",
                isCross
                    ? "Q = x·W_Q, K = M·W_K, V = M·W_V, each + b"
                    : "Q = x·W_Q, K = x·W_K, V = x·W_V, each + b",
                [
                    .init("Q", trace.q[columns: columns], from: words.firstQuery),
                    .init("K", trace.k[columns: columns], from: words.firstKey),
                    .init("V", trace.v[columns: columns], from: words.firstKey),
                ])
        ]
        steps += words.weightSteps(weights, headSize: d)
        steps += words.contextSteps(
            trace.attended[columns: columns], attended: trace.attended,
            projected: linear(trace.attended, names.out), heads: configuration.headCount)
        steps.append(normStep(words, "attention", "attention", trace.sum, output))
        return steps
    }

    private func feedForwardSteps(
        _ words: Attention, _ trace: FeedForwardTrace, _ names: Names.Block, output: Matrix
    ) -> [Step] {
        let first = words.firstQuery
        return [
            words.step(
                "feed-forward", "Feed-forward: each token by itself",
                "hidden = max(0, x·W + b); added = hidden·W' + b'",
                source: "Vaswani and others, 2017, section 3.3; ReLU: Nair and Hinton, 2010",
                [
                    .init("hidden", trace.hidden, from: first),
                    .init("added", linear(trace.hidden, names.down), from: first),
                ]),
            normStep(words, "feed-forward", "feed-forward", trace.sum, output),
        ]
    }

    /// The sum of the stream and a part, and the norm behind it.
    private func normStep(
        _ words: Attention, _ name: String, _ part: String, _ sum: Matrix, _ output: Matrix
    ) -> Step {
        words.step(
            "\(name)-norm", "Residual and norm: \(part) is added, and the sum normalised",
            "s = x + \(name == "attention" ? "Concat(head₁, …)·W_O" : "added"), "
                + "x ← (s - mean) / √(variance + ε) · weight + bias",
            source: "LayerNorm: Ba, Kiros and Hinton, 2016, https://arxiv.org/abs/1607.06450",
            [
                .init("s", sum, from: words.firstQuery),
                .init("x", output, from: words.firstQuery),
            ])
    }
}
