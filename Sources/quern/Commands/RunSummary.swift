import Foundation
import Models
import Pipeline
import TokenShards
import Tokenization
import Training

/// Report that `quern run` gives at its end.
enum RunSummary {
    /// - Parameters:
    ///   - summary: what the stages have made.
    ///   - reports: files of the report that shows it.
    static func report(_ summary: PipelineRunner.Summary, reports: [String]) -> Report {
        var report = Report()
        report.lines("\nFiles\n")
        for (stage, source, files) in summary.outputs {
            for file in files {
                let attributes = try? FileManager.default.attributesOfItem(atPath: file)
                let size = (attributes?[.size] as? NSNumber)?.doubleValue ?? 0
                report.lines("  \(file)  (\(Figures.bytes(size)))\n")
            }
            if files.isEmpty { report.lines("  \(stage.title(source)): none\n") }
        }
        for file in reports { report.lines("  \(file)\n") }
        report.member("files", summary.outputs.flatMap(\.files) + reports)
        report.lines("\nFigures\n")
        addFigures(of: summary, to: &report)
        if summary.data.sources.count > 1 {
            report.lines("\nSources\n")
            addSources(of: summary, to: &report)
        }
        add(summary.samples, title: "Sample", key: "samples", to: &report)
        add(summary.answers, title: "Answer", key: "answers", to: &report)
        return report
    }

    private static func add(
        _ texts: [String], title: String, key: String, to report: inout Report
    ) {
        report.member(key, texts)
        for (number, text) in texts.enumerated() {
            report.lines("\n\(title) \(number + 1)\n")
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                report.lines("  \(line)\n")
            }
        }
    }

    private static func addFigures(
        of summary: PipelineRunner.Summary, to report: inout Report
    ) {
        let train = summary.data.totals(of: .train)
        let validation = summary.data.totals(of: .validation)
        let training = summary.training
        report.row(
            "vocabulary", "\(count: summary.vocabulary.count, "vocabulary_tokens") tokens",
            indent: 2)
        report.row(
            "documents",
            """
            \(count: train.documents, "train_documents") train, \
            \(count: validation.documents, "validation_documents") validation
            """, indent: 2)
        report.row(
            "tokens",
            """
            \(count: train.tokens, "train_tokens") train, \
            \(count: validation.tokens, "validation_tokens") validation
            """, indent: 2)
        report.addBytesPerToken(train, validation, indent: 2)
        report.row("parameters", "\(count: training.parameterCount, "parameters")", indent: 2)
        report.row("steps", "\(count: training.steps, "steps")", indent: 2)
        report.addSpeed(of: training, indent: 2)
        if let result = training.validation {
            addLosses(result, of: summary, to: &report)
        }
        if let tuning = summary.tuning, let result = tuning.validation {
            report.row(
                "instruction tuning",
                """
                \(count: tuning.steps, "tuning_steps") steps, validation loss \
                \(result.loss, digits: 4, "tuning_loss") nats a token of answers
                """, indent: 2)
        }
        report.add(summary.data.skipped, indent: 2)
    }

    /// Adds the last evaluation, and that of the checkpoint which draws the samples where it is
    /// another one.
    private static func addLosses(
        _ result: EvaluationResult, of summary: PipelineRunner.Summary, to report: inout Report
    ) {
        let steps = summary.training.steps
        guard let best = summary.best, best.step != steps else {
            EvaluationTable.add(result, to: &report, indent: 2)
            return
        }
        EvaluationTable.add(
            result, to: &report, indent: 2, place: ", at step \(Figures.count(steps))")
        report.row(
            "best checkpoint",
            """
            \(best.loss, digits: 4, "best_loss") nats a token, at step \
            \(count: best.step, "best_step"), which draws the samples
            """, indent: 2)
    }

    /// Adds what each source has and how well it is predicted, beside its share of what was learned
    /// from.
    private static func addSources(
        of summary: PipelineRunner.Summary, to report: inout Report
    ) {
        report.table(
            "sources", ["source", "weight", "share", "documents", "tokens", "bits per byte"],
            summary.data.sources.enumerated().map { number, source in
                let (train, validation) = (
                    source.set.manifest.train, source.set.manifest.validation
                )
                let scored = summary.training.sources?[number].result
                let bits = scored.flatMap { $0.tokenCount > 0 ? $0.bitsPerByte : nil }
                return [
                    "\(word: source.name, "name")",
                    "\(Figures.significant(source.weight, 3), as: source.weight, "weight")",
                    "\(share: summary.data.shares[number], "share")",
                    "\(count: train.documents + validation.documents, "documents")",
                    "\(count: train.tokens + validation.tokens, "tokens")",
                    "\(bits.map { Figures.fixed($0, 4) } ?? "–", as: bits, "bits_per_byte")",
                ]
            }, alignRight: true, indent: 2)
    }
}

extension Report {
    /// Adds the speed of training, and its time, where they are known.
    mutating func addSpeed(of summary: TrainingSummary, indent: Int = 0) {
        guard summary.trainingSeconds > 0 else { return }
        row(
            "training",
            """
            \(short: summary.tokensPerSecond, "tokens_per_second") tokens/s, \
            \(time: summary.trainingSeconds, "seconds") in steps
            """, indent: indent)
    }
}

/// Profile of a run's steps, as rows of a table.
enum ProfileTable {
    static func add(_ profile: ProfileReport, to report: inout Report) {
        func row(_ title: String, _ seconds: Double, _ name: String) -> [ReportText] {
            let share = seconds / max(profile.secondsPerStep, 1e-12)
            return [
                "\(title, as: name, "part")",
                "\(Figures.fixed(seconds * 1_000, 2), as: seconds, "seconds")",
                "\(share: share, "share")",
            ]
        }
        report.member("profiled_steps", profile.stepCount)
        report.table(
            "profile", ["part of a step", "ms", "share"],
            profile.rows.map { row($0.title, $0.seconds, $0.title) }
                + [
                    row(
                        "a step, of \(Figures.count(profile.stepCount))", profile.secondsPerStep,
                        "step")
                ])
    }
}
