import Foundation
import Pipeline
import TokenShards
import Tokenization
import Training

/// What `quern run` prints at its end.
enum RunSummary {
    static func text(_ summary: PipelineRunner.Summary) -> String {
        var text = "\nFiles\n"
        for (stage, files) in summary.outputs {
            for file in files {
                let attributes = try? FileManager.default.attributesOfItem(atPath: file)
                let size = (attributes?[.size] as? NSNumber)?.doubleValue ?? 0
                text += "  \(file)  (\(Figures.bytes(size)))\n"
            }
            if files.isEmpty { text += "  \(stage.title): none\n" }
        }
        text += "\nFigures\n" + Table.text(rows(summary), indent: 2)
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
        let (train, validation) = (summary.manifest.train, summary.manifest.validation)
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
            ["bytes per token", ManifestSummary.bytesPerToken(summary.manifest)],
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
        rows += ManifestSummary.skippedRows(summary.manifest)
        return rows
    }
}
