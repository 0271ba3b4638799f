/// One head of attention, step by step, of any family that has it.
struct AttentionExplanation<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>
    typealias Step = Explanation.Step

    /// What the names of the steps begin with, for a family with several kinds of attention.
    var prefix = ""
    /// What the titles begin with.
    var titlePrefix = ""
    /// The first token that looks, and the first that is looked at.
    var firstQuery = 0
    var firstKey = 0
    /// Title of the step in which a causal mask is put on; nil if all is seen.
    var maskTitle: String? = "Causal mask: no token sees a later one"

    static var source: String { "Vaswani and others, 2017, https://arxiv.org/abs/1706.03762" }
    static var residualSource: String {
        "He and others, 2015, https://arxiv.org/abs/1512.03385"
    }

    /// A step with values.
    func step(
        _ name: String, _ title: String, _ formula: String, source: String = Self.source,
        _ values: [Explanation.Values]
    ) -> Step {
        Step(
            name: prefix + name, title: titlePrefix + title, formula: formula, source: source,
            values: values, detail: .none)
    }

    /// From scores to weights.
    func weightSteps(_ head: PlainHead<Scalar>, headSize d: Int) -> [Step] {
        func map(_ name: String, _ title: String, _ formula: String, _ map: Matrix) -> Step {
            Step(
                name: prefix + name, title: titlePrefix + title, formula: formula,
                source: Self.source, values: [],
                detail: .map(
                    .init(name, map, from: firstQuery),
                    columns: firstKey..<firstKey + map.columns))
        }
        var steps = [
            map("scores", "Scores: each query with each key", "S = Q·Kᵀ", head.scores),
            map("scale", "Scale: divide by √d = √\(d)", "S / √d", head.scaled),
        ]
        if let maskTitle {
            steps.append(map("mask", maskTitle, "S[i, j] = -∞ for j > i", head.masked))
        }
        steps.append(
            map(
                "softmax",
                "Softmax\(maskTitle == nil ? ", no mask" : ""): each row becomes weights whose "
                    + "sum is 1",
                "A = softmax(Q·Kᵀ / √d), e^s / Σ e^s by row", head.weights))
        return steps
    }

    /// From weights to what attention gives: the head's context, and all heads projected.
    ///
    /// - Parameters:
    ///   - context: the columns of the head.
    ///   - attended: all heads side by side.
    ///   - projected: what their projection makes of them.
    ///   - heads: how many they are.
    func contextSteps(
        _ context: Matrix, attended: Matrix, projected: Matrix, heads: Int
    ) -> [Step] {
        [
            step(
                "context", "Context: the values' mean with these weights",
                "A·V = softmax(Q·Kᵀ / √d)·V", [.init("A·V", context, from: firstQuery)]),
            step(
                "heads", "All \(heads) heads side by side, projected", "Concat(head₁, …)·W_O",
                [
                    .init("heads", attended, from: firstQuery),
                    .init("projected", projected, from: firstQuery),
                ]),
        ]
    }
}
