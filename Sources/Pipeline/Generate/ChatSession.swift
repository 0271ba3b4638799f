import ChatTemplates
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

    private let template: ConversationTemplate
    private let clock: TemplateClock
    private let encoder: BytePairEncoder
    private let contextLength: Int
    private let maximumTokenCount: Int
    private let stopStrings: [String]
    /// Tokens that only a program writes, which are not shown.
    private let controls: Set<TokenID>
    private var generator: TextGenerator

    /// A conversation in which nothing was said yet.
    ///
    /// - Parameters:
    ///   - model: the model that answers.
    ///   - template: the template that it was tuned with, in its vocabulary, and what ends an
    ///     answer.
    ///   - system: the system message; nil for none.
    ///   - configuration: how answers are drawn.
    ///   - weights: the numbers that the model's matrices are rounded to.
    ///   - cache: the numbers that keys and values are kept in.
    ///   - threadCount: threads to use; the answers do not depend on it.
    /// - Throws: `ModelError.outOfRange` when the model has a number that `weights` cannot hold.
    public init(
        model: any LanguageModel, template: ConversationTemplate, system: String? = nil,
        configuration: GenerationConfiguration = .init(), weights: WeightFormat = .float32,
        cache: CacheFormat = .float32, threadCount: Int = 1
    ) throws {
        if weights != .float32 { try model.checkRange(of: weights) }
        try model.configuration.checkEmbeddings(of: template.vocabulary)
        self.template = template
        self.system = system
        encoder = BytePairEncoder(template.vocabulary)
        contextLength = model.configuration.contextLimit ?? .max
        maximumTokenCount = configuration.maximumTokenCount
        stopStrings = configuration.stopStrings
        clock = .now
        controls = Set(
            template.vocabulary.specialTokens.filter { $0.recognition == .whereAllowed }.map(\.id))
        generator = TextGenerator(
            model, configuration: configuration,
            endTokens: template.endTokens, weights: weights, cache: cache,
            team: ThreadTeam(threadCount: threadCount))
    }

    /// A conversation with a model that was tuned with ChatML.
    public init(
        model: any LanguageModel, template: ChatTemplate, system: String? = nil,
        configuration: GenerationConfiguration = .init(), threadCount: Int = 1
    ) throws {
        try self.init(
            model: model, template: ConversationTemplate(template), system: system,
            configuration: configuration, threadCount: threadCount)
    }

    /// A conversation with the model in `directory`: a checkpoint of instruction tuning, or a
    /// Hugging Face directory of a model that has a chat template or knows ChatML.
    ///
    /// - Parameters:
    ///   - directory: the model.
    ///   - system: what the model is told first; nil for nothing.
    ///   - configuration: how tokens are drawn.
    ///   - weights: the numbers that the model's matrices are rounded to.
    ///   - cache: the numbers that keys and values are kept in.
    ///   - threadCount: threads of the passes.
    ///   - endTokens: gives what ends an answer in place of what the model's files say, of its
    ///     vocabulary; nil for that.
    /// - Throws: ``PipelineError/notTuned(path:missing:)`` when it has no template and its
    ///   vocabulary lacks the special tokens of ChatML, ``PipelineError/noConversation(path:)`` for
    ///   a model of pairs.
    public init(
        directory: String, system: String? = nil, configuration: GenerationConfiguration = .init(),
        weights: WeightFormat = .float32, cache: CacheFormat = .float32,
        endTokens: (Vocabulary) throws -> Set<TokenID>? = { _ in nil }, threadCount: Int = 1
    ) throws {
        let path = directory
        let directory = try CheckpointStore.soundModelDirectory(at: path)
        guard !type(of: try ModelConfiguration(directory: directory).shape).readsPairs else {
            throw PipelineError.noConversation(path: path)
        }
        let files = try ModelDirectory(path: directory)
        let vocabulary = try Vocabulary(directory: directory)
        var template: ConversationTemplate
        do {
            template = try ConversationTemplate(
                directory: directory, vocabulary, endTokens: files.endTokens)
        } catch TokenizationError.unknownSpecialToken(let missing, _) {
            throw PipelineError.notTuned(path: path, missing: missing)
        }
        if let ends = try endTokens(vocabulary) { template.endTokens = ends }
        try self.init(
            model: files.model(), template: template, system: system,
            configuration: configuration, weights: weights, cache: cache,
            threadCount: threadCount)
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
    /// The answer ends with a token that ends one, before a stop string, after the configured
    /// number of tokens, or where the context is full.
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
        var stream = TextStream(template.vocabulary, isContinued: true)
        var stops = StopStrings(stopStrings)
        var room = contextLength - prompt.count
        while room > 0, let id = generator.next() {
            room -= 1
            // A model may have more embeddings than its vocabulary has tokens: those mean nothing.
            guard id.index < template.vocabulary.count else { break }
            guard !controls.contains(id) else { continue }
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
    /// answer; and how many messages do not fit. O(text), and again for each message that leaves.
    private func prompt(for messages: [ChatMessage]) throws -> (ids: [TokenID], unread: Int) {
        // An answer gets at least a quarter of the context, if it is to have as much.
        let room = contextLength - min(maximumTokenCount, contextLength / 4)
        let first = system.map { [ChatMessage(role: .system, content: $0)] } ?? []
        // What did not fit before does not now.
        var unread = min(unreadCount, messages.count - 1)
        while true {
            // An answer is not read without its question.
            while messages[unread].role == .assistant { unread += 1 }
            let rendered = try template.render(
                first + messages[unread...], beginsAnswer: true, clock: clock)
            let ids = try rendered.ids(with: encoder)
            if ids.count <= room { return (ids, unread) }
            guard unread + 1 < messages.count else {
                throw PipelineError.tooLong(tokenCount: ids.count, contextLength: room)
            }
            unread += 1
        }
    }
}
