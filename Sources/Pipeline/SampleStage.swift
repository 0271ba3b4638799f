import Foundation
public import Tokenization
public import Transformer

/// Draws text from a model.
public enum SampleStage {
    /// Samples of the model in `modelDirectory`.
    static func run(
        modelDirectory: String, prompts: [String], generation: GenerationConfiguration
    ) throws -> [String] {
        try draw(
            model: GPT(directory: modelDirectory),
            vocabulary: Vocabulary(directory: modelDirectory), prompts: prompts,
            generation: generation)
    }

    /// One sample for each prompt; two from nothing when there is no prompt.
    static func draw(
        model: GPT, vocabulary: Vocabulary, prompts: [String],
        generation: GenerationConfiguration
    ) throws -> [String] {
        let prompts = prompts.isEmpty ? ["", ""] : prompts
        return try prompts.enumerated().map { number, prompt in
            var configuration = generation
            configuration.seed &+= UInt64(number)
            var text = ""
            try generate(
                model: model, vocabulary: vocabulary, prompt: prompt, configuration: configuration
            ) {
                text += $0
                return true
            }
            return prompt + text
        }
    }

    /// Continues `prompt`, handing over text as it becomes whole characters.
    ///
    /// What begins the prompt for the model is an end-of-text token, as at the beginning of a
    /// document, if the vocabulary has one.
    ///
    /// - Parameters:
    ///   - model: the model to draw from.
    ///   - vocabulary: its vocabulary.
    ///   - prompt: what the text begins with; it is not handed over.
    ///   - specials: which special tokens are recognised in the prompt.
    ///   - configuration: how to draw.
    ///   - write: takes the next piece of text, and returns whether to go on.
    public static func generate(
        model: GPT, vocabulary: Vocabulary, prompt: String, specials: SpecialTokenPolicy = .none,
        configuration: GenerationConfiguration, write: (String) -> Bool
    ) throws {
        guard model.configuration.vocabularySize >= vocabulary.count else {
            throw PipelineError.badValue(
                key: "model", reason: "it has fewer embeddings than its vocabulary has tokens")
        }
        var ids: [UInt32] = []
        if let endOfText = vocabulary.endOfText { ids.append(endOfText.rawValue) }
        let encoder = BytePairEncoder(vocabulary)
        encoder.encode(Array(prompt.utf8).span, specials: specials, into: &ids)
        guard !ids.isEmpty else {
            throw PipelineError.badValue(
                key: "prompt", reason: "without an end-of-text token a prompt must not be empty")
        }
        var stream = TextStream(vocabulary)
        var generator = TextGenerator(
            model, configuration: configuration,
            endToken: vocabulary.endOfText.map { Int32(bitPattern: $0.rawValue) })
        generator.start(prompt: ids.map(Int32.init(bitPattern:)))
        while let token = generator.next() {
            // A model may have more embeddings than its vocabulary has tokens: those mean nothing.
            guard Int(token) < vocabulary.count else { continue }
            let text = try stream.text(of: TokenID(UInt32(bitPattern: token)))
            guard write(text) else { return }
        }
        _ = write(stream.finishText())
    }

    static func read(_ path: String) throws -> [String] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return try JSONDecoder().decode([String].self, from: data)
    }
}
