import Pipeline
import Training

/// Losses against what models have seen, as tables.
enum CurveTable {
    /// The curves of one model, with errors and counts.
    static func text(_ curves: LossCurves) -> String {
        let tables = kinds.compactMap { title, kind, name in
            curves[keyPath: kind].map { curve in
                let rows = curve.points.map { point in
                    [
                        name(point), Figures.fixed(point.loss, 4),
                        point.standardError.map { Figures.fixed($0, 4) } ?? "–",
                        Figures.count(point.tokenCount), Figures.count(point.documentCount),
                    ]
                }
                return Table.text(
                    [[title, "loss", "standard error", "tokens", "documents"]] + rows,
                    alignRight: true)
            }
        }
        return tables.joined(separator: "\n")
    }

    /// The losses of several models side by side, whose curves have the same points.
    static func text(_ models: [(name: String, curves: LossCurves)]) -> String {
        let tables = kinds.compactMap { title, kind, name -> String? in
            let curves = models.compactMap { $0.curves[keyPath: kind] }
            guard curves.count == models.count, let first = curves.first else { return nil }
            let rows = first.points.indices.map { index in
                [name(first.points[index])]
                    + curves.map { curve in
                        index < curve.points.count ? Figures.fixed(curve.points[index].loss, 3) : ""
                    }
            }
            return Table.text([[title] + models.map(\.name)] + rows, alignRight: true)
        }
        return tables.joined(separator: "\n")
    }

    private typealias Kind = (
        title: String, curve: KeyPath<LossCurves, LossCurve?>, name: (LossCurve.Point) -> String
    )

    private static var kinds: [Kind] {
        [
            (
                "position", \.byPosition,
                { point in
                    // Positions count from 0: the first has one token before its prediction.
                    point.first == point.last
                        ? "\(point.first - 1)" : "\(point.first - 1)–\(point.last - 1)"
                }
            ),
            ("last tokens shown", \.byContext, { "\($0.last)" }),
        ]
    }
}

/// A comparison of models as tables.
enum ComparisonTable {
    static func text(_ comparison: Comparison) -> String {
        let models = comparison.models
        var rows = [
            [
                "model", "parameters", "without embeddings", "steps", "operations", "minutes",
                "loss",
                "bits per byte",
            ]
        ]
        rows += models.map { model in
            [
                model.name, Figures.count(model.parameterCount),
                model.nonEmbeddingParameterCount.map(Figures.count) ?? "–",
                model.steps.map(Figures.count) ?? "–",
                model.operationCount.map { Figures.significant($0, 3) } ?? "–",
                Figures.fixed(model.trainingSeconds / 60, 1),
                Figures.fixed(model.validation.loss, 4),
                Figures.fixed(model.validation.bitsPerByte, 4),
            ]
        }
        var speeds = [
            [
                "model", "training, tokens/s", "memory", "generation, tokens/s", "memory", "size",
            ]
        ]
        speeds += models.map { model in
            [
                model.name, Figures.short(model.trainedTokensPerSecond),
                Figures.bytes(Double(model.trainingByteCount)),
                Figures.short(model.generatedTokensPerSecond),
                Figures.bytes(Double(model.generationByteCount)), model.size,
            ]
        }
        return "\nEqual \(comparison.rule.rawValue)\n"
            + Table.text(rows, indent: 2, alignRight: true)
            + "\n" + Table.text(speeds, indent: 2, alignRight: true) + "\n"
            + CurveTable.text(models.map { ($0.name, $0.curves) })
            + "\nFiles\n" + comparison.files.map { "  \($0)\n" }.joined()
    }
}
