import ChatTemplates
import Foundation
import Tokenization

extension Probe {
    private struct ChatRequest: Decodable {
        struct Message: Decodable {
            let role: ChatMessage.Role
            let content: String
        }

        let messages: [Message]
        let begins_answer: Bool
    }

    private struct ChatReply: Encodable {
        let ids: [TokenID]
        /// For each id whether it belongs to an answer.
        let answers: [Bool]
    }

    /// The ids of conversations by a template, and which of them are learned: the vocabulary's
    /// directory, the template's file, and the tokens that begin and end a text.
    static func learn(_ arguments: [String]) throws {
        let vocabulary = try Vocabulary(directory: arguments[0])
        let template = try ConversationTemplate(
            vocabulary, source: String(contentsOfFile: arguments[1], encoding: .utf8),
            names: ["bos_token": arguments[2], "eos_token": arguments[3]])
        let encoder = BytePairEncoder(vocabulary)
        let clock = TemplateClock(year: 2026, month: 11, day: 30)
        while let line = readLine() {
            let request = try JSONDecoder().decode(ChatRequest.self, from: Data(line.utf8))
            let messages = request.messages.map { ChatMessage(role: $0.role, content: $0.content) }
            do throws(ConversationError) {
                let found = try template.learn(messages, with: encoder, clock: clock)
                var answers = [Bool](repeating: false, count: found.ids.count)
                for range in found.answers { for place in range { answers[place] = true } }
                try? printJSON(ChatReply(ids: found.ids, answers: answers))
            } catch {
                print(#"{"ids": [], "answers": []}"#)
            }
        }
    }

    /// Renders conversations, a line of JSON each on standard input, to lines of ids.
    static func chat(_ arguments: [String]) throws {
        let template = try ChatTemplate(Vocabulary(directory: arguments[0]))
        let encoder = BytePairEncoder(template.vocabulary)
        while let line = readLine() {
            let request = try JSONDecoder().decode(ChatRequest.self, from: Data(line.utf8))
            var ids: [TokenID] = []
            try template.encode(
                request.messages.map { ChatMessage(role: $0.role, content: $0.content) },
                with: encoder, into: &ids)
            if request.begins_answer { try template.beginAnswer(with: encoder, into: &ids) }
            var scanner = AnswerScanner(template)
            try printJSON(
                ChatReply(ids: ids, answers: ids.map { scanner.isAnswer($0) }))
        }
    }
}
