import Foundation
import Testing
import TokenShards

@testable import Training

@Suite struct TrainingEventTests {
    private static let report = StepReport(
        step: 3, loss: 2.5, learningRate: 0.25, gradientNorm: .infinity, tokenCount: 96,
        seconds: 0.5, tokensPerSecond: 64, matrixPeakShare: 0.125)
    private static let origins = try! JSONDecoder().decode(
        [WindowOrigin].self,
        from: Data(#"[{"shard": "train_000000.bin", "first_token": 7, "documents": [1, 2]}]"#.utf8))
    private static let figures = """
        "gradient_norm":null,"learning_rate":0.25,"loss":2.5,"matrix_peak_share":0.125,\
        "seconds":0.5,
        """

    @Test(
        "an event is a JSON object with the members that were chosen",
        arguments: [
            (
                .step(report), "step",
                "{\(figures)\"step\":3,\"tokens\":96,\"tokens_per_second\":64}"
            ),
            (
                .skipped(
                    report, .notFinite,
                    origins),
                "skipped",
                "{\(figures)\"skipped\":\"its loss or gradient is not finite\",\"step\":3,"
                    + "\"tokens\":96,\"tokens_per_second\":64,\"windows\":[{\"documents\":[1,2],"
                    + "\"first_token\":7,\"shard\":\"train_000000.bin\"}]}"
            ),
            (
                .evaluated(
                    step: 4, .init(tokenCount: 1, byteCount: 1, totalLoss: 0),
                    sources: [
                        .init(
                            name: "a/b", result: .init(tokenCount: 1, byteCount: 1, totalLoss: 0))
                    ]),
                "evaluated",
                "{\"bits_per_byte\":0,\"perplexity\":1,\"sources\":{\"a/b\":{\"bits_per_byte\":0,"
                    + "\"perplexity\":1,\"validation_loss\":0}},\"step\":4,\"validation_loss\":0}"
            ),
            (
                .sampled(step: 4, texts: ["one", "two"]), "samples",
                "{\"samples\":[\"one\",\"two\"],\"step\":4}"
            ),
            (
                .stoppedEarly(step: 9, bestStep: 5), "stopped_early",
                "{\"step\":9,\"stopped_early_for\":5}"
            ),
            (
                .evaluating(completedWindows: 1, windowCount: 8), "progress",
                "{\"activity\":\"evaluating\",\"completed\":1,\"total\":8}"
            ),
            (
                .checkpoint(step: 9, path: "runs/a"), "checkpoint",
                "{\"path\":\"runs/a\",\"step\":9}"
            ),
        ] as [(TrainingEvent, String, String)])
    func json(_ event: TrainingEvent, name: String, text: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(event.name == name)
        #expect(String(decoding: try encoder.encode(event), as: UTF8.self) == text)
    }
}
