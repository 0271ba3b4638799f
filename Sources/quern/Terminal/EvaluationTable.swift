import Files
import Pipeline
import Training

/// An evaluation as rows of a table.
enum EvaluationTable {
    static func rows(_ result: EvaluationResult) -> [[String]] {
        [
            ["loss", "\(Figures.fixed(result.loss, 4)) nats a token"],
            ["perplexity", Figures.fixed(result.perplexity, 2)],
            ["bits per byte", Figures.fixed(result.bitsPerByte, 4)],
        ]
    }

    /// A row for each source of which something was scored.
    static func rows(of sources: [SourceResult]) -> [[String]] {
        [["source", "tokens", "loss", "perplexity", "bits per byte"]]
            + sources.filter { $0.result.tokenCount > 0 }.map {
                [
                    $0.name, Figures.count($0.result.tokenCount), Figures.fixed($0.result.loss, 4),
                    Figures.fixed($0.result.perplexity, 2),
                    Figures.fixed($0.result.bitsPerByte, 4),
                ]
            }
    }

    /// What came out of written targets.
    static func rows(_ accuracy: PairAccuracy) -> [[String]] {
        [
            ["targets written", Figures.count(accuracy.pairCount)],
            ["exactly right", Figures.percent(accuracy.exactShare)],
            ["tokens to edit", Figures.percent(accuracy.errorRate)],
        ]
    }

    /// The result, those of its sources, how they were read and the written targets as JSON.
    static func json(
        _ result: EvaluationResult, _ sources: [SourceResult], _ reading: EvaluationReading,
        _ pairs: PairAccuracy? = nil
    ) throws -> String {
        try FileReplacement.json(
            of: Result(
                reading: reading, total: Scores(result), targets: pairs,
                sources: sources.isEmpty
                    ? nil
                    : Dictionary(
                        sources.map { ($0.name, Scores($0.result)) }, uniquingKeysWith: { $1 })))
            + "\n"
    }

    /// Scores of all, and of each source by its name.
    private struct Result: Encodable {
        let reading: EvaluationReading
        let total: Scores
        let targets: PairAccuracy?
        let sources: [String: Scores]?
    }

    /// Counts and the three ways to say a loss.
    private struct Scores: Encodable {
        let tokens: Int
        let bytes: Int
        let loss: Double
        let perplexity: Double
        let bits_per_byte: Double

        init(_ result: EvaluationResult) {
            (tokens, bytes) = (result.tokenCount, result.byteCount)
            (loss, perplexity) = (result.loss, result.perplexity)
            bits_per_byte = result.bitsPerByte
        }
    }
}
