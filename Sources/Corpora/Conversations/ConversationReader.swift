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
    /// Lines that were skipped because they are no conversation.
    public private(set) var skippedLines = 0
    /// The errors of the first few of them.
    public private(set) var skipped: [CorpusError] = []

    private var lines: CorpusReader
    private let onError: CorpusErrorPolicy

    /// Finds the files of `inputs`; reads none of them yet.
    ///
    /// - Parameters:
    ///   - inputs: files, folders, patterns, and `-` for standard input: see
    ///     ``CorpusConfiguration/inputs``.
    ///   - onError: policy for a line that is no conversation.
    public init(
        inputs: [String], onError: CorpusErrorPolicy = .fail
    ) throws(CorpusError) {
        // Folders and patterns stand for the JSON lines in them; then each line is read as it is.
        let paths = try CorpusConfiguration(inputs: inputs, format: .jsonl).inputPaths()
        lines = try CorpusReader(
            CorpusConfiguration(
                inputs: paths, format: .text, documents: .line, onError: onError))
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
                skippedLines += 1
                if skipped.count < CorpusProgress.keptErrorCount { skipped.append(refusal) }
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
