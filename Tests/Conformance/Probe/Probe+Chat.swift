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

    /// Renders conversations, a line of JSON each on standard input, to lines of ids.
    static func chat(_ arguments: [String]) throws {
        let template = try ChatTemplate(Vocabulary(directory: arguments[0]))
        let encoder = BytePairEncoder(template.vocabulary)
        while let line = readLine() {
            let request = try JSONDecoder().decode(ChatRequest.self, from: Data(line.utf8))
            var ids: [TokenID] = []
            template.encode(
                request.messages.map { ChatMessage(role: $0.role, content: $0.content) },
                with: encoder, into: &ids)
            if request.begins_answer { template.beginAnswer(with: encoder, into: &ids) }
            var scanner = AnswerScanner(template)
            try printJSON(
                ChatReply(ids: ids, answers: ids.map { scanner.isAnswer($0) }))
        }
    }
}
