import Tokenization

/// Puts the texts behind one prompt together from what the engine tells of them, as choices of an
/// answer or as parts of a streamed one.
struct TextAssembly {
    /// What the choices are to have, and what stands before them.
    struct Form {
        /// Index of the first choice.
        var firstIndex = 0
        var sampleCount = 1
        /// Text that each choice begins with; nil to begin with what is drawn.
        var echo: String?
        /// Code points of the prompt's text.
        var promptLength = 0
        /// Tokens of the prompt that are no part of its text.
        var hiddenCount = 0
        var hasTokens = false
        var hasIDs = false
        /// Whether the texts go on behind that of the prompt.
        var isContinued = false
    }

    private let form: Form
    private let vocabulary: Vocabulary
    private var samples: [Sample]
    private var echoed: [ShownToken] = []
    /// Tokens and seconds of the prompt, once all texts have ended.
    private(set) var usage: TextUsage?

    private struct Sample {
        var choice: Choice
        var texts: TokenTexts
        /// Code points of the prompt and the tokens that were handed out.
        var offset: Int
    }

    /// Texts of `form` in tokens of `vocabulary`.
    init(_ form: Form, _ vocabulary: Vocabulary) {
        self.form = form
        self.vocabulary = vocabulary
        samples = (0..<form.sampleCount).map { number in
            Sample(
                choice: Choice(
                    index: form.firstIndex + number, ids: form.hasIDs ? [] : nil,
                    tokens: form.hasTokens ? [] : nil),
                texts: TokenTexts(vocabulary, isContinued: form.isContinued),
                offset: form.echo == nil ? form.promptLength : 0)
        }
    }

    /// Takes what happens next, and returns the parts of the answer that it adds.
    mutating func take(_ event: TextEvent) throws(APIError) -> [Choice] {
        switch event {
        case .promptRead(_, let tokens): return beginning(tokens)
        case .piece(let sample, let token, let bytes):
            if let token {
                if form.hasTokens { samples[sample].texts.append(token) }
                if form.hasIDs, !token.isEnd { samples[sample].choice.ids?.append(token.token) }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            // A text's last piece has what was held back before.
            return part(of: sample, text, isRest: token?.isEnd ?? true)
        case .ended(let sample, let reason):
            var choice = samples[sample].choice
            if form.hasTokens { choice.tokens = samples[sample].texts.finish("") }
            choice.finishReason = reason
            choice.offset = samples[sample].offset
            return [choice]
        case .finished(let usage):
            self.usage = usage
            return []
        case .failed(.stopped):
            throw .unavailable("the server stops", retryAfterSeconds: 1)
        case .failed(let failure): throw .serverFault(failure.description)
        }
    }

    private mutating func beginning(_ tokens: [ScoredToken]) -> [Choice] {
        guard let echo = form.echo else { return [] }
        let shown =
            form.hasTokens
            ? [ShownToken](
                prompt: tokens, hiddenCount: form.hiddenCount, text: echo, vocabulary) : nil
        return samples.indices.map { number in
            samples[number].offset = form.promptLength
            var choice = samples[number].choice
            choice.text = echo
            choice.tokens = shown
            return choice
        }
    }

    private mutating func part(of sample: Int, _ text: String, isRest: Bool) -> [Choice] {
        var choice = samples[sample].choice
        choice.text = text
        choice.offset = samples[sample].offset
        if form.hasTokens {
            let tokens =
                isRest
                ? samples[sample].texts.finish(text) : samples[sample].texts.release(text)
            samples[sample].offset += tokens.reduce(0) { $0 + $1.text.unicodeScalars.count }
            choice.tokens = tokens
        }
        samples[sample].choice.ids = form.hasIDs ? [] : nil
        let isEmpty = text.isEmpty && choice.tokens?.isEmpty ?? true && choice.ids?.isEmpty ?? true
        return isEmpty ? [] : [choice]
    }
}

/// Choices of an answer, put together from parts that come of several in turn.
struct JoinedChoices {
    private var choices: [Int: Choice] = [:]

    /// Puts `part`, the next of some choice, behind what there is of it.
    mutating func join(_ part: Choice) {
        if choices[part.index] == nil {
            choices[part.index] = part
        } else {
            choices[part.index]?.append(part)
        }
    }

    /// The choices by their indices.
    var all: [Choice] { choices.values.sorted { $0.index < $1.index } }
}

extension Choice {
    fileprivate mutating func append(_ part: Choice) {
        text += part.text
        ids?.append(contentsOf: part.ids ?? [])
        tokens?.append(contentsOf: part.tokens ?? [])
        finishReason = part.finishReason
    }
}
