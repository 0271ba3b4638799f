public import Tokens

extension RecurrentModel {
    /// The way of `ids` through the model, by ``PlainRecurrent``: the gates of one layer over the
    /// text. There is one head to a layer.
    public func explanation(
        of ids: [TokenID], focus: Explanation.Focus
    ) throws(ModelError) -> Explanation? {
        checkIDs(ids.span)
        precondition(!ids.isEmpty, "a text of at least one token")
        try focus.check(layerCount: configuration.layerCount, headCount: 1)
        return PlainRecurrent<Float>(self).explanation(of: ids, layer: focus.layer)
    }
}

extension PlainRecurrent {
    /// The values of one forward, in words: the embedding, one layer's gates and states, the odds.
    func explanation(of ids: [TokenID], layer: Int) -> Explanation {
        typealias Step = Explanation.Step
        let trace = forward(sequence(ids, nil, nil))
        let tokens = matrix(RecurrentNames.tokens)
        let steps = trace.layers[layer]
        var result = [
            Explanation.tokensStep,
            Explanation.embeddingStep(
                ids, matrix(rows: trace.layers[0].map(\.x)), in: tokens),
        ]
        if layer > 0 {
            result.append(
                Step(
                    name: "layers-below", title: "Below layer \(layer + 1): the same steps",
                    formula: "x ← h of the layer below", source: "",
                    values: [.init("x", matrix(rows: steps.map(\.x)))], detail: .none))
        }
        let (names, formula, source) = Self.cellWords(configuration.architecture)
        if !names.isEmpty {
            let gates = names.indices.map { gate in matrix(rows: steps.map { $0.gates[gate] }) }
            var means = Matrix(ids.count, names.count)
            for t in ids.indices {
                for (column, gate) in gates.enumerated() {
                    for u in 0..<gate.columns { means[t, column] += gate[t, u] }
                    means[t, column] /= Scalar(gate.columns)
                }
            }
            result.append(
                Step(
                    name: "gates",
                    title: "Gates of layer \(layer + 1) over the text, and their means over units",
                    formula: formula, source: source,
                    values: zip(names, gates).map { .init($0, $1) },
                    detail: .columns(names, .init("means", means))))
        }
        var states = [Explanation.Values("h", matrix(rows: steps.map(\.after.h)))]
        if configuration.architecture == .lstm {
            states.insert(.init("c", matrix(rows: steps.map(\.after.c))), at: 0)
        }
        let update =
            switch configuration.architecture {
            case .rnn: formula
            case .lstm: "c = f·c' + i·g, h = o·tanh(c)"
            case .gru: "h = (1 - z)·n + z·h'"
            }
        result.append(
            Step(
                name: "state", title: "State of layer \(layer + 1) after each token",
                formula: update, source: source, values: states, detail: .none))
        if layer + 1 < configuration.layerCount {
            result.append(
                Step(
                    name: "layers-above", title: "Above layer \(layer + 1): the same steps",
                    formula: "x ← h of the layer below", source: "",
                    values: [.init("h", matrix(rows: trace.outputs))], detail: .none))
        }
        result.append(
            Explanation.oddsStep(trace.logits, of: "h", isTied: configuration.tiesEmbeddings))
        return Explanation(ids: ids, steps: result)
    }

    private func matrix(rows: [[Scalar]]) -> Matrix {
        Matrix(rows.count, rows[0].count, rows.flatMap { $0 })
    }

    /// Names of a cell's gates, its formula and its origin; h' and c' are of the token before.
    private static func cellWords(
        _ architecture: RecurrentArchitecture
    ) -> (names: [String], formula: String, source: String) {
        switch architecture {
        case .rnn:
            ([], "h = tanh(W·x + b + U·h' + b')", "Elman, 1990, Cognitive Science 14")
        case .lstm:
            (
                ["input", "forget", "candidate", "output"],
                "i, f, o = σ(W·x + b + U·h' + b'), g = tanh(W·x + b + U·h' + b')",
                "Hochreiter and Schmidhuber, 1997; Gers and others, 2000"
            )
        case .gru:
            (
                ["reset", "update", "candidate"],
                "r, z = σ(W·x + b + U·h' + b'), n = tanh(W·x + b + r·(U·h' + b'))",
                "Cho and others, 2014, https://arxiv.org/abs/1406.1078"
            )
        }
    }
}
