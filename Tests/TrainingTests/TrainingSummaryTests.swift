import Files
import Foundation
import Testing

@testable import Training

@Suite struct TrainingSummaryTests {
    private let folder = NSTemporaryDirectory() + UUID().uuidString

    private let summary = TrainingSummary(
        steps: 4, isComplete: true, parameterCount: 10, tokenCount: 100, trainingSeconds: 2.5,
        validation: EvaluationResult(tokenCount: 8, byteCount: 16, totalLoss: 16), sources: nil,
        stoppedEarly: false)

    /// The summary that is read after `change` of the file's members.
    private func read(_ change: (inout [String: Any]) -> Void) throws -> TrainingSummary {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let data = try JSONEncoder().encode(summary)
        var members = try #require(
            try JSONSerialization.jsonObject(with: data) as? [String: Any])
        change(&members)
        try JSONSerialization.data(withJSONObject: members).write(
            to: URL(fileURLWithPath: folder + "/" + TrainingSummary.fileName))
        return try TrainingSummary(runDirectory: folder)
    }

    @Test func `a summary has the figures that follow from its sums`() throws {
        var members: [String: Any] = [:]
        #expect(try read { members = $0 } == summary)
        #expect(members["loss"] as? Double == 2 && members["perplexity"] as? Double == exp(2))
        #expect(members["bits_per_byte"] as? Double == 1 / log(2))
        #expect(members["tokens_per_second"] as? Double == 40)
        #expect(members["seconds"] as? Double == 2.5)
    }

    @Test func `a summary of an older version is read`() throws {
        let figures = ["loss", "perplexity", "bits_per_byte", "tokens_per_second", "seconds"]
        #expect(
            try read {
                for key in figures { $0[key] = nil }
                $0["training_seconds"] = 2.5
            } == summary)
    }

    @Test func `a loss beyond all bounds leaves a summary that can be read`() throws {
        var high = summary
        high.validation?.totalLoss = 8 * 700
        let members = try JSONSerialization.jsonObject(with: JSONEncoder().encode(high))
        let object = try #require(members as? [String: Any])
        #expect(object["perplexity"] == nil && object["loss"] as? Double == 700)
        high.validation = nil
        let none = try JSONSerialization.jsonObject(with: JSONEncoder().encode(high))
        #expect((none as? [String: Any])?["loss"] == nil)
    }
}
