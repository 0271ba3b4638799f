import Bytes
import Tokenization

/// Request for texts that continue prompts: the body of `POST /v1/completions`.
struct CompletionRequest: Equatable, Sendable {
    /// A prompt as it is given.
    enum Prompt: Equatable, Sendable {
        case text(String)
        case ids([TokenID])
    }

    /// The prompts, at least one; prompt p and sample s have the index p · n + s.
    var prompts: [Prompt]
    var sampling: SamplingSettings
    /// Likely tokens beside each; nil for no log-probabilities.
    var alternativeCount: Int?
    /// Whether the text begins with the prompt.
    var echoesPrompt = false
    /// Whether a prompt of text gets the tokens that the model's tokenizer puts before each.
    var addsSpecialTokens = true
    /// Whether special tokens are recognised in a prompt of text.
    var recognizesSpecialTokens = false

    /// The most prompts of a request.
    static let maximumPromptCount = 2048
    /// The most tokens of a text, unless the request says it.
    static let defaultTokenCount = 16

    /// The fields.
    static let fields: [RequestField] =
        [
            RequestField(
                "prompt", .special(Schema.prompt),
                "Text, token ids, or a list of either; each is continued by itself.")
        ] + SamplingSettings.fields + [
            RequestField(
                "logprobs", .whole(SamplingSettings.alternativeCounts),
                "Log-probabilities of the tokens, and of so many of the likeliest beside each."),
            RequestField("echo", .flag, "Whether the text begins with the prompt."),
            RequestField(
                "add_special_tokens", .flag,
                "Whether a text gets the tokens that the model's tokenizer puts before it."),
            RequestField(
                "parse_special", .flag, "Whether special tokens are recognised in the prompt."),
            RequestField(
                "suffix", .unsupported(neutral: [.string("")]), "nothing is put into a text"),
            RequestField(
                "best_of", .special(.object([.init(key: "type", value: .string("integer"))])),
                "Must be n, if it is given: all texts are answers."),
        ]

    /// The request in `reader`, whose fields are ``fields``.
    ///
    /// - Parameter vocabularyCount: number of the model's tokens.
    init(_ reader: RequestReader, vocabularyCount: Int) throws(APIError) {
        sampling = try SamplingSettings(reader, vocabularyCount: vocabularyCount)
        guard let prompt = reader["prompt"] else {
            throw .badField("prompt", "give the text to continue", code: "missing_parameter")
        }
        prompts = try Self.prompts(prompt, vocabularyCount)
        alternativeCount = reader.whole("logprobs")
        echoesPrompt = reader.flag("echo") ?? false
        addsSpecialTokens = reader.flag("add_special_tokens") ?? true
        recognizesSpecialTokens = reader.flag("parse_special") ?? false
        if let best = reader["best_of"] {
            guard best.wholeNumber == sampling.sampleCount else {
                throw .badField(
                    "best_of", "all \(sampling.sampleCount) texts are answers: leave it out")
            }
        }
        if sampling.maximumTokenCount == 0, !echoesPrompt {
            throw .badField(
                "max_tokens", "with 0 there is nothing to answer, unless echo is true")
        }
    }

    private static func prompts(
        _ value: JSONValue, _ vocabularyCount: Int
    ) throws(APIError) -> [Prompt] {
        if let text = value.string { return [.text(text)] }
        guard let elements = value.array else {
            throw .badField("prompt", "give a string, a list of ids, or a list of either")
        }
        guard let first = elements.first else {
            throw .badField("prompt", "the list is empty: give at least one prompt or token")
        }
        if case .number = first {
            return [
                .ids(
                    try RequestReader.ids(elements, "prompt", vocabularyCount: vocabularyCount))
            ]
        }
        guard elements.count <= maximumPromptCount else {
            throw .badField("prompt", "give at most \(maximumPromptCount) prompts")
        }
        var prompts: [Prompt] = []
        for (index, element) in elements.enumerated() {
            let name = "prompt[\(index)]"
            switch element {
            case .string(let text): prompts.append(.text(text))
            case .array(let ids):
                guard !ids.isEmpty else { throw .badField(name, "give at least one token") }
                prompts.append(
                    .ids(try RequestReader.ids(ids, name, vocabularyCount: vocabularyCount)))
            default: throw .badField(name, "give a string or a list of ids")
            }
        }
        return prompts
    }
}
