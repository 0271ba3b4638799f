import Bytes
import Tokenization

/// Request for the next message of a conversation: the body of `POST /v1/chat/completions`.
struct ChatRequest: Equatable, Sendable {
    /// The conversation, at least one message.
    var messages: [ChatMessage]
    var sampling: SamplingSettings
    /// Likely tokens beside each; nil for no log-probabilities.
    var alternativeCount: Int?

    /// The most messages of a conversation.
    static let maximumMessageCount = 4096

    /// The fields.
    static let fields: [RequestField] =
        [
            RequestField("messages", .special(Schema.messages), "The conversation so far.")
        ] + SamplingSettings.fields + [
            RequestField("logprobs", .flag, "Whether the answer has its tokens' probabilities."),
            RequestField(
                "top_logprobs", .whole(SamplingSettings.alternativeCounts),
                "So many of the likeliest tokens beside each; belongs to logprobs."),
            RequestField(
                "tools", .unsupported(neutral: [.array([])]), "the model calls no tools"),
            RequestField(
                "tool_choice", .unsupported(neutral: [.string("none"), .string("auto")]),
                "the model calls no tools"),
            RequestField("parallel_tool_calls", .ignored, "Changes nothing: there are no tools."),
            RequestField(
                "functions", .unsupported(neutral: [.array([])]), "the model calls no functions"),
            RequestField(
                "function_call", .unsupported(neutral: [.string("none"), .string("auto")]),
                "the model calls no functions"),
            RequestField(
                "response_format",
                .unsupported(
                    neutral: [.object([.init(key: "type", value: .string("text"))])]),
                "answers are text of no certain form"),
            RequestField(
                "modalities", .unsupported(neutral: [.array([.string("text")])]),
                "answers are text"),
            RequestField("audio", .unsupported(neutral: []), "answers are text"),
            RequestField("prediction", .unsupported(neutral: []), "no text is known before"),
            RequestField(
                "reasoning_effort", .unsupported(neutral: [.string("none")]),
                "the model does not reason apart from its answer"),
        ]

    /// The request in `reader`, whose fields are ``fields``.
    ///
    /// - Parameter vocabularyCount: number of the model's tokens.
    init(_ reader: RequestReader, vocabularyCount: Int) throws(APIError) {
        sampling = try SamplingSettings(reader, vocabularyCount: vocabularyCount)
        messages = try Self.messages(reader["messages"])
        let isTold = reader.flag("logprobs") ?? false
        if let count = reader.whole("top_logprobs") {
            guard isTold || count == 0 else {
                throw .badField("top_logprobs", "this belongs to \"logprobs\": true")
            }
            alternativeCount = isTold ? count : nil
        } else {
            alternativeCount = isTold ? 0 : nil
        }
        if sampling.maximumTokenCount == 0 {
            throw .badField("max_tokens", "with 0 there is no answer: give at least 1")
        }
    }

    /// The messages of a conversation, as `/apply-template` has them too.
    static func messages(_ value: JSONValue?) throws(APIError) -> [ChatMessage] {
        guard let value else {
            throw .badField("messages", "give the conversation", code: "missing_parameter")
        }
        guard let elements = value.array else {
            throw .badField("messages", "give a list of messages")
        }
        guard !elements.isEmpty else { throw .badField("messages", "give at least one message") }
        guard elements.count <= maximumMessageCount else {
            throw .badField("messages", "give at most \(maximumMessageCount) messages")
        }
        var messages: [ChatMessage] = []
        for (index, element) in elements.enumerated() {
            messages.append(try message(element, "messages[\(index)]"))
        }
        return messages
    }

    private static func message(
        _ value: JSONValue, _ name: String
    ) throws(APIError) -> ChatMessage {
        guard case .object(let members) = value else {
            throw .badField(name, "give an object with role and content")
        }
        guard let role = value["role"], let word = role.string else {
            throw .badField("\(name).role", "give the role: system, user or assistant")
        }
        guard let known = ChatMessage.Role(rawValue: word) else {
            throw .badField(
                "\(name).role", "known are system, developer, user, assistant and tool")
        }
        var message = ChatMessage(role: known, content: "")
        for member in members where !["role", "content"].contains(member.key) {
            try read(member, into: &message, "\(name).\(member.key.prefix(64))")
        }
        if message.toolCalls != nil, value["content"] ?? .null == .null {
            message.isWithoutContent = true
        } else {
            message.content = try content(value["content"], name + ".content")
        }
        return message
    }

    /// Reads what a message has beside its role and its content.
    private static func read(
        _ member: JSONValue.Member, into message: inout ChatMessage, _ field: String
    ) throws(APIError) {
        let known = [
            "annotations", "audio", "function_call", "name", "reasoning", "reasoning_content",
            "refusal", "tool_call_id", "tool_calls",
        ]
        guard known.contains(member.key) else {
            throw .badRequest(
                "there is no field \(field)", parameter: field, code: "unknown_parameter")
        }
        // What clients send back of an answer that they were given.
        if [.null, .array([]), .string("")].contains(member.value) { return }
        switch (member.key, member.value) {
        case ("reasoning_content", .string(let text)), ("reasoning", .string(let text)):
            message.reasoning = text
        case ("name", .string(let text)) where message.role == .tool: message.name = text
        case ("tool_call_id", .string(let text)) where message.role == .tool:
            message.toolCallID = text
        case ("tool_calls", .array(let calls)) where message.role == .assistant:
            for (index, call) in calls.enumerated() {
                guard call["function"]?["name"]?.string != nil else {
                    throw .badField("\(field)[\(index)]", "give the function with its name")
                }
            }
            var json = JSONText(isCompact: true)
            json.value(nil, member.value)
            message.toolCalls = String(decoding: json.bytes, as: UTF8.self)
        default:
            throw .badField(
                field, "a message of this role has no place for it; leave it out",
                code: "unsupported_parameter")
        }
    }

    private static func content(_ value: JSONValue?, _ name: String) throws(APIError) -> String {
        switch value {
        case .string(let text)?: return text
        case .array(let parts)? where !parts.isEmpty:
            var texts: [String] = []
            for (index, part) in parts.enumerated() {
                let name = "\(name)[\(index)]"
                guard case .object(let members) = part else {
                    throw .badField(
                        name, #"give an object such as {"type": "text", "text": "…"}"#)
                }
                guard part["type"]?.string == "text" else {
                    throw .badField(
                        "\(name).type", "the model reads text only",
                        code: "unsupported_parameter")
                }
                guard let text = part["text"]?.string else {
                    throw .badField("\(name).text", "give a string")
                }
                for member in members where !["type", "text"].contains(member.key) {
                    let field = "\(name).\(member.key.prefix(64))"
                    throw .badRequest(
                        "there is no field \(field)", parameter: field, code: "unknown_parameter")
                }
                texts.append(text)
            }
            return texts.joined(separator: "\n")
        default: throw .badField(name, "give a string, or a list of parts of type text")
        }
    }
}
