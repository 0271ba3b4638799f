import Foundation
import Models
import Pipeline
import TokenShards
import Tokenization
import Training

/// Summary that `quern run` prints at its end.
enum RunSummary {
    static func text(_ summary: PipelineRunner.Summary) -> String {
        var text = "\nFiles\n"
        for (stage, source, files) in summary.outputs {
            for file in files {
                let attributes = try? FileManager.default.attributesOfItem(atPath: file)
                let size = (attributes?[.size] as? NSNumber)?.doubleValue ?? 0
                text += "  \(file)  (\(Figures.bytes(size)))\n"
            }
            if files.isEmpty { text += "  \(stage.title(source)): none\n" }
        }
        text += "\nFigures\n" + Table.text(rows(summary), indent: 2)
        if summary.data.sources.count > 1 {
            text += "\nSources\n" + Table.text(sourceRows(summary), indent: 2, alignRight: true)
        }
        for (number, sample) in summary.samples.enumerated() {
            text += "\nSample \(number + 1)\n"
            for line in sample.split(separator: "\n", omittingEmptySubsequences: false) {
                text += "  \(line)\n"
            }
        }
        for (number, answer) in summary.answers.enumerated() {
            text += "\nAnswer \(number + 1)\n"
            for line in answer.split(separator: "\n", omittingEmptySubsequences: false) {
                text += "  \(line)\n"
            }
        }
        return text
    }

    private static func rows(_ summary: PipelineRunner.Summary) -> [[String]] {
        let train = summary.data.totals(of: .train)
        let validation = summary.data.totals(of: .validation)
        var rows = [
            ["vocabulary", "\(Figures.count(summary.vocabulary.count)) tokens"],
            [
                "documents",
                "\(Figures.count(train.documents)) train, "
                    + "\(Figures.count(validation.documents)) validation",
            ],
            [
                "tokens",
                "\(Figures.count(train.tokens)) train, "
                    + "\(Figures.count(validation.tokens)) validation",
            ],
            ["bytes per token", ManifestSummary.bytesPerToken(train, validation)],
            ["parameters", Figures.count(summary.training.parameterCount)],
            ["steps", Figures.count(summary.training.steps)],
            [
                "training",
                "\(Figures.short(summary.training.tokensPerSecond)) tokens/s, "
                    + "\(Figures.time(summary.training.trainingSeconds)) in all",
            ],
        ]
        if let result = summary.training.validation {
            rows += [
                ["validation loss", "\(Figures.fixed(result.loss, 4)) nats a token"],
                ["perplexity", Figures.fixed(result.perplexity, 2)],
                ["bits per byte", Figures.fixed(result.bitsPerByte, 4)],
            ]
        }
        if let result = summary.tuning?.validation {
            rows.append([
                "instruction tuning",
                "\(Figures.count(summary.tuning?.steps ?? 0)) steps, validation loss "
                    + "\(Figures.fixed(result.loss, 4)) nats a token of answers",
            ])
        }
        rows += ManifestSummary.skippedRows(summary.data.skipped)
        return rows
    }

    /// Table of what each source has and how well it is predicted, beside its share of what was
    /// learned from.
    private static func sourceRows(_ summary: PipelineRunner.Summary) -> [[String]] {
        var rows = [["source", "weight", "share", "documents", "tokens", "bits per byte"]]
        for (number, source) in summary.data.sources.enumerated() {
            let manifest = source.set.manifest
            let result = summary.training.sources?[number].result
            rows.append([
                source.name, Figures.significant(source.weight, 3),
                Figures.percent(summary.data.shares[number]),
                Figures.count(manifest.train.documents + manifest.validation.documents),
                Figures.count(manifest.train.tokens + manifest.validation.tokens),
                result.map { $0.tokenCount > 0 ? Figures.fixed($0.bitsPerByte, 4) : "–" } ?? "–",
            ])
        }
        return rows
    }
}

/// Profile of a run's steps, as rows of a table.
enum ProfileTable {
    static func rows(_ profile: ProfileReport) -> [[String]] {
        func row(_ title: String, _ seconds: Double) -> [String] {
            [
                title, Figures.fixed(seconds * 1_000, 2),
                Figures.percent(seconds / max(profile.secondsPerStep, 1e-12)),
            ]
        }
        return [["part of a step", "ms", "share"]]
            + profile.rows.map { row($0.title, $0.seconds) }
            + [row("a step, of \(Figures.count(profile.stepCount))", profile.secondsPerStep)]
    }
}
