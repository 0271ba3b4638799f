public import Files
import Foundation
public import Models
public import Tokenization
import Training
import Work

/// A conversation with a model that was tuned to answer.
///
/// ```swift
/// var session = try ChatSession(model: model, template: ChatTemplate(vocabulary))
/// try session.ask("Who made the heaven?") { print($0, terminator: ""); return true }
/// ```
///
/// All of it is kept; the model reads what fits into its context: the system message, and as many
/// of the last messages as leave room for an answer.
public struct ChatSession {
    /// Messages so far, without the system message.
    public private(set) var messages: [ChatMessage] = []
    /// System message: what the assistant is to be; nil for none.
    public var system: String?
    /// Number of the messages, from the first on, that the model did not read for the last answer,
    /// because they did not fit into its context.
    public private(set) var unreadCount = 0

    private let template: ChatTemplate
    private let encoder: BytePairEncoder
    private let contextLength: Int
    private let maximumTokenCount: Int
    private let stopStrings: [String]
    /// The tokens that are no part of an answer, and so end it: those that only a program writes.
    private let endings: Set<TokenID>
    private var generator: TextGenerator

    /// A conversation in which nothing was said yet.
    ///
    /// - Parameters:
    ///   - model: the model that answers.
    ///   - template: the template that it was tuned with, in its vocabulary.
    ///   - system: the system message; nil for none.
    ///   - configuration: how answers are drawn.
    ///   - threadCount: threads to use; the answers do not depend on it.
    public init(
        model: any LanguageModel, template: ChatTemplate, system: String? = nil,
        configuration: GenerationConfiguration = .init(), threadCount: Int = 1
    ) throws {
        try model.configuration.checkEmbeddings(of: template.vocabulary)
        self.template = template
        self.system = system
        encoder = BytePairEncoder(template.vocabulary)
        contextLength = model.configuration.contextLimit ?? .max
        maximumTokenCount = configuration.maximumTokenCount
        stopStrings = configuration.stopStrings
        endings = Set(
            template.vocabulary.specialTokens.filter { $0.recognition == .whereAllowed }.map(\.id))
        generator = TextGenerator(
            model, configuration: configuration,
            endToken: template.end,
            team: ThreadTeam(threadCount: threadCount))
    }

    /// A conversation with the model in `directory`: a checkpoint of instruction tuning, or a
    /// Hugging Face directory of a model that knows ChatML.
    ///
    /// - Throws: ``PipelineError/notTuned(path:missing:)`` when the vocabulary lacks its special
    ///   tokens, ``PipelineError/noConversation(path:)`` for a model of pairs.
    public init(
        directory: String, system: String? = nil, configuration: GenerationConfiguration = .init(),
        threadCount: Int = 1
    ) throws {
        let path = directory
        let directory = try CheckpointStore.soundModelDirectory(at: path)
        guard !type(of: try ModelConfiguration(directory: directory).shape).readsPairs else {
            throw PipelineError.noConversation(path: path)
        }
        let template: ChatTemplate
        do {
            template = try ChatTemplate(Vocabulary(directory: directory))
        } catch TokenizationError.unknownSpecialToken(let missing, _) {
            throw PipelineError.notTuned(path: path, missing: missing)
        }
        try self.init(
            model: ModelDirectory(path: directory).model(), template: template, system: system,
            configuration: configuration, threadCount: threadCount)
    }

    /// Joins what was said elsewhere to the conversation.
    public mutating func recall(_ messages: [ChatMessage]) { self.messages += messages }

    /// Forgets what was said; the system message stays.
    public mutating func clear() { (messages, unreadCount) = ([], 0) }

    /// The kind of a file with a conversation in it, for who saves one.
    public static let savedFile = FileKind("a conversation", fronts: ["{\"messages\":"])

    /// Everything that was said, as a line of JSON that instruction tuning reads.
    public func line() throws -> String {
        let all = (system.map { [ChatMessage(role: .system, content: $0)] } ?? []) + messages
        let object = ["messages": all.map { ["role": $0.role.rawValue, "content": $0.content] }]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(object), as: UTF8.self) + "\n"
    }

    /// Asks, and hands the answer over as it comes, in whole characters. Both join the
    /// conversation, also an answer that is stopped on its way.
    ///
    /// The answer ends with `<|im_end|>`, before a stop string, after the configured number of
    /// tokens, or where the context is full.
    ///
    /// - Parameters:
    ///   - question: the user's message.
    ///   - write: takes the next piece of the answer, and returns whether to go on.
    /// - Throws: ``PipelineError/tooLong(tokenCount:contextLength:)`` when the question itself does
    ///   not; it is then not part of the conversation. `ModelError.notFinite` when the model
    ///   computes nothing to choose from.
    public mutating func ask(_ question: String, write: (String) -> Bool) throws {
        let asked = messages + [ChatMessage(role: .user, content: question)]
        let (prompt, unread) = try prompt(for: asked)
        (messages, unreadCount) = (asked, unread)
        var answer = ""
        defer { messages.append(ChatMessage(role: .assistant, content: answer)) }
        // Tokens that the generator has read of the conversation already are not read again.
        generator.start(prompt: prompt)
        var stream = TextStream(template.vocabulary)
        var stops = StopStrings(stopStrings)
        var room = contextLength - prompt.count
        while room > 0, let id = generator.next() {
            room -= 1
            // A model may have more embeddings than its vocabulary has tokens: those mean nothing.
            guard id.index < template.vocabulary.count, !endings.contains(id) else { break }
            let bytes = stops.append(try stream.bytes(of: id))
            let text = String(decoding: bytes, as: UTF8.self)
            answer += text
            guard write(text), !stops.hasStopped else { return }
        }
        if generator.ending() == .notFinite { throw ModelError.notFinite }
        let bytes = stops.append(stream.finish()) + stops.finish()
        let rest = String(decoding: bytes, as: UTF8.self)
        answer += rest
        _ = write(rest)
    }

    /// The ids of the system message, of the last messages that fit, and of the beginning of an
    /// answer; and how many messages do not fit. O(text).
    private func prompt(for messages: [ChatMessage]) throws -> (ids: [TokenID], unread: Int) {
        // An answer gets at least a quarter of the context, if it is to have as much.
        let room = contextLength - min(maximumTokenCount, contextLength / 4)
        func ids(of message: ChatMessage) -> [TokenID] {
            var ids: [TokenID] = []
            template.encode([message], with: encoder, into: &ids)
            return ids
        }
        let first = system.map { ids(of: ChatMessage(role: .system, content: $0)) } ?? []
        var last: [TokenID] = []
        template.beginAnswer(with: encoder, into: &last)
        let encoded = messages.map(ids)
        var unread = messages.count - 1
        var count = first.count + encoded[unread].count + last.count
        guard count <= room else {
            throw PipelineError.tooLong(tokenCount: count, contextLength: room)
        }
        while unread > 0, count + encoded[unread - 1].count <= room {
            unread -= 1
            count += encoded[unread].count
        }
        // An answer is not read without its question.
        while messages[unread].role == .assistant { unread += 1 }
        return (first + encoded[unread...].joined() + last, unread)
    }
}
