import Models
import TokenShards
public import Training
import Work

/// A model's loss against what it has seen of a document, in two ways.
public struct LossCurves: Codable, Equatable, Sendable {
    /// Losses by place, of documents that are read from their beginnings.
    public var byPosition: LossCurve?
    /// Losses of the same places from their last tokens alone.
    public var byContext: LossCurve?

    enum CodingKeys: String, CodingKey {
        case byPosition = "by_position"
        case byContext = "by_context"
    }

    /// Which of the curves are measured.
    public struct Kinds: OptionSet, Sendable {
        /// The bits of the set.
        public let rawValue: Int
        /// A set of these bits.
        public init(rawValue: Int) { self.rawValue = rawValue }
        /// Losses by place.
        public static let byPosition = Kinds(rawValue: 1)
        /// Losses by the tokens that are shown.
        public static let byContext = Kinds(rawValue: 2)
    }

    /// Measures curves on `split` of `sets`; see ``LossCurveMeter``.
    ///
    /// - Throws: ``PipelineError/interrupted`` when stopped by request; `ShardError` when no
    ///   document of the split has a prediction in it.
    init(
        _ kinds: Kinds, scorer: any TokenScorer, sets: [ShardSet], split: Split, windowLimit: Int,
        work: WorkContext<PipelineEvent>
    ) throws {
        let meter = LossCurveMeter(
            scorer: scorer, sets: sets, split: split, windowLimit: windowLimit)
        func measure(
            _ kind: Kinds, _ curve: (LossCurveMeter.Progress) throws -> LossCurve
        ) throws -> LossCurve? {
            guard kinds.contains(kind) else { return nil }
            let result = try curve { done, count in
                try work.checkStop()
                work.report(.training(.evaluating(completedWindows: done, windowCount: count)))
            }
            guard !result.points.isEmpty else {
                throw ShardError.tooFewTokens(
                    split: split.rawValue,
                    tokenCount: sets.map { $0.manifest.totals(of: split).tokens }.reduce(0, +),
                    needed: 2)
            }
            return result
        }
        byPosition = try measure(.byPosition, meter.byPosition)
        byContext = try measure(.byContext, meter.byContext)
    }
}

extension LossCurves {
    /// Charts of the curves that models with names have: one by place and one by what is shown, as
    /// far as there are any.
    public static func charts(_ models: [(name: String, curves: LossCurves)]) -> [LineChart] {
        func chart(
            _ title: String, _ xTitle: String, _ curve: KeyPath<LossCurves, LossCurve?>
        ) -> LineChart? {
            let series = models.compactMap { model in
                model.curves[keyPath: curve].map { LineChart.Series(model.name, $0) }
            }
            guard !series.isEmpty else { return nil }
            return LineChart(
                title: title, xTitle: xTitle, yTitle: "loss, nats a token", series: series)
        }
        return [
            chart(
                "Loss by position in the document",
                "tokens of the document before the predicted one",
                \.byPosition),
            chart("Loss by context shown", "last tokens shown, of the same places", \.byContext),
        ].compactMap(\.self)
    }
}

extension LineChart.Series {
    /// A curve of losses, each bucket at its geometric middle, with bars of one standard error.
    init(_ name: String, _ curve: LossCurve) {
        self.init(
            name,
            points: curve.points.map { point in
                LineChart.Point(
                    x: (Double(point.first) * Double(point.last)).squareRoot(), y: point.loss,
                    error: point.standardError ?? 0)
            })
    }
}
