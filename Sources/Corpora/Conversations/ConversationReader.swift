import Bytes
import Files
internal import Foundation
public import Work

/// Reads the conversations of JSON files, plain or compressed, and of Parquet, one after another.
///
/// ```swift
/// var reader = try ConversationReader(inputs: ["questions.jsonl.zst"])
/// while let conversation = try reader.next() {
///     print(conversation.origin, conversation.turns.count)
/// }
/// ```
///
/// A file whose name ends in .json is an array of conversations, or holds them one after another;
/// one that ends in .parquet has one in each row, in columns of the same names, where messages are
/// JSON as text; any other has one in each line. Memory is that of the reading buffers, one
/// conversation and the list of inputs.
public struct ConversationReader: ~Copyable, Sendable {
    /// Conversations given out.
    public private(set) var conversationCount = 0
    /// Lines that were skipped because they are no conversation or cannot be read.
    public var skippedLines: Int { refusedCount + progress.skippedLines }
    /// The errors of the first few of them.
    public var skipped: [CorpusError] {
        Array((refused + progress.skipped).prefix(CorpusProgress.keptErrorCount))
    }

    private var refusedCount = 0
    private var refused: [CorpusError] = []

    /// Files with a conversation in each line; nil where there are none.
    private var lines: CorpusReader?
    /// Arrays of conversations; nil where there are none.
    private var arrays: CorpusReader?
    /// Files of columns; nil where there are none.
    private var columns: CorpusReader?
    private let onError: CorpusErrorPolicy

    /// Finds the files of `inputs`; reads none of them yet.
    ///
    /// - Parameters:
    ///   - inputs: files, folders, patterns, and `-` for standard input: see
    ///     ``CorpusConfiguration/inputs``. A folder stands for the JSON lines in it, or else for
    ///     the Parquet files.
    ///   - onError: policy for a line that is no conversation.
    ///   - stop: ends the waiting for a pipe, with `FileError.stopped`.
    public init(
        inputs: [String], onError: CorpusErrorPolicy = .fail, stop: StopSignal? = nil
    ) throws(CorpusError) {
        // Folders and patterns stand for the JSON lines in them; then each line is read as it is.
        let paths: [String]
        do throws(CorpusError) {
            paths = try CorpusConfiguration(inputs: inputs, format: .jsonl).inputPaths()
        } catch {
            guard case .nothingInFolder = error,
                let found = try? CorpusConfiguration(inputs: inputs, format: .parquet).inputPaths()
            else { throw error }
            paths = found
        }
        try CorpusFormat.check(
            paths, hold: "conversations", not: [.csv, .tsv, .warc, .tar],
            wish: "JSON lines, JSON or Parquet")
        let arrayPaths = paths.filter { CorpusFormat(nameOf: $0) == .json }
        let columnPaths = paths.filter { CorpusFormat(nameOf: $0) == .parquet }
        let linePaths = paths.filter {
            ![.json, .parquet].contains(CorpusFormat(nameOf: $0))
        }
        if !linePaths.isEmpty || arrayPaths.isEmpty && columnPaths.isEmpty {
            lines = try CorpusReader(
                CorpusConfiguration(
                    inputs: linePaths, format: .text, documents: .line, onError: onError),
                stop: stop)
        }
        if !arrayPaths.isEmpty {
            var objects = CorpusConfiguration(
                inputs: arrayPaths, format: .json, onError: onError)
            objects.givesObjects = true
            arrays = try CorpusReader(objects, stop: stop)
        }
        if !columnPaths.isEmpty {
            var objects = CorpusConfiguration(
                inputs: columnPaths, format: .parquet, onError: onError)
            objects.givesObjects = true
            objects.objectColumns = ConversationFields.columns
            columns = try CorpusReader(objects, stop: stop)
        }
        self.onError = onError
    }

    /// The progress of reading, in records and bytes.
    public var progress: CorpusProgress {
        var sum = CorpusProgress()
        sum.totalBytes = 0
        switch lines {
        case .some(let reader): sum.add(reader.progress)
        case .none: break
        }
        switch arrays {
        case .some(let reader): sum.add(reader.progress)
        case .none: break
        }
        switch columns {
        case .some(let reader): sum.add(reader.progress)
        case .none: break
        }
        return sum
    }

    private mutating func nextRecord() throws(CorpusError) -> Document? {
        if let line = try lines?.next() { return line }
        if let object = try arrays?.next() { return object }
        return try columns?.next()
    }

    /// The next conversation; nil behind the last. O(its bytes).
    public mutating func next() throws(CorpusError) -> Conversation? {
        while let line = try nextRecord() {
            do throws(ConversationLine.Fault) {
                let turns = try ConversationLine.turns(in: line.text)
                conversationCount += 1
                return Conversation(turns: turns, origin: line.origin)
            } catch {
                let refusal = CorpusError.badConversation(origin: line.origin, reason: error.reason)
                guard onError != .fail else { throw refusal }
                refusedCount += 1
                if refused.count < CorpusProgress.keptErrorCount { refused.append(refusal) }
            }
        }
        return nil
    }
}

/// A conversation of a user and an assistant, from which instruction tuning learns.
public struct Conversation: Sendable, Equatable {
    /// The speaker of a turn.
    public enum Speaker: String, Sendable, Equatable {
        /// The first words, which set the scene.
        case system
        /// The person who asks.
        case user
        /// The model, which answers.
        case assistant
        /// A program that the model has called.
        case tool
        /// The first words, in data that tells their author from the system.
        case developer
    }

    /// The words of one speaker up to those of the next.
    public struct Turn: Sendable, Equatable {
        /// The speaker.
        public var speaker: Speaker
        /// The words.
        public var text: String
        /// Whether there are none, and not only empty ones: in a turn that only calls tools.
        public var isWithoutText = false
        /// Thoughts before the words; nil for none.
        public var reasoning: String?
        /// Calls of tools, as a list in JSON; nil for none.
        public var toolCalls: String?
        /// The call that is answered; nil where it is not said.
        public var toolCallID: String?
        /// Name of the speaker, or of the tool; nil where it is not said.
        public var name: String?
        /// Whether the turn, if it is the assistant's, is to be learned from.
        public var isLearned = true

        /// A turn.
        public init(speaker: Speaker, text: String) {
            self.speaker = speaker
            self.text = text
        }
    }

    /// The turns in their order: at most one of the system's, which comes first, and at least one
    /// of the assistant's.
    public var turns: [Turn]
    /// The place where the conversation was found.
    public var origin: DocumentOrigin
}

/// A record of JSON that holds a conversation, in one of the forms that data sets come in.
///
/// - `{"messages": [{"role": "user", "content": "…"}, …]}`, as OpenAI and most trainers have it;
/// - `{"conversations": [{"from": "human", "value": "…"}, …]}`, as ShareGPT has it;
/// - `{"instruction": "…", "input": "…", "output": "…"}`, as Alpaca has it, where `input` may be
///   missing or empty, and otherwise follows the instruction after an empty line;
/// - a question and its answer by the other names in ``ConversationFields``.
///
/// Each may have `system`, what is said before everything else. A message may have a content of
/// parts of text, `reasoning_content`, `tool_calls` (then without a content too), and, of a tool,
/// `tool_call_id` and `name`; with `weight` 0 or `train` false it is not learned from. Other keys
/// are not looked at.
struct ConversationLine: Decodable {
    /// The reason why a line is no conversation.
    struct Fault: Error, Equatable {
        let reason: String
    }

    private struct Entry: Decodable {
        var role: String?
        var content: String?
        var from: String?
        var value: String?
        var reasoning: String?
        var name: String?
        var toolCallID: String?
        var weight: Double?
        var train: Bool?
        /// Whether it calls tools.
        var hasCalls = false
        /// Kind of a part of the content that is no text.
        var otherPart: String?

        private struct Part: Decodable {
            var type: String?
            var text: String?
        }

        /// What tells whether a list or object has anything.
        private struct Anything: Decodable {}

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: Name.self)
            func text(_ name: String) throws -> String? {
                try values.decodeIfPresent(String.self, forKey: Name(name))
            }
            role = try text("role")
            from = try text("from")
            value = try text("value")
            for name in ["reasoning_content", "reasoning", "thinking"] where reasoning == nil {
                reasoning = try? text(name)
            }
            if role == "tool" { (name, toolCallID) = (try text("name"), try text("tool_call_id")) }
            weight = try values.decodeIfPresent(Double.self, forKey: Name("weight"))
            train = try values.decodeIfPresent(Bool.self, forKey: Name("train"))
            if let calls = try? values.decodeIfPresent([Anything].self, forKey: Name("tool_calls"))
            {
                hasCalls = !calls.isEmpty
            }
            guard let parts = try? values.decodeIfPresent([Part].self, forKey: Name("content"))
            else {
                content = try text("content")
                return
            }
            otherPart = parts.first { $0.type ?? "text" != "text" || $0.text == nil }
                .map { $0.type ?? "text without one" }
            content = parts.compactMap(\.text).joined(separator: "\n")
        }
    }

    private var messages: [Entry]?
    private var conversations: [Entry]?
    /// Texts of the fields of a question with its answer.
    private var texts: [String: String] = [:]
    private var system: String?

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Name.self)
        messages = try values.decodeIfPresent([Entry].self, forKey: Name("messages"))
        conversations = try values.decodeIfPresent([Entry].self, forKey: Name("conversations"))
        system = try values.decodeIfPresent(String.self, forKey: Name("system"))
        for field in ["instruction", "input", "output"] {
            texts[field] = try values.decodeIfPresent(String.self, forKey: Name(field))
        }
        // Records of messages have some of these too, with values of any type.
        for field in ConversationFields.others {
            texts[field] = try? values.decodeIfPresent(String.self, forKey: Name(field))
        }
    }

    /// The turns of the conversation in `line`. O(count).
    static func turns(in line: [UInt8]) throws(Fault) -> [Conversation.Turn] {
        let parsed: ConversationLine
        do {
            parsed = try StrictJSON.decode(ConversationLine.self, from: Data(line))
        } catch {
            throw Fault(reason: decodingReason(error))
        }
        var turns = try parsed.turns()
        if parsed.hasCalls { try addCalls(of: line, to: &turns) }
        if let system = parsed.system, !system.isEmpty {
            turns.insert(.init(speaker: .system, text: system), at: 0)
        }
        let firsts: [Conversation.Speaker] = [.system, .developer]
        guard turns.dropFirst().allSatisfy({ !firsts.contains($0.speaker) }) else {
            throw Fault(
                reason: "a system message stands behind another message; it must come first")
        }
        guard turns.contains(where: { $0.speaker == .assistant }) else {
            throw Fault(reason: "no message is the assistant's, so there is nothing to learn")
        }
        guard turns.contains(where: { $0.speaker == .assistant && $0.isLearned }) else {
            throw Fault(reason: "by its weights, no message of the assistant's is to be learned")
        }
        return turns
    }

    private var hasCalls: Bool { (messages ?? conversations ?? []).contains(where: \.hasCalls) }

    /// Adds the calls of tools as they are written: the order of arguments is a part of them.
    private static func addCalls(
        of line: [UInt8], to turns: inout [Conversation.Turn]
    ) throws(Fault) {
        let record: JSONValue
        do throws(JSONError) {
            record = try JSONPullReader<JSONError>.with(line.span) { (reader) throws(JSONError) in
                try reader.readValue()
            }
        } catch {
            throw Fault(reason: "\(error.reason)")
        }
        guard case .array(let entries) = record["messages"] ?? record["conversations"] else {
            return
        }
        for (index, entry) in entries.enumerated() where turns.indices.contains(index) {
            guard let calls = entry["tool_calls"], case .array(let elements) = calls,
                !elements.isEmpty
            else { continue }
            var json = JSONText(isCompact: true)
            json.value(nil, calls)
            turns[index].toolCalls = String(decoding: json.bytes, as: UTF8.self)
        }
    }

    private func turns() throws(Fault) -> [Conversation.Turn] {
        if let entries = messages ?? conversations {
            var turns: [Conversation.Turn] = []
            for (index, entry) in entries.enumerated() {
                turns.append(try Self.turn(entry, number: index + 1))
            }
            return turns
        }
        guard let fields = ConversationFields(in: Set(texts.keys)),
            let question = texts[fields.question], let answer = texts[fields.answer]
        else {
            throw Fault(
                reason: """
                    it has none of the forms of a conversation: "messages", "conversations", or \
                    a text with its answer, as "instruction" with "output"
                    """)
        }
        let asked = [question, fields.context.flatMap { texts[$0] } ?? ""].filter { !$0.isEmpty }
        return [
            .init(speaker: .user, text: asked.joined(separator: "\n\n")),
            .init(speaker: .assistant, text: answer),
        ]
    }

    private static func turn(_ entry: Entry, number: Int) throws(Fault) -> Conversation.Turn {
        guard let role = entry.role ?? entry.from,
            entry.content ?? entry.value != nil || entry.hasCalls
        else { throw Fault(reason: "message \(number) lacks \"role\" or \"content\"") }
        if let kind = entry.otherPart {
            throw Fault(
                reason: "message \(number) has a part of the type \"\(kind)\"; text alone is read")
        }
        let speaker: Conversation.Speaker
        switch role {
        case "system": speaker = .system
        case "developer": speaker = .developer
        case "user", "human": speaker = .user
        case "assistant", "gpt": speaker = .assistant
        case "tool": speaker = .tool
        default:
            throw Fault(
                reason: "message \(number) has the role \"\(role)\"; "
                    + "known are system, developer, user (human), assistant (gpt) and tool")
        }
        if entry.hasCalls, speaker != .assistant {
            throw Fault(reason: "message \(number) calls tools, and is not the assistant's")
        }
        if let weight = entry.weight, weight != 0, weight != 1 {
            throw Fault(
                reason: "message \(number) has the weight \(weight); known are 0 and 1")
        }
        var turn = Conversation.Turn(speaker: speaker, text: entry.content ?? entry.value ?? "")
        turn.isWithoutText = entry.content == nil && entry.value == nil
        turn.reasoning = entry.reasoning
        (turn.name, turn.toolCallID) = (entry.name, entry.toolCallID)
        turn.isLearned = entry.weight != 0 && entry.train != false
        return turn
    }
}
