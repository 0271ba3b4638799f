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
}
