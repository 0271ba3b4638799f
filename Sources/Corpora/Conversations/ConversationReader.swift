import Bytes
import Files
internal import Foundation
public import Work

/// Reads the conversations of JSON lines files, plain or compressed, one after another.
///
/// ```swift
/// var reader = try ConversationReader(inputs: ["questions.jsonl.zst"])
/// while let conversation = try reader.next() {
///     print(conversation.origin, conversation.turns.count)
/// }
/// ```
///
/// Memory is that of the reading buffers, one conversation and the list of inputs.
public struct ConversationReader: ~Copyable, Sendable {
    /// Conversations given out.
    public private(set) var conversationCount = 0
    /// Lines that were skipped because they are no conversation or cannot be read.
    public var skippedLines: Int { refusedCount + lines.progress.skippedLines }
    /// The errors of the first few of them.
    public var skipped: [CorpusError] {
        Array((refused + lines.progress.skipped).prefix(CorpusProgress.keptErrorCount))
    }

    private var refusedCount = 0
    private var refused: [CorpusError] = []

    private var lines: CorpusReader
    private let onError: CorpusErrorPolicy

    /// Finds the files of `inputs`; reads none of them yet.
    ///
    /// - Parameters:
    ///   - inputs: files, folders, patterns, and `-` for standard input: see
    ///     ``CorpusConfiguration/inputs``.
    ///   - onError: policy for a line that is no conversation.
    ///   - stop: ends the waiting for a pipe, with `FileError.stopped`.
    public init(
        inputs: [String], onError: CorpusErrorPolicy = .fail, stop: StopSignal? = nil
    ) throws(CorpusError) {
        // Folders and patterns stand for the JSON lines in them; then each line is read as it is.
        let paths = try CorpusConfiguration(inputs: inputs, format: .jsonl).inputPaths()
        lines = try CorpusReader(
            CorpusConfiguration(
                inputs: paths, format: .text, documents: .line, onError: onError), stop: stop)
        self.onError = onError
    }

    /// The progress of reading, in lines and bytes.
    public var progress: CorpusProgress { lines.progress }

    /// The next conversation; nil behind the last. O(its bytes).
    public mutating func next() throws(CorpusError) -> Conversation? {
        while let line = try lines.next() {
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
    public enum Speaker: Sendable, Equatable {
        /// The first words, which set the scene.
        case system
        /// The person who asks.
        case user
        /// The model, which answers.
        case assistant
    }

    /// The words of one speaker up to those of the next.
    public struct Turn: Sendable, Equatable {
        /// The speaker.
        public var speaker: Speaker
        /// The words.
        public var text: String

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

/// A line of JSON that holds a conversation, in one of the forms that data sets come in.
///
/// - `{"messages": [{"role": "user", "content": "…"}, …]}`, as OpenAI and most trainers have it;
/// - `{"conversations": [{"from": "human", "value": "…"}, …]}`, as ShareGPT has it;
/// - `{"instruction": "…", "input": "…", "output": "…"}`, as Alpaca has it, where `input` may be
///   missing or empty, and otherwise follows the instruction after an empty line.
///
/// Each may have `system`, what is said before everything else. Other keys are not looked at.
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
    }

    private var messages: [Entry]?
    private var conversations: [Entry]?
    private var instruction: String?
    private var input: String?
    private var output: String?
    private var system: String?

    /// The turns of the conversation in `line`. O(count).
    static func turns(in line: [UInt8]) throws(Fault) -> [Conversation.Turn] {
        let parsed: ConversationLine
        do {
            parsed = try StrictJSON.decode(ConversationLine.self, from: Data(line))
        } catch {
            throw Fault(reason: decodingReason(error))
        }
        var turns = try parsed.turns()
        if let system = parsed.system, !system.isEmpty {
            turns.insert(.init(speaker: .system, text: system), at: 0)
        }
        guard turns.dropFirst().allSatisfy({ $0.speaker != .system }) else {
            throw Fault(
                reason: "a system message stands behind another message; it must come first")
        }
        guard turns.contains(where: { $0.speaker == .assistant }) else {
            throw Fault(reason: "no message is the assistant's, so there is nothing to learn")
        }
        return turns
    }

    private func turns() throws(Fault) -> [Conversation.Turn] {
        if let entries = messages ?? conversations {
            var turns: [Conversation.Turn] = []
            for (index, entry) in entries.enumerated() {
                turns.append(try Self.turn(entry, number: index + 1))
            }
            return turns
        }
        guard let instruction, let output else {
            throw Fault(
                reason: """
                    it has none of the forms of a conversation: "messages", "conversations", or \
                    "instruction" with "output"
                    """)
        }
        let question = [instruction, input ?? ""].filter { !$0.isEmpty }
        return [
            .init(speaker: .user, text: question.joined(separator: "\n\n")),
            .init(speaker: .assistant, text: output),
        ]
    }

    private static func turn(_ entry: Entry, number: Int) throws(Fault) -> Conversation.Turn {
        guard let role = entry.role ?? entry.from, let text = entry.content ?? entry.value else {
            throw Fault(reason: "message \(number) lacks \"role\" or \"content\"")
        }
        let speaker: Conversation.Speaker
        switch role {
        case "system": speaker = .system
        case "user", "human": speaker = .user
        case "assistant", "gpt": speaker = .assistant
        default:
            throw Fault(
                reason: "message \(number) has the role \"\(role)\"; "
                    + "known are system, user (human) and assistant (gpt)")
        }
        return .init(speaker: speaker, text: text)
    }
}
