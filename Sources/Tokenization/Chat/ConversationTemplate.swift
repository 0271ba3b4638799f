import Bytes
public import ChatTemplates

/// The form in which a model's conversations become tokens: the chat template that it brings, or
/// ``ChatTemplate`` where it brings none.
///
/// Control tokens come from the template alone: text of a message is encoded as ordinary text,
/// whatever it looks like, and so does the name of a tool or what it has answered. Of any other
/// conversation the ids are those of `transformers`' `apply_chat_template`.
public struct ConversationTemplate: Sendable {
    /// The vocabulary of the ids.
    public let vocabulary: Vocabulary
    /// The template's source.
    public let source: String
    /// The tokens that end an answer. Where nothing says which do, any that only a program writes.
    public var endTokens: Set<TokenID>

    private let program: JinjaTemplate
    private let variables: [String: TemplateValue]
    /// Whether the template goes through the parts of a content by itself.
    private let readsParts: Bool

    /// The template `source` in the ids of `vocabulary`.
    ///
    /// - Parameters:
    ///   - vocabulary: the vocabulary of the model.
    ///   - source: the template's text.
    ///   - names: special tokens that the template knows by name, such as `bos_token`; of the
    ///     beginning and the end of a text the vocabulary's own without them.
    ///   - endTokens: the tokens that end an answer.
    /// - Throws: the template's fault.
    public init(
        _ vocabulary: Vocabulary, source: String, names: [String: String] = [:],
        endTokens: Set<TokenID> = []
    ) throws(TemplateError) {
        self.vocabulary = vocabulary
        self.source = source
        program = try JinjaTemplate(source)
        var variables: [String: TemplateValue] = [:]
        func content(_ id: TokenID) -> TemplateValue {
            .text(String(decoding: vocabulary.bytes(of: id), as: UTF8.self))
        }
        variables["bos_token"] = vocabulary.beginningOfText.map(content)
        variables["eos_token"] = vocabulary.endOfText.map(content)
        for (name, text) in names { variables[name] = .text(text) }
        variables["tools"] = TemplateValue.none
        variables["documents"] = TemplateValue.none
        self.variables = variables
        // Loops over what a message's content is, or is called in the template.
        readsParts = source.contains(
            #/for\s+\w+\s+in\s+(\w+\.|\w+\[['"])?content['"]?\]?[\s%]|content['"]?\]?\[0\]/#)
        self.endTokens =
            endTokens.isEmpty
            ? Set(
                vocabulary.specialTokens.filter { $0.recognition == .whereAllowed }.map(\.id))
            : endTokens
    }

    /// ChatML in the ids of a vocabulary, with its end of a message among the tokens that end an
    /// answer.
    public init(_ template: ChatTemplate, endTokens: Set<TokenID> = []) {
        do throws(TemplateError) {
            try self.init(
                template.vocabulary, source: ChatTemplate.jinja,
                endTokens: endTokens.isEmpty ? [] : endTokens.union([template.end]))
        } catch {
            preconditionFailure("the template of ChatML: \(error)")
        }
    }

    /// Whether it is ChatML as a model is tuned with here, in which ids say what is an answer.
    public var isChatML: Bool { source == ChatTemplate.jinja }

    /// Whether the template says itself what a model is to write.
    public var marksAnswers: Bool { program.marksGeneration }

    /// The text of a conversation.
    ///
    /// - Parameters:
    ///   - messages: the messages, in order.
    ///   - beginsAnswer: whether the beginning of an answer follows.
    ///   - clock: the day that the template may write.
    /// - Throws: ``ConversationError`` where the template does not take the messages, or leaves out
    ///   what one of them says.
    public func render(
        _ messages: [ChatMessage], beginsAnswer: Bool = false, clock: TemplateClock? = nil
    ) throws(ConversationError) -> RenderedConversation {
        for (index, message) in messages.enumerated() {
            // The true reason, before the template fails on what it does not know.
            for part in [Part.reasoning, .toolCalls]
            where part.isSaid(in: message) && !part.words.contains(where: source.contains) {
                throw .leftOut(message: index + 1, role: message.role, part: part.name)
            }
        }
        let text = try text(of: messages, beginsAnswer: beginsAnswer, clock)
        var found: Set<Int> = []
        for run in text.runs {
            if let source = run.origin.source, run.text.contains(where: { !$0.isWhitespace }) {
                found.insert(source)
            }
        }
        for (index, message) in messages.enumerated() {
            for part in Part.allCases
            where part.isSaid(in: message) && !found.contains(part.source(index)) {
                // Thoughts of earlier turns are forgotten on purpose, by those that know of such.
                if part == .reasoning { continue }
                if part == .content, message.content.contains("</think>") { continue }
                throw .leftOut(message: index + 1, role: message.role, part: part.name)
            }
        }
        return RenderedConversation(text: text, vocabulary: vocabulary)
    }

    /// The text, whatever it leaves out.
    func text(
        of messages: [ChatMessage], beginsAnswer: Bool, _ clock: TemplateClock?
    ) throws(ConversationError) -> TemplateText {
        var variables = variables
        variables["add_generation_prompt"] = .bool(beginsAnswer)
        variables["messages"] = .list(messages.enumerated().map { value(of: $1, number: $0) })
        do throws(TemplateError) {
            return try program.render(variables, clock: clock)
        } catch {
            throw .template(error)
        }
    }

    // MARK: Messages as values

    /// Part of a message, which the text of a conversation is traced back to.
    enum Part: Int, CaseIterable {
        case content, reasoning, toolCalls, other

        /// The source of the part of a message in ``TemplateText``.
        func source(_ message: Int) -> Int { 4 * message + rawValue }

        var origin: (Int) -> TemplateText.Origin { { .source(source($0)) } }

        var name: String {
            switch self {
            case .content: "content"
            case .reasoning: "reasoning_content"
            case .toolCalls: "tool_calls"
            case .other: "name"
            }
        }

        /// What a template with a place for it says.
        var words: [String] {
            switch self {
            case .content: ["content"]
            case .reasoning: ["reasoning", "thinking"]
            case .toolCalls: ["tool_calls"]
            case .other: []
            }
        }

        /// Whether a message says something there that no template may leave out.
        func isSaid(in message: ChatMessage) -> Bool {
            switch self {
            case .content: message.content.contains { !$0.isWhitespace }
            case .reasoning: message.reasoning?.contains { !$0.isWhitespace } ?? false
            case .toolCalls: message.toolCalls != nil
            case .other: false
            }
        }
    }

    private func value(of message: ChatMessage, number: Int) -> TemplateValue {
        // The name that OpenAI's API gives to the system message of its later models.
        let isSystem = message.role == .developer && !source.contains("developer")
        let role = isSystem ? ChatMessage.Role.system : message.role
        var members: [TemplateValue.Member] = [.init("role", .text(role.rawValue))]
        let text = TemplateValue.text(message.content, Part.content.origin(number))
        let asParts = readsParts && source.firstMatch(of: #/is\s+(not\s+)?string/#) == nil
        members.append(
            .init(
                "content",
                message.isWithoutContent
                    ? .none
                    : asParts
                        ? .list([.object([.init("type", .text("text")), .init("text", text)])])
                        : text))
        if let reasoning = message.reasoning {
            let thoughts = TemplateValue.text(reasoning, Part.reasoning.origin(number))
            // The older name too, as transformers has it.
            members += [.init("reasoning_content", thoughts), .init("thinking", thoughts)]
        }
        if let calls = message.toolCalls.flatMap(Self.calls) {
            members.append(.init("tool_calls", TemplateValue(calls, Part.toolCalls.origin(number))))
        }
        for (name, text) in [("tool_call_id", message.toolCallID), ("name", message.name)] {
            if let text { members.append(.init(name, .text(text, Part.other.origin(number)))) }
        }
        return .object(members)
    }

    /// The calls with their arguments as objects, which templates write down by themselves: other
    /// programs keep them as texts.
    private static func calls(_ text: String) -> JSONValue? {
        guard case .array(let calls) = json(text) else { return nil }
        return .array(
            calls.map { call in
                var call = call
                if var function = call["function"], let text = function["arguments"]?.string,
                    let arguments = json(text), case .object = arguments
                {
                    function["arguments"] = arguments
                    call["function"] = function
                }
                return call
            })
    }

    private static func json(_ text: String) -> JSONValue? {
        do throws(JSONError) {
            return try JSONPullReader<JSONError>.with(Array(text.utf8).span) {
                (reader) throws(JSONError) in
                let value = try reader.readValue()
                try reader.finish()
                return value
            }
        } catch {
            return nil
        }
    }
}

extension TemplateValue {
    /// What JSON says, all of it from one source.
    init(_ value: JSONValue, _ origin: TemplateText.Origin) {
        switch value {
        case .null: self = .none
        case .bool(let flag): self = .bool(flag)
        case .number(let spelling):
            self =
                Int(spelling).map { .integer($0) }
                ?? Double(spelling).map { .real($0) } ?? .text(spelling, origin)
        case .string(let text): self = .text(text, origin)
        case .array(let elements): self = .list(elements.map { TemplateValue($0, origin) })
        case .object(let members):
            self = .object(
                members.map {
                    let name = TemplateText($0.key, origin)
                    return .init(name: name, value: TemplateValue($0.value, origin))
                })
        }
    }
}

/// Reason why a conversation does not become text.
public enum ConversationError: Error, Equatable, Sendable {
    /// The template fails on it, or refuses it.
    case template(TemplateError)
    /// The template leaves out what a message says. Messages count from 1.
    case leftOut(message: Int, role: ChatMessage.Role, part: String)
    /// The vocabulary has no ids for its text.
    case notEncodable(TokenizationError)
}

extension ConversationError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .template(let error): error.description
        case .notEncodable(let error): error.description
        case .leftOut(let message, let role, let part):
            "the model's chat template has no place for the \(part) of message \(message), whose "
                + "role is \(role.rawValue), and would leave it out"
        }
    }
}
