public import Tokens

extension GPT {
    /// The way of `ids` through the model, by ``PlainGPT``.
    public func explanation(
        of ids: [TokenID], focus: Explanation.Focus
    ) throws(ModelError) -> Explanation? {
        checkIDs(ids.span)
        precondition(
            !ids.isEmpty && ids.count <= configuration.positionCount,
            "a text of 1 to \(configuration.positionCount) tokens, not \(ids.count)")
        try focus.check(
            layerCount: configuration.layerCount, headCount: configuration.headCount)
        return PlainGPT<Float>(self).explanation(of: ids, focus: focus)
    }
}

extension PlainGPT {
    typealias Step = Explanation.Step

    /// The values of one forward, in words: into the stream, through the focused block, out of it.
    func explanation(of ids: [TokenID], focus: Explanation.Focus) -> Explanation {
        let trace = forward(sequence(ids, nil, nil))
        let layer = focus.layer
        var steps = embeddingSteps(ids, trace)
        if layer > 0 {
            steps.append(
                blocksStep(name: "blocks-before", 1...layer, trace.blocks[layer].input))
        }
        steps += attentionSteps(trace.blocks[layer], focus, sequence(ids, nil, nil))
        steps += feedForwardSteps(trace.blocks[layer], layer)
        let last = configuration.layerCount
        if layer + 1 < last {
            steps.append(blocksStep(name: "blocks-after", layer + 2...last, trace.output))
        }
        return Explanation(ids: ids, steps: steps + headSteps(trace))
    }

    private func embeddingSteps(_ ids: [TokenID], _ trace: Trace) -> [Step] {
        var steps = [
            Explanation.tokensStep,
            Explanation.embeddingStep(
                ids, trace.tokens, in: matrix(names.tokens),
                isScaled: configuration.architecture.scalesEmbeddings),
        ]
        if let positions = trace.positions {
            steps.append(
                Step(
                    name: "positions", title: "Positions: a row for each place is added",
                    formula: "x = E[id] + P[place]",
                    source: configuration.positionEncoding == .sinusoidal
                        ? "sines and cosines: Vaswani and others, 2017, section 3.5"
                        : "learned: Gehring and others, 2017, https://arxiv.org/abs/1705.03122",
                    values: [.init("P", positions), .init("x", trace.tokens + positions)],
                    detail: .none))
        }
        return steps
    }

    private func blocksStep(name: String, _ blocks: ClosedRange<Int>, _ x: Matrix) -> Step {
        let title =
            blocks.count == 1
            ? "Block \(blocks.lowerBound)"
            : "Blocks \(blocks.lowerBound) to \(blocks.upperBound)"
        return Step(
            name: name, title: title + ": the same steps with other parameters",
            formula: configuration.isParallel
                ? "x ← x + Attention(norm₁(x)) + FeedForward(norm₂(x))"
                : configuration.architecture.normalisesAdditions
                    ? "x ← x + norm(Attention(norm(x))); x ← x + norm(FeedForward(norm(x)))"
                    : "x ← x + Attention(norm(x)); x ← x + FeedForward(norm(x))", source: "",
            values: [.init("x", x)], detail: .none)
    }

    /// The norm of what a part adds, where there is one.
    private func addedNormSteps(name: String, of part: String, _ n: Matrix) -> [Step] {
        guard configuration.architecture.normalisesAdditions else { return [] }
        return [normStep(name: name, title: "Norm of what \(part) adds", n)]
    }

    private func normStep(name: String, title: String, _ n: Matrix) -> Step {
        configuration.architecture.usesRMSNorm
            ? Step(
                name: name, title: title,
                formula: "n = x / √(mean of x² + ε) · "
                    + (configuration.architecture.normOffset == 0 ? "weight" : "(1 + weight)"),
                source: "RMSNorm: Zhang and Sennrich, 2019, https://arxiv.org/abs/1910.07467",
                values: [.init("n", n)], detail: .none)
            : Step(
                name: name, title: title,
                formula: "n = (x - mean) / √(variance + ε) · weight + bias",
                source: "LayerNorm: Ba, Kiros and Hinton, 2016, https://arxiv.org/abs/1607.06450",
                values: [.init("n", n)], detail: .none)
    }

    private func attentionSteps(
        _ block: BlockTrace, _ focus: Explanation.Focus, _ sequence: Sequence
    ) -> [Step] {
        let words = AttentionExplanation<Scalar>()
        let attention = attention(focus.layer, sequence)
        let d = attention.shape.headSize
        let first = attention.shape.columns(ofHead: focus.head)
        func columns(_ start: Int, _ matrix: Matrix) -> Matrix {
            matrix[columns: start..<start + d]
        }
        func queriesAndKeys(_ matrix: Matrix) -> [Explanation.Values] {
            [.init("Q", columns(first.q, matrix)), .init("K", columns(first.k, matrix))]
        }
        let head = attention.trace(block.qkv, head: focus.head)
        let (number, of) = (focus.layer + 1, "head \(focus.head + 1)")
        var steps = [
            normStep(
                name: "attention-norm", title: "Block \(number): norm before attention",
                block.norm1),
            words.step(
                "query-key-value",
                "Queries, keys and values of \(of): looks for, is found by, gives",
                "Q = n·W_Q, K = n·W_K, V = n·W_V"
                    + (configuration.attentionBiases == .none ? "" : ", each + b"),
                queriesAndKeys(block.projected)
                    + [.init("V", columns(first.v, block.projected))]),
        ]
        if rotaryTable(ofLayer: focus.layer) != nil {
            let norms = configuration.architecture.normalisesHeads
            let local = configuration.isLocal(focus.layer) ? configuration.localRotaryBase : nil
            let scaling = local == nil ? configuration.variations.rotaryScaling : nil
            let length = configuration.scoreLength
            steps.append(
                Step(
                    name: "rotation",
                    title: norms
                        ? "Norm of queries and keys, and their turn by position"
                        : "Turn of queries and keys by position",
                    formula: (norms ? "q ← RMSNorm(q), k ← RMSNorm(k); " : "")
                        + "pair i turns by place · base^(-2i/d), base "
                        + "\(local ?? configuration.rotaryBase)"
                        + (configuration.rotaryWidth < d
                            ? ", d = \(configuration.rotaryWidth) of \(attention.shape.headSize)"
                            : "")
                        + (scaling.map { ", \($0.name)" } ?? "")
                        + (length == 1 ? "" : "; each times \(length)"),
                    source: "Su and others, 2021, https://arxiv.org/abs/2104.09864"
                        + (norms
                            ? "; Henry and others, 2020, https://arxiv.org/abs/2010.04245" : ""),
                    values: queriesAndKeys(block.qkv), detail: .none))
        }
        steps += words.weightSteps(head, headSize: d)
        steps += words.contextSteps(
            columns(first.q, block.attended), attended: block.attended,
            projected: block.product1, heads: attention.shape.heads)
        steps += addedNormSteps(name: "attention-added-norm", of: "attention", block.fetched)
        steps.append(
            words.step(
                "attention-residual", "Residual: attention is added to the stream",
                "x ← x + Concat(head₁, …)·W_O",
                source: AttentionExplanation<Scalar>.residualSource,
                [.init("x", block.middle)]))
        return steps
    }

    private func feedForwardSteps(_ block: BlockTrace, _ layer: Int) -> [Step] {
        let isGated = configuration.architecture.isGated
        let f = configuration.activation.word
        let (bias, last) = configuration.hasFeedForwardBiases ? (" + b", " + b'") : ("", "")
        return [
            normStep(
                name: "feed-forward-norm",
                title: "Block \(layer + 1): norm before the feed-forward part"
                    + (configuration.isParallel ? ", of what attention read" : ""), block.norm2),
            Step(
                name: "feed-forward", title: "Feed-forward: each token by itself",
                formula: isGated
                    ? "hidden = \(f)(n·W_gate\(bias)) · (n·W_up\(bias)); "
                        + "added = hidden·W_down\(last)"
                    : "hidden = \(f)(n·W\(bias)); added = hidden·W'\(last)",
                source: isGated
                    ? "SwiGLU: Shazeer, 2020, https://arxiv.org/abs/2002.05202"
                    : "GELU: Hendrycks and Gimpel, 2016, https://arxiv.org/abs/1606.08415",
                values: [.init("hidden", block.hidden), .init("added", block.product2)],
                detail: .none),
        ]
            + addedNormSteps(
                name: "feed-forward-added-norm", of: "the feed-forward part", block.made)
            + [
                Step(
                    name: "feed-forward-residual",
                    title: "Residual: the feed-forward part is added to the stream",
                    formula: "x ← x + added",
                    source: AttentionExplanation<Scalar>.residualSource,
                    values: [.init("x", block.middle + block.made)], detail: .none)
            ]
    }

    private func headSteps(_ trace: Trace) -> [Step] {
        [
            normStep(name: "final-norm", title: "Final norm", trace.norm),
            Explanation.oddsStep(trace.logits, of: "n", isTied: configuration.tiesEmbeddings),
        ]
    }
}
