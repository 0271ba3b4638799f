import Models
import Tokenization

/// The tokens of a text, of which some are scored.
struct ScoredText: Equatable, Sendable {
    /// The tokens; the last is predicted and not read.
    var ids: [TokenID]
    /// Places of those that are scored, none of them the first.
    var scored: Range<Int>
    /// What is read: all but the last token.
    var inputCount: Int { ids.count - 1 }
}

/// Turns questions into tokens, by the rules of the harness or of CORE.
struct TaskEncoder {
    private let encoder: BytePairEncoder
    private let vocabulary: Vocabulary
    /// The token for a missing context.
    private let prefix: TokenID?
    private let prefixText: [UInt8]
    /// The most tokens that are read; nil for any number.
    private let contextLimit: Int?

    /// An encoder for a model.
    ///
    /// - Parameters:
    ///   - vocabulary: the model's vocabulary.
    ///   - prefix: the token for a missing context; nil where the vocabulary has none.
    ///   - contextLimit: the most tokens that the model reads; nil for any number.
    init(_ vocabulary: Vocabulary, prefix: TokenID?, contextLimit: Int?) {
        self.vocabulary = vocabulary
        self.prefix = prefix
        self.contextLimit = contextLimit
        encoder = BytePairEncoder(vocabulary)
        prefixText = prefix.map { vocabulary.bytes(of: $0) } ?? []
    }

    /// The texts of a question. O(its bytes).
    func texts(of item: TaskItem, _ task: EvaluationTask) throws -> [ScoredText] {
        do {
            switch task.rule {
            case .harness:
                var contexts: [String: [TokenID]] = [:]
                return try item.texts.map { try harnessText($0, &contexts, place: item.place) }
            case .core: return try coreTexts(item, task.kind)
            }
        } catch let error as TokenizationError {
            throw PipelineError.badTask(place: item.place, reason: "\(error)")
        }
    }

    private func encode(
        _ text: String, specials: SpecialTokenPolicy = .none
    ) throws(TokenizationError) -> [TokenID] {
        let ids = encoder.encode(text, specials: specials)
        try encoder.check()
        return ids
    }

    // MARK: The harness

    /// A pair as the harness encodes it: white space at the end of the context goes to the
    /// continuation, both are encoded together, and the continuation is what follows as many
    /// tokens as the context has alone. What does not fit is cut on the left.
    ///
    /// - Parameter contexts: tokens of contexts that came before.
    private func harnessText(
        _ text: TaskItem.Text, _ contexts: inout [String: [TokenID]], place: String
    ) throws -> ScoredText {
        var (context, continuation): ([TokenID], [TokenID])
        if text.context.isEmpty {
            continuation = try encode(text.continuation, specials: .all)
            guard let prefix else {
                throw PipelineError.badTask(
                    place: place,
                    reason: "it has no context, and the vocabulary no token that begins a text")
            }
            if continuation.first == prefix {
                context = [prefix]
                continuation.removeFirst()
            } else {
                context = [prefix]
            }
        } else {
            let (kept, space) = PythonText.cuttingEnd(text.context)
            context = try contexts[kept] ?? begun(kept)
            contexts[kept] = context
            continuation = Array(
                try begun(kept + space + text.continuation).dropFirst(context.count))
        }
        guard !context.isEmpty, !continuation.isEmpty else {
            throw PipelineError.badTask(
                place: place,
                reason: context.isEmpty
                    ? "its context is empty but for white space"
                    : "a continuation adds no token to its context")
        }
        if let contextLimit {
            guard continuation.count <= contextLimit else {
                throw PipelineError.badTask(
                    place: place,
                    reason: "a continuation has \(continuation.count) tokens, and the model reads "
                        + "\(contextLimit)")
            }
            let excess = context.count + continuation.count - (contextLimit + 1)
            if excess > 0 { context.removeFirst(excess) }
        }
        let ids = context + continuation
        return ScoredText(ids: ids, scored: context.count..<ids.count)
    }

    /// The tokens of a text with those that the tokenizer puts before it, unless it begins so
    /// already. Special tokens are recognised, as Hugging Face's tokenizers do.
    private func begun(_ text: String) throws(TokenizationError) -> [TokenID] {
        let isBegun = !prefixText.isEmpty && text.utf8.starts(with: prefixText)
        return try (isBegun ? [] : vocabulary.textPrefix) + encode(text, specials: .all)
    }

    // MARK: CORE

    private func coreTexts(
        _ item: TaskItem, _ kind: EvaluationTask.Kind
    ) throws -> [ScoredText] {
        guard let prefix else {
            throw PipelineError.badTask(
                place: item.place, reason: "the vocabulary has no token that begins a text")
        }
        let prompts = try item.texts.map { try [prefix] + encode($0.continuation) }
        let texts: [ScoredText]
        switch kind {
        case .choice:
            let start = Self.commonCount(prompts)
            texts = prompts.map { ScoredText(ids: $0, scored: start..<$0.count) }
        case .schema:
            let count = Self.commonCount(prompts.map { $0.reversed() })
            texts = prompts.map { ScoredText(ids: $0, scored: $0.count - count..<$0.count) }
        case .continuation:
            let before = try [prefix] + encode(item.texts[0].context)
            guard prompts[0].starts(with: before), before.count < prompts[0].count else {
                throw PipelineError.badTask(
                    place: item.place,
                    reason: "the tokens of its context are not those with which the whole begins, "
                        + "so that its continuation cannot be told apart")
            }
            texts = [ScoredText(ids: prompts[0], scored: before.count..<prompts[0].count)]
        }
        return texts.map(cutToContext)
    }

    /// The tokens with which all begin. O(tokens).
    private static func commonCount(_ lists: [[TokenID]]) -> Int {
        let least = lists.map(\.count).min() ?? 0
        return (0..<least).first { index in
            lists.contains { $0[index] != lists[0][index] }
        } ?? least
    }

    /// The last tokens, as many as the model reads: the first is never scored.
    private func cutToContext(_ text: ScoredText) -> ScoredText {
        let excess = max(0, text.ids.count - (contextLimit ?? .max))
        let start = max(1, text.scored.lowerBound - excess)
        let end = max(start, text.scored.upperBound - excess)
        return ScoredText(ids: Array(text.ids.dropFirst(excess)), scored: start..<end)
    }
}
