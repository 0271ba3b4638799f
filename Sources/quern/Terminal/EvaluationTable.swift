import Files
import Pipeline
import Training

/// An evaluation as rows of a table.
enum EvaluationTable {
    /// Adds the three ways to say a loss.
    ///
    /// - Parameter place: which model's it is, behind the loss; empty where there is one only.
    static func add(
        _ result: EvaluationResult, to report: inout Report, indent: Int = 0, place: String = "",
        confidence: DocumentScores.Interval? = nil
    ) {
        report.row(
            indent > 0 ? "validation loss" : "loss",
            "\(result.loss, digits: 4, "loss") nats a token\(place)", indent: indent)
        report.row(
            "perplexity", "\(result.perplexity, digits: 2, "perplexity")", indent: indent)
        let bounds = bounds(confidence, " (95 %: ", ")")
        report.row(
            "bits per byte", "\(result.bitsPerByte, digits: 4, "bits_per_byte")\(bounds)",
            indent: indent)
    }

    private static func bounds(
        _ interval: DocumentScores.Interval?, _ front: String = "", _ end: String = ""
    ) -> String {
        guard let interval else { return "" }
        return front + Figures.fixed(interval.low, 4) + " – " + Figures.fixed(interval.high, 4)
            + end
    }

    /// Adds a row for each of some documents.
    static func add(_ documents: [ScoredDocument], _ title: String, to report: inout Report) {
        report.table(
            title, [title, "document", "bits per byte", "beginning"],
            documents.map {
                [
                    "\(word: $0.shard, "shard")", "\(count: $0.document, "document")",
                    "\($0.bitsPerByte, digits: 4, "bits_per_byte")",
                    "\(word: $0.beginning, "beginning")",
                ]
            })
    }

    /// Adds a row for each source of which something was scored.
    ///
    /// - Parameter confidences: bounds of the bits per byte of each; empty where none are known.
    static func add(
        _ sources: [SourceResult], _ confidences: [DocumentScores.Interval?] = [],
        to report: inout Report
    ) {
        let titles = ["source", "tokens", "loss", "perplexity", "bits per byte"]
        let hasBounds = confidences.contains { $0 != nil }
        report.table(
            "sources", titles + (hasBounds ? ["95 %"] : []),
            sources.enumerated().filter { $0.element.result.tokenCount > 0 }.map { number, source in
                [
                    "\(word: source.name, "name")",
                    "\(count: source.result.tokenCount, "tokens")",
                    "\(source.result.loss, digits: 4, "loss")",
                    "\(source.result.perplexity, digits: 2, "perplexity")",
                    "\(source.result.bitsPerByte, digits: 4, "bits_per_byte")",
                ] + (hasBounds ? [ReportText(bounds(confidences[number]))] : [])
            }, shownCount: 40, rest: { "and \(Figures.count($0)) more (--json has all)" })
    }

    /// What came out of written targets.
    static func rows(_ accuracy: PairAccuracy) -> [[String]] {
        [
            ["targets written", Figures.count(accuracy.pairCount)],
            ["exactly right", Figures.percent(accuracy.exactShare)],
            ["tokens to edit", Figures.percent(accuracy.errorRate)],
        ]
    }

    /// What an evaluation has found, the written targets and tasks as JSON.
    static func json(
        _ found: EvaluationReport, _ pairs: PairAccuracy? = nil, _ tasks: TaskReport? = nil
    ) throws -> String {
        let scored = found.sources.enumerated().filter { $0.element.result.tokenCount > 0 }
        let sources = scored.map { number, source in
            let confidences = found.sourceConfidences
            return (
                source.name,
                Scores(source.result, number < confidences.count ? confidences[number] : nil)
            )
        }
        return try FileReplacement.json(
            of: Result(
                reading: found.reading, total: Scores(found.total, found.confidence),
                targets: pairs,
                sources: sources.isEmpty ? nil : Dictionary(sources, uniquingKeysWith: { $1 }),
                tasks: tasks, worst: found.worst.isEmpty ? nil : found.worst,
                best: found.best.isEmpty ? nil : found.best)) + "\n"
    }

    /// Scores of all, and of each source by its name.
    private struct Result: Encodable {
        let reading: EvaluationReading
        let total: Scores
        let targets: PairAccuracy?
        let sources: [String: Scores]?
        let tasks: TaskReport?
        let worst: [ScoredDocument]?
        let best: [ScoredDocument]?
    }

    /// Counts and the three ways to say a loss.
    private struct Scores: Encodable {
        let tokens: Int
        let bytes: Int
        let loss: Double
        let perplexity: Double
        let bits_per_byte: Double
        let bits_per_byte_95: DocumentScores.Interval?

        init(_ result: EvaluationResult, _ confidence: DocumentScores.Interval?) {
            bits_per_byte_95 = confidence
            (tokens, bytes) = (result.tokenCount, result.byteCount)
            (loss, perplexity) = (result.loss, result.perplexity)
            bits_per_byte = result.bitsPerByte
        }
    }
}

extension JSONValue {
    /// The counts of a result and the three ways to say its loss.
    static func scores(of result: EvaluationResult) -> JSONValue {
        .object([
            "tokens": .whole(result.tokenCount), "bytes": .whole(result.byteCount),
            "loss": .number(result.loss), "perplexity": .number(result.perplexity),
            "bits_per_byte": .number(result.bitsPerByte),
        ])
    }
}
