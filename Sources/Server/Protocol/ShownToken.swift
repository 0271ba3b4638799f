import Bytes
import Tokenization

/// Token of an answer as clients see it: the characters of the text that it completes, its own
/// bytes, and the log-probabilities that were asked for.
///
/// A token may end in the middle of a character; its text is then empty, and the token that
/// completes the character has all of it. So the texts of all tokens, one behind the other, are the
/// text of the answer, which clients rely on.
struct ShownToken: Equatable, Sendable {
    /// A token that might have come in the token's place.
    struct Alternative: Equatable, Sendable {
        let bytes: [UInt8]
        let logProbability: Double
    }

    let id: TokenID
    /// Characters that it completes; shorter than that where a stop string cut the text.
    var text: String
    /// Its own bytes.
    var bytes: [UInt8]
    /// Natural logarithm of its probability; nil for the first token of a prompt.
    let logProbability: Double?
    /// The likeliest tokens at its place, best first.
    let alternatives: [Alternative]
    /// Whether it ended the text, and is no part of it.
    let isEnd: Bool
}

/// Turns the tokens of one text into ``ShownToken``s, and hands each out when all of its characters
/// are in the text.
struct TokenTexts {
    private let vocabulary: Vocabulary
    private var stream: TextStream
    /// Tokens whose characters are not all in the text yet.
    private var waiting: [ShownToken] = []
    /// UTF-8 of the text that is handed out and belongs to tokens that wait.
    private var releasedByteCount = 0

    /// The texts of tokens of `vocabulary`.
    ///
    /// - Parameter isContinued: whether they go on behind a text.
    init(_ vocabulary: Vocabulary, isContinued: Bool = false) {
        self.vocabulary = vocabulary
        stream = TextStream(vocabulary, isContinued: isContinued)
    }

    /// Takes the next token of the text.
    ///
    /// - Parameter isHidden: whether the token is no part of the text.
    mutating func append(_ token: ScoredToken, isHidden: Bool = false) {
        let isHidden = isHidden || token.isEnd || token.token.index >= vocabulary.count
        let text = isHidden ? "" : (try? stream.text(of: token.token)) ?? ""
        waiting.append(
            ShownToken(
                id: token.token, text: text,
                bytes: isHidden ? [] : bytes(of: token.token),
                logProbability: token.logProbability,
                alternatives: token.alternatives.map {
                    .init(bytes: bytes(of: $0.token), logProbability: $0.logProbability)
                },
                isEnd: token.isEnd))
    }

    /// The tokens that `text`, the next part of the text, completes.
    mutating func release(_ text: String) -> [ShownToken] {
        var count = complete(with: text)
        // The last token has the bytes that it began a character with, if none ends it; tokens
        // without a character wait for the one that they may begin.
        if count == waiting.count, holdsBytes { count -= 1 }
        while count > 0, waiting[count - 1].text.isEmpty { count -= 1 }
        defer { waiting.removeFirst(count) }
        releasedByteCount -= waiting[..<count].reduce(0) { $0 + $1.text.utf8.count }
        return Array(waiting[..<count])
    }

    /// The tokens that are left when the text has ended with `text`: the one that a stop string
    /// cut, as far as it is in the text. What held bytes of a character that never came is the last
    /// token's.
    mutating func finish(_ text: String) -> [ShownToken] {
        if let last = waiting.lastIndex(where: { !$0.isEnd }) {
            waiting[last].text += stream.finishText()
        }
        let count = complete(with: text)
        var tokens = Array(waiting[..<count])
        releasedByteCount -= tokens.reduce(0) { $0 + $1.text.utf8.count }
        if releasedByteCount > 0, count < waiting.count {
            var cut = waiting[count]
            cut.bytes = Array(cut.text.utf8.prefix(releasedByteCount))
            cut.text = String(decoding: cut.bytes, as: UTF8.self)
            tokens.append(cut)
        }
        waiting = []
        releasedByteCount = 0
        return tokens
    }

    /// Whether the last token began a character that has not ended.
    private var holdsBytes: Bool {
        var stream = stream
        return !waiting.isEmpty && !stream.finish().isEmpty
    }

    /// Number of tokens that wait and are all in the text when `text` is.
    private mutating func complete(with text: String) -> Int {
        releasedByteCount += text.utf8.count
        var rest = releasedByteCount
        return waiting.firstIndex { token in
            rest -= token.text.utf8.count
            return rest < 0
        } ?? waiting.count
    }

    private func bytes(of token: TokenID) -> [UInt8] {
        token.index < vocabulary.count ? vocabulary.bytes(of: token) : []
    }
}

extension [ShownToken] {
    /// The tokens of a prompt, which `text` is the text of.
    ///
    /// - Parameter hiddenCount: tokens at its front that are no part of the text.
    init(prompt tokens: [ScoredToken], hiddenCount: Int, text: String, _ vocabulary: Vocabulary) {
        var texts = TokenTexts(vocabulary)
        for (index, token) in tokens.enumerated() {
            texts.append(token, isHidden: index < hiddenCount)
        }
        self = texts.finish(text)
    }
}
