public import Models
public import Tokenization
public import Work

extension LanguageModel {
    /// Whether its texts are pairs: it reads a source and writes a target.
    package var readsPairs: Bool { Shape.readsPairs }
}

/// A text that beam search found, and its score.
public struct BeamText: Sendable {
    /// The text behind the prompt.
    public let text: String
    /// The sum of its tokens' log-probabilities over its length to the power of the penalty.
    public let score: Double
    /// Its tokens.
    public let ids: [TokenID]
    /// Whether it ended by itself.
    public let hasEnded: Bool

    /// The texts that continue the tokens of a prompt, best first.
    ///
    /// - Parameters:
    ///   - search: beams, penalty and length.
    ///   - model: the model.
    ///   - vocabulary: its vocabulary.
    ///   - prompt: the ids that it reads.
    ///   - weights: the numbers that the model's matrices are rounded to.
    ///   - cache: the numbers that keys and values are kept in.
    ///   - team: the threads.
    /// - Throws: `ModelError.notFinite` when the model computes nothing to choose from, and
    ///   `ModelError.outOfRange` when it has a number that `weights` cannot hold.
    public static func find(
        _ search: BeamSearch, _ model: any LanguageModel, _ vocabulary: Vocabulary,
        prompt: [TokenID], weights: WeightFormat = .float32, cache: CacheFormat = .float32,
        team: ThreadTeam
    ) throws -> [BeamText] {
        let limit = model.configuration.contextLimit
        if let limit, prompt.count >= limit {
            throw PipelineError.badValue(
                key: "prompt",
                reason: "it is \(prompt.count) tokens, and with what follows there is room for "
                    + "\(limit)")
        }
        if weights != .float32 { try model.checkRange(of: weights) }
        let pass = model.makeInferencePass(
            weights: weights, cache: cache, textCount: search.beamCount, team: team,
            kernels: .best)
        let found = search.search(
            pass, prompt: prompt, endToken: vocabulary.endOfText, contextLimit: limit)
        guard !found.isEmpty else { throw ModelError.notFinite }
        let isContinued = !model.readsPairs && !vocabulary.beginsText(behind: prompt)
        return try found.map { hypothesis in
            // A model may have more embeddings than its vocabulary has tokens.
            let known = hypothesis.tokens.filter { $0.index < vocabulary.count }
            let text =
                try isContinued ? vocabulary.decode(known) : vocabulary.decodeText(known)
            return BeamText(
                text: String(decoding: text, as: UTF8.self),
                score: hypothesis.score, ids: hypothesis.tokens, hasEnded: hypothesis.hasEnded)
        }
    }
}
