import Models
import Tokenization

/// How likely a model finds what is scored of a text.
struct TextScore: Equatable, Sendable {
    /// The sum of the natural logarithms of the tokens' probabilities.
    var logLikelihood = 0.0
    /// Tokens that were scored.
    var tokenCount = 0
    /// Whether each was the likeliest.
    var isGreedy = true
}

/// Scores texts with a model, reading what several of them begin with once.
///
/// The scores depend neither on the number of threads nor on the texts that are scored together.
struct TaskScorer {
    private let pass: any InferencePass
    private let shape: any ModelShape
    private let texts: [ScoredText]
    private let tree: TextTree
    /// Whether it is asked of a text that its tokens are the likeliest.
    private let asksGreedy: [Bool]
    private var scores: [TextScore]
    private var readCount = 0

    /// Bytes of the states that are made at once, on each level of the tree, and tokens that are
    /// read in a call.
    private static let (stateByteCount, callTokenCount) = (128 << 20, 4_096)

    /// Prepares the scoring of `texts`.
    ///
    /// - Parameters:
    ///   - pass: the model's pass, of at least one text.
    ///   - shape: the model's shape.
    ///   - texts: the texts.
    ///   - asksGreedy: of each, whether it is asked that its tokens are the likeliest; the answer
    ///     is yes for the others.
    init(
        _ pass: any InferencePass, _ shape: any ModelShape, _ texts: [ScoredText],
        asksGreedy: [Bool]
    ) {
        self.pass = pass
        self.shape = shape
        self.texts = texts
        self.asksGreedy = asksGreedy
        tree = TextTree(texts)
        scores = Array(repeating: TextScore(), count: texts.count)
    }

    /// The scores, in the order of the texts. O(tokens · parameters).
    ///
    /// - Parameter progress: called with the tokens that are read and those in all; ends the work
    ///   by an error.
    mutating func run(progress: (Int, Int) throws -> Void) throws -> [TextScore] {
        let longest = texts.map(\.inputCount).max() ?? 1
        try shape.checkStateMemory(tokenCount: max(1, longest), textCount: 1)
        let total = tree.tokenCount
        try read(tree.roots.map { ($0, nil) }) { try progress($0, total) }
        // The first token that is not a number makes the rest meaningless.
        guard scores.allSatisfy({ $0.logLikelihood.isFinite }) else { throw ModelError.notFinite }
        return scores
    }

    /// Reads nodes behind the states of their parents, and all that follows them.
    private mutating func read(
        _ jobs: [(node: TextTree.Node, parent: (any ReadingState)?)],
        _ progress: (Int) throws -> Void
    ) throws {
        var next = 0
        while next < jobs.count {
            var parts: [TextPart] = []
            var wants: [[[Want]]] = []
            var below: [(node: TextTree.Node, parent: (any ReadingState)?)] = []
            var (byteCount, tokenCount) = (0, 0)
            while next < jobs.count,
                parts.isEmpty
                    || byteCount < Self.stateByteCount && tokenCount < Self.callTokenCount
            {
                let (node, parent) = jobs[next]
                next += 1
                let state = pass.makeState(capacity: node.places.upperBound)
                if let parent { state.copy(from: parent, count: node.places.lowerBound) }
                let (first, wanted) = self.wants(of: node)
                parts.append(
                    TextPart(
                        Array(texts[node.text].ids[node.places]), into: state,
                        wanted: first..<first + wanted.count))
                wants.append(wanted)
                below += node.children.map { ($0, state) }
                byteCount += state.byteCount
                tokenCount += node.places.count
            }
            let starts = parts.map(\.wanted.lowerBound)
            pass.read(parts) { part, place, logits, row in
                take(wants[part][place - starts[part]], logits, row)
            }
            readCount += tokenCount
            try progress(readCount)
            parts = []
            try read(below, progress)
        }
    }

    /// A token whose probability is wanted, and for which texts.
    private struct Want {
        let token: TokenID
        var texts: [Int]
    }

    /// The tokens that are wanted after places of a node, from the first such place on.
    private func wants(of node: TextTree.Node) -> (first: Int, wants: [[Want]]) {
        let start = node.places.lowerBound
        /// Places of the node after which a token of a text is scored.
        func places(_ text: Int) -> Range<Int> {
            let scored = texts[text].scored
            return (scored.lowerBound - 1..<scored.upperBound - 1).clamped(to: node.places)
        }
        let wanted = node.texts.lazy.map(places).filter { !$0.isEmpty }
        guard let first = wanted.map(\.lowerBound).min(),
            let last = wanted.map(\.upperBound).max()
        else { return (0, []) }
        var wants = [[Want]](repeating: [], count: last - first)
        for text in node.texts {
            for place in places(text) {
                let token = texts[text].ids[place + 1]
                // Texts of the same token follow each other, for they are sorted.
                if let end = wants[place - first].indices.last,
                    wants[place - first][end].token == token
                {
                    wants[place - first][end].texts.append(text)
                } else {
                    wants[place - first].append(Want(token: token, texts: [text]))
                }
            }
        }
        return (first - start, wants)
    }

    private mutating func take(_ wants: [Want], _ logits: LogitRows, _ row: Int) {
        for want in wants {
            let value = logits.logProbability(of: want.token, ofText: row)
            let asks = want.texts.contains { asksGreedy[$0] && scores[$0].isGreedy }
            let isLikeliest =
                !asks || logits.withLogits(ofText: row) { Self.isLikeliest(want.token, in: $0) }
            for text in want.texts {
                scores[text].logLikelihood += value
                scores[text].tokenCount += 1
                if asksGreedy[text], !isLikeliest { scores[text].isGreedy = false }
            }
        }
    }

    /// Whether `token` is the first of the tokens with the largest logit. O(V).
    private static func isLikeliest(_ token: TokenID, in logits: Span<Float>) -> Bool {
        let value = logits[token.index]
        for index in 0..<token.index where logits[index] >= value { return false }
        for index in token.index + 1..<logits.count where logits[index] > value { return false }
        return true
    }
}
