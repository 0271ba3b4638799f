public import Models
public import Tokenization
import Training

/// Explains what a trained model does with a short text of the reader's own.
public enum ExplainStage {
    /// The most tokens of a text, or of a pair's side: numbers of more would no longer be looked
    /// at.
    public static let tokenLimit = 32

    /// The steps of a text through a model.
    ///
    /// - Parameters:
    ///   - text: the text, of at most ``tokenLimit`` tokens; what the model's tokenizer puts before
    ///     a text stands before it.
    ///   - target: what the target begins with, for a model of pairs, or all of it; nil for the
    ///     one that it writes by taking the likeliest token each time.
    ///   - modelDirectory: a checkpoint, or a model directory of Hugging Face's with a vocabulary.
    ///   - focus: the layer and head that are looked at closely.
    /// - Returns: the steps, and the vocabulary that their tokens are of.
    public static func run(
        _ text: String, target: String? = nil, modelDirectory: String,
        focus: Explanation.Focus = .init()
    ) throws -> (explanation: Explanation, vocabulary: Vocabulary) {
        let modelDirectory = try CheckpointStore.soundModelDirectory(at: modelDirectory)
        let vocabulary = try Vocabulary(directory: modelDirectory)
        let model = try ModelDirectory(path: modelDirectory).model()
        guard target == nil || model.readsPairs else {
            throw PipelineError.badValue(
                key: "target",
                reason: "\(model.configuration.architectureName) continues a text and writes no "
                    + "target; leave it out")
        }
        var ids = try TextSampler.ids(of: text, model: model, vocabulary: vocabulary)
        let context = model.configuration.contextLimit ?? .max
        try check(ids.count, limit: min(tokenLimit, context), of: "text")
        if model.readsPairs {
            ids += try targetIDs(
                target, behind: ids, limit: min(tokenLimit, context - ids.count), model, vocabulary)
        }
        guard let explanation = try model.explanation(of: ids, focus: focus) else {
            throw PipelineError.badValue(
                key: "model",
                reason: "the steps of \(model.configuration.architectureName) are not written down")
        }
        let values = explanation.steps.flatMap(\.values)
        guard values.allSatisfy({ $0.elements.allSatisfy(\.isFinite) }) else {
            throw ModelError.notFinite
        }
        return (explanation, vocabulary)
    }

    private static func check(_ count: Int, limit: Int, of key: String) throws {
        guard count <= limit else {
            throw PipelineError.badValue(
                key: key,
                reason: "it is \(count) tokens, and at most \(limit) are explained; give fewer "
                    + "words")
        }
    }

    /// The tokens of a target, without the one that ends it.
    private static func targetIDs(
        _ target: String?, behind prompt: [TokenID], limit: Int, _ model: any LanguageModel,
        _ vocabulary: Vocabulary
    ) throws -> [TokenID] {
        guard let target else {
            var generator = TextGenerator(
                model, configuration: .greedy(maximumTokenCount: limit),
                endTokens: Set([vocabulary.endOfText].compactMap(\.self)))
            generator.start(prompt: prompt)
            var ids: [TokenID] = []
            while let token = generator.next() { ids.append(token) }
            guard generator.ending() != .notFinite else { throw ModelError.notFinite }
            return ids
        }
        var ids: [TokenID] = []
        let encoder = BytePairEncoder(vocabulary)
        encoder.encode(Array(target.utf8).span, into: &ids)
        try encoder.check()
        try check(ids.count, limit: limit, of: "target")
        return ids
    }
}
