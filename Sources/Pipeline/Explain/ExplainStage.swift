public import Models
public import Tokenization
import Training

/// Explains what a trained model does with a short text of the reader's own.
public enum ExplainStage {
    /// The most tokens of a text: numbers of more would no longer be looked at.
    public static let tokenLimit = 32

    /// The steps of a text through a model.
    ///
    /// - Parameters:
    ///   - text: the text, of at most ``tokenLimit`` tokens; what the model's tokenizer puts before
    ///     a text stands before it.
    ///   - modelDirectory: a checkpoint, or a model directory of Hugging Face's with a vocabulary.
    ///   - focus: the layer and head that are looked at closely.
    /// - Returns: the steps, and the vocabulary that their tokens are of.
    public static func run(
        _ text: String, modelDirectory: String, focus: Explanation.Focus = .init()
    ) throws -> (explanation: Explanation, vocabulary: Vocabulary) {
        try CheckpointStore.requireModel(at: modelDirectory)
        let vocabulary = try Vocabulary(directory: modelDirectory)
        let model = try ModelDirectory(path: modelDirectory).model()
        let ids = try TextSampler.ids(of: text, model: model, vocabulary: vocabulary)
        let limit = min(tokenLimit, model.configuration.contextLimit ?? tokenLimit)
        guard ids.count <= limit else {
            throw PipelineError.badValue(
                key: "text",
                reason: "it is \(ids.count) tokens, and at most \(limit) are explained; give fewer "
                    + "words")
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
}
