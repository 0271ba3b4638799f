import Foundation
import Refinement

extension Probe {
    /// Computes the MinHash signatures of texts from standard input; the form is that of
    /// ``encode(_:)``.
    static func minHash(_ arguments: [String]) throws {
        let configuration = try JSONDecoder().decode(
            RefinementConfiguration.self, from: Data(arguments[0].utf8))
        let signer = MinHash(configuration.nearDuplicates)
        try answerTexts { signer.signature(of: $0.span) }
    }

    /// Prints the words of texts, which are lines of JSON strings on standard input.
    static func englishWords(_ arguments: [String]) throws {
        while let line = readLine() {
            let text = try JSONDecoder().decode(String.self, from: Data(line.utf8))
            try printJSON(
                EnglishWordList.words(of: Array(text.utf8)).map {
                    String(decoding: $0, as: UTF8.self)
                })
        }
    }

    private struct QualityReply: Encodable {
        let rule: String?
        let text: String?
    }

    /// Prints for such texts the first rule that each breaks, or what becomes of it.
    static func quality(_ arguments: [String]) throws {
        let check = try QualityCheck(arguments[0].split(separator: ",").map(String.init))
        while let line = readLine() {
            let text = try JSONDecoder().decode(String.self, from: Data(line.utf8))
            let answer = check.answer(Array(text.utf8))
            try printJSON(
                QualityReply(
                    rule: answer.rule,
                    text: answer.text.map { String(decoding: $0, as: UTF8.self) }))
        }
    }
}
