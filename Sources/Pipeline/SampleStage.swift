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
        var options = TextSampler.Options()
        options.specials = specials
        var sampler = try TextSampler(
            model: model, vocabulary: vocabulary, prompt: prompt, configuration: configuration,
            options: options)
        while let pieces = try sampler.next() {
            guard write(pieces[0].text) else { return }
        }
    }

    static func read(_ path: String) throws -> [String] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return try JSONDecoder().decode([String].self, from: data)
    }
}
