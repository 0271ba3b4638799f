import Files
import Pipeline
import Training

/// An evaluation as rows of a table.
enum EvaluationTable {
    /// Adds the three ways to say a loss.
    ///
    /// - Parameter place: which model's it is, behind the loss; empty where there is one only.
    static func add(
        _ result: EvaluationResult, to report: inout Report, indent: Int = 0, place: String = ""
    ) {
        report.row(
            indent > 0 ? "validation loss" : "loss",
            "\(result.loss, digits: 4, "loss") nats a token\(place)", indent: indent)
        report.row(
            "perplexity", "\(result.perplexity, digits: 2, "perplexity")", indent: indent)
        report.row(
            "bits per byte", "\(result.bitsPerByte, digits: 4, "bits_per_byte")", indent: indent)
    }

    /// Adds a row for each source of which something was scored.
    static func add(_ sources: [SourceResult], to report: inout Report) {
        report.table(
            "sources", ["source", "tokens", "loss", "perplexity", "bits per byte"],
            sources.filter { $0.result.tokenCount > 0 }.map {
                [
                    "\(word: $0.name, "name")", "\(count: $0.result.tokenCount, "tokens")",
                    "\($0.result.loss, digits: 4, "loss")",
                    "\($0.result.perplexity, digits: 2, "perplexity")",
                    "\($0.result.bitsPerByte, digits: 4, "bits_per_byte")",
                ]
            })
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
