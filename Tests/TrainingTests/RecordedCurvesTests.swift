import Foundation
import Testing

@testable import Training

@Suite final class RecordedCurvesTests {
    private let directory = NSTemporaryDirectory() + "quern-curves-" + UUID().uuidString

    init() throws {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func curves(_ text: String) throws -> RecordedCurves {
        try Data(text.utf8).write(to: URL(filePath: directory + "/metrics.jsonl"))
        return try RecordedCurves(runDirectory: directory)
    }

    private static func line(_ step: Int, _ loss: String) -> String {
        """
        {"step": \(step), "loss": \(loss), "learning_rate": 0.1, "gradient_norm": 1, \
        "tokens": \(step * 10), "seconds": 0.5, "tokens_per_second": 20}

        """
    }

    @Test func `a run without metrics has no curve`() throws {
        #expect(try RecordedCurves(runDirectory: directory) == RecordedCurves())
        #expect(try curves("") == RecordedCurves())
    }

    @Test func `steps and evaluations are told apart, and time adds up`() throws {
        let found = try curves(
            Self.line(1, "4") + Self.line(2, "3")
                + #"{"bits_per_byte": 1.5, "perplexity": 9, "step": 2, "validation_loss": 3.5}"#
                + "\n" + #"{"samples": ["a"], "step": 2}"# + "\n" + Self.line(3, "2.5"))
        #expect(
            found.training == [
                .init(step: 1, tokenCount: 10, seconds: 0.5, loss: 4, learningRate: 0.1),
                .init(step: 2, tokenCount: 20, seconds: 1, loss: 3, learningRate: 0.1),
                .init(step: 3, tokenCount: 30, seconds: 1.5, loss: 2.5, learningRate: 0.1),
            ])
        #expect(
            found.validation == [
                .init(step: 2, tokenCount: 20, seconds: 1, loss: 3.5, bitsPerByte: 1.5)
            ])
        #expect(found.unreadableLines == 0)
    }

    @Test func `a last line that was cut short is passed over wherever it is cut`() throws {
        let (whole, last) = (Self.line(1, "4") + Self.line(2, "3"), Self.line(3, "2").dropLast())
        let expected = try curves(whole)
        for count in 0..<last.count {
            let found = try curves(whole + last.prefix(count))
            // A number that is cut is a number, but the object has no end.
            #expect(found == expected, "\(count) characters")
        }
        #expect(try curves(whole + last).training.count == 3)
    }

    @Test func `what is no line of a run is counted, whatever its length`() throws {
        let noise = [
            "", "[1]", #"{"step": 2.5, "tokens": 3}"#, #"{"step": -1}"#, #"{"loss": 3}"#,
            "{\"step\": 1} x", #"{"step": 1, "step": 2}"#,
            String(repeating: "[", count: 100_000), String(repeating: "x", count: 3 << 20),
        ]
        let found = try curves(
            Self.line(1, "4") + noise.joined(separator: "\n") + "\n" + Self.line(2, "null")
                + Self.line(2, "9") + Self.line(3, "1e400") + Self.line(4, "2"))
        #expect(found.unreadableLines == noise.count)
        // A step is taken once, and one without a loss keeps its time.
        #expect(found.training.map(\.step) == [1, 4])
        #expect(found.training.last?.seconds == 2)
    }

    @Test(arguments: [4_095, 4_096, 4_097, 20_000])
    func `a curve of any number of steps is bounded, and its points are means`(count: Int) throws {
        var text = ""
        for step in 1...count { text += Self.line(step, "\(step)") }
        let points = try curves(text).training
        #expect(points.count <= RecordedCurves.pointLimit)
        #expect(points.count > RecordedCurves.pointLimit / 4)
        #expect(points.last?.step == count)
        var before = 0
        for point in points {
            // The mean of the numbers behind the last point's step, up to this one's.
            #expect(abs(point.loss - Double(before + 1 + point.step) / 2) < 1e-9)
            before = point.step
        }
    }
}
