import Bytes
public import Models
import Pipeline
public import Tokenization
import Training

/// A model that is served, with the engine that draws from it.
public struct ServedModel: @unchecked Sendable {
    // Unchecked for the model, whose parameters nobody changes.

    /// Name that requests call it by.
    public let name: String
    /// The model, whose parameters do not change.
    public let model: any LanguageModel
    /// The engine that draws from it.
    public let engine: TextEngine
    /// Its vocabulary.
    public let vocabulary: Vocabulary
    /// Template of conversations; nil for a model that was not tuned to answer.
    public let chatTemplate: ConversationTemplate?
    /// Name of what a text depends on beside its request: weights, their format, and vocabulary.
    let fingerprint: String

    /// A model under a name, with an engine of its own.
    ///
    /// - Parameters:
    ///   - name: by which requests ask for it.
    ///   - model: the model, whose parameters must not change any more.
    ///   - vocabulary: its vocabulary.
    ///   - chatTemplate: template of conversations; nil for ChatML, if the vocabulary has it.
    ///   - endTokens: tokens that end a text, beside the vocabulary's own.
    ///   - options: settings of the engine.
    /// - Throws: as ``TextEngine/init(model:vocabulary:name:endTokens:options:)``.
    public init(
        name: String, model: any LanguageModel, vocabulary: Vocabulary,
        chatTemplate: ConversationTemplate? = nil, endTokens: Set<TokenID> = [],
        options: EngineOptions = .init()
    ) throws {
        self.name = name
        self.model = model
        self.vocabulary = vocabulary
        let standard = (try? ChatTemplate(vocabulary)).map { ConversationTemplate($0) }
        self.chatTemplate = model.readsPairs ? nil : chatTemplate ?? standard
        engine = try TextEngine(
            model: model, vocabulary: vocabulary, name: name, endTokens: endTokens,
            options: options)
        var hash = XXH64(seed: vocabulary.fingerprint)
        unsafe hash.update(options.weights.rawValue.utf8.span.bytes)
        model.parameters.withSpan { unsafe hash.update($0.bytes) }
        fingerprint = "fp_" + String(hash.digest(), radix: 16)
    }

    /// The model in `directory`: a checkpoint, a run or a Hugging Face directory.
    public init(name: String, directory: String, options: EngineOptions = .init()) throws {
        let path = try CheckpointStore.soundModelDirectory(at: directory)
        let files = try ModelDirectory(path: path)
        let vocabulary = try Vocabulary(directory: path)
        var template: ConversationTemplate?
        do {
            template = try ConversationTemplate(
                directory: path, vocabulary, endTokens: files.endTokens)
        } catch TokenizationError.unknownSpecialToken {}
        try self.init(
            name: name, model: files.model(), vocabulary: vocabulary, chatTemplate: template,
            endTokens: files.endTokens, options: options)
    }
}
