#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Beam search: of the texts that continue a prompt, the most probable ones are kept side by side,
/// and the best of those that end is the result.
///
/// It gives the ids that Hugging Face's `generate` gives with `num_beams`, whose rules it follows:
/// twice as many candidates as beams are looked at, so that enough are left when some end; the
/// score of an ended text is the sum of its logarithms divided by its length to the power of
/// ``lengthPenalty``; and the search ends when as many texts have ended as there are beams and the
/// best that goes on could not beat the worst of them at its present length
/// (`early_stopping=False`).
public struct BeamSearch {
    /// A text that was found.
    public struct Hypothesis: Sendable, Equatable {
        /// Its tokens behind the prompt, without the end token.
        public let tokens: [TokenID]
        /// The sum of the natural logarithms of its tokens' probabilities, over its length to the
        /// power of the penalty.
        public let score: Double
        /// Whether it ended by itself and not for its length.
        public let hasEnded: Bool
    }

    /// Texts that are kept side by side.
    public var beamCount: Int
    /// Power of the length that a score is divided by: above 0 favours long texts, below 0 short
    /// ones.
    public var lengthPenalty = 1.0
    /// The most tokens of a text, the end token included.
    public var maximumTokenCount: Int

    /// A search with `beamCount` beams.
    public init(beamCount: Int, lengthPenalty: Double = 1, maximumTokenCount: Int) {
        self.beamCount = beamCount
        self.lengthPenalty = lengthPenalty
        self.maximumTokenCount = maximumTokenCount
    }

    /// The most beams.
    public static var maximumBeamCount: Int { Kernels.fewRows }

    private struct Beam {
        var tokens: [TokenID]
        var score: Double
        let state: any ReadingState
    }

    private struct Candidate {
        let beam: Int
        let token: TokenID
        let score: Double
    }

    /// The texts that continue `prompt`, best first; at most ``beamCount``, none if the model's
    /// logits are not finite.
    ///
    /// - Parameters:
    ///   - pass: a pass for at least ``beamCount`` texts.
    ///   - prompt: at least one token.
    ///   - endToken: the token that ends a text.
    ///   - contextLimit: the most tokens of prompt and text together; nil for no limit.
    public func search(
        _ pass: any InferencePass, prompt: [TokenID], endToken: TokenID?, contextLimit: Int?
    ) -> [Hypothesis] {
        precondition(!prompt.isEmpty, "a search starts from at least one token")
        precondition(
            beamCount > 0 && beamCount <= pass.textCount, "a pass for fewer texts than beams")
        let room = contextLimit.map { $0 - prompt.count } ?? .max
        let limit = min(maximumTokenCount, room)
        guard limit > 0 else { return [] }
        let capacity = prompt.count + limit
        let first = pass.makeState(capacity: capacity)
        pass.read(prompt.span, into: first)
        var beams = [Beam(tokens: [], score: 0, state: first)]
        var spare: [any ReadingState] = []
        var found: [Hypothesis] = []
        while true {
            let length = beams[0].tokens.count + 1
            guard let candidates = candidates(beams, pass) else { return [] }
            let isLast = length == limit
            var next: [Candidate] = []
            for (rank, candidate) in candidates.enumerated() {
                let ends = candidate.token == endToken
                if ends || isLast {
                    guard rank < beamCount else { continue }
                    let tokens = beams[candidate.beam].tokens + (ends ? [] : [candidate.token])
                    add(
                        Hypothesis(
                            tokens: tokens, score: scaled(candidate.score, length),
                            hasEnded: ends), to: &found)
                } else if next.count < beamCount {
                    next.append(candidate)
                }
            }
            guard !isLast, let best = next.first else { return found }
            if found.count == beamCount, let worst = found.last,
                scaled(best.score, length) <= worst.score
            {
                return found
            }
            beams = advance(beams, next, &spare) { pass.makeState(capacity: capacity) }
            pass.step(beams.map { $0.tokens[$0.tokens.count - 1] }, beams.map(\.state))
        }
    }

    private func scaled(_ score: Double, _ length: Int) -> Double {
        score / pow(Double(length), lengthPenalty)
    }

    /// Keeps the best, of equals the one that was there before.
    private func add(_ hypothesis: Hypothesis, to found: inout [Hypothesis]) {
        let place = found.firstIndex { $0.score < hypothesis.score } ?? found.count
        found.insert(hypothesis, at: place)
        if found.count > beamCount { found.removeLast() }
    }

    /// The best continuations of all beams, twice as many as beams; nil if logits are not finite.
    private func candidates(_ beams: [Beam], _ pass: any InferencePass) -> [Candidate]? {
        var all: [Candidate] = []
        for (index, beam) in beams.enumerated() {
            let isFinite = pass.withLogits(ofText: index) { logits -> Bool in
                guard logits.areFinite else { return false }
                let most = Double(logits[Sampler.likeliest(in: logits).index])
                var sum = 0.0
                for place in logits.indices { sum += exp(Double(logits[place]) - most) }
                let shift = most + log(sum)
                for choice in Selection.greatest(min(2 * beamCount, logits.count), in: logits) {
                    all.append(
                        Candidate(
                            beam: index, token: TokenID(choice.index),
                            score: beam.score + Double(choice.value) - shift))
                }
                return true
            }
            guard isFinite else { return nil }
        }
        // Equal scores in the order of beams and tokens.
        let order = all.indices.sorted { (-all[$0].score, $0) < (-all[$1].score, $1) }
        return order.prefix(2 * beamCount).map { all[$0] }
    }

    /// The chosen continuations as beams. The first of a beam takes over its state, the others a
    /// copy.
    private func advance(
        _ beams: [Beam], _ chosen: [Candidate], _ spare: inout [any ReadingState],
        _ make: () -> any ReadingState
    ) -> [Beam] {
        let used = Set(chosen.map(\.beam))
        for index in beams.indices where !used.contains(index) { spare.append(beams[index].state) }
        var taken: Set<Int> = []
        return chosen.map { candidate in
            let parent = beams[candidate.beam]
            var state = parent.state
            if !taken.insert(candidate.beam).inserted {
                state = spare.popLast() ?? make()
                _ = state.rewind(to: 0)
                state.copy(from: parent.state, count: parent.state.count)
            }
            return Beam(
                tokens: parent.tokens + [candidate.token], score: candidate.score, state: state)
        }
    }
}
