import Bytes
internal import Foundation

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
            parsed = try JSONDecoder().decode(ConversationLine.self, from: Data(line))
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
