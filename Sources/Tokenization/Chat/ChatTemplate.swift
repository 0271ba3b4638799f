/// ChatML, the form in which a conversation becomes tokens: each message stands between two special
/// tokens.
///
///     <|im_start|>user
///     Who made the heaven?<|im_end|>
///     <|im_start|>assistant
///     God.<|im_end|>
///
/// The special tokens come from here alone. A message is encoded as ordinary text, so that one
/// which contains `<|im_end|>` cannot end its turn and speak in another role: `transformers`, which
/// renders to text first and looks for special tokens afterwards, gives the same ids for every
/// other message.
///
/// ```swift
/// let template = try ChatTemplate(vocabulary.adding(specialTokens: ChatTemplate.specialTokens))
/// let encoder = BytePairEncoder(template.vocabulary)
/// var ids: [TokenID] = []
/// try template.encode([.init(role: .user, content: "Who?")], with: encoder, into: &ids)
/// try template.beginAnswer(with: encoder, into: &ids)
/// ```
///
/// Source of the format: <https://github.com/openai/openai-python/blob/release-v0.28.0/chatml.md>.
public struct ChatTemplate: Sendable {
    /// The two tokens that a vocabulary needs: the one before a message and the one behind it.
    public static let specialTokens = ["<|im_start|>", "<|im_end|>"]

    /// The template as `transformers` and llama.cpp read it: `chat_template` of
    /// `tokenizer_config.json`.
    public static let jinja =
        "{% for message in messages %}"
        + "{{ '<|im_start|>' + message['role'] + '\\n' + message['content']"
        + " + '<|im_end|>' + '\\n' }}"
        + "{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

    /// The vocabulary that has the two tokens.
    public let vocabulary: Vocabulary
    /// Token before a message.
    public let start: TokenID
    /// Token behind a message, which also ends an answer.
    public let end: TokenID

    /// The template in the ids of `vocabulary`.
    ///
    /// - Throws: ``TokenizationError/unknownSpecialToken(_:known:)`` unless it has both tokens.
    public init(_ vocabulary: Vocabulary) throws(TokenizationError) {
        try SpecialTokenPolicy.only(Set(Self.specialTokens)).validate(for: vocabulary)
        self.vocabulary = vocabulary
        start = vocabulary.specialToken(Self.specialTokens[0])!
        end = vocabulary.specialToken(Self.specialTokens[1])!
    }

    /// Appends the ids of `messages`. O(their text).
    ///
    /// - Parameters:
    ///   - messages: the messages, in order.
    ///   - encoder: an encoder of ``vocabulary``.
    ///   - ids: where the ids go, behind those that are there.
    /// - Throws: ``TokenizationError/lackedByte(_:offset:)``, with the place in
    ///   ``text(of:)``.
    public func encode(
        _ messages: [ChatMessage], with encoder: BytePairEncoder, into ids: inout [TokenID]
    ) throws(TokenizationError) {
        var place = 0
        for message in messages {
            ids.append(start)
            place += Self.specialTokens[0].utf8.count
            // One text, as between two special tokens for transformers: a line break at the front
            // of the content may share a token with the one behind the role.
            let text = Array((Self.header(of: message.role) + message.content).utf8)
            encoder.encode(text.span, isContinued: true, into: &ids)
            try encoder.check(behind: place)
            ids.append(end)
            place += text.count + Self.specialTokens[1].utf8.count
            encoder.encode([UInt8(ascii: "\n")].span, isContinued: true, into: &ids)
            try encoder.check(behind: place)
            place += 1
        }
    }

    /// Appends what stands before an answer, for the model to go on from.
    ///
    /// - Throws: ``TokenizationError/lackedByte(_:offset:)``, with the place in it.
    public func beginAnswer(
        with encoder: BytePairEncoder, into ids: inout [TokenID]
    ) throws(TokenizationError) {
        ids.append(start)
        encoder.encode(
            Array(Self.header(of: .assistant).utf8).span, isContinued: true, into: &ids)
        try encoder.check(behind: Self.specialTokens[0].utf8.count)
    }

    /// The text that the ids of `messages` decode to. O(their text).
    public static func text(of messages: [ChatMessage]) -> String {
        messages.reduce(into: "") { text, message in
            text += specialTokens[0] + header(of: message.role) + message.content
            text += specialTokens[1] + "\n"
        }
    }

    static func header(of role: ChatMessage.Role) -> String { role.rawValue + "\n" }
}
