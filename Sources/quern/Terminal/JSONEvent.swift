import Foundation
import Pipeline
import TokenShards
import Training
import Transformer

/// An event as a line of JSON, for `--log-format json`.
enum JSONEvent {
    static func line(for event: PipelineEvent) -> String {
        let object: [String: Any] =
            switch event {
            case .started(let stage, let source): stageFields("started", stage, source)
            case .upToDate(let stage, let source): stageFields("up_to_date", stage, source)
            case .notice(let text): ["event": "notice", "text": text]
            case .finished(let stage, let source, let outputs):
                stageFields("finished", stage, source).merging(["outputs": outputs]) { $1 }
            case .progress(let progress):
                [
                    "event": "progress", "activity": progress.activity,
                    "completed": progress.completed, "total": progress.total ?? NSNull() as Any,
                ].merging(progress.textBytes.map { ["text_bytes": $0] } ?? [:]) { $1 }
            case .training(let event): training(event)
            }
        let data = try? JSONSerialization.data(
            withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data ?? Data(), as: UTF8.self) + "\n"
    }

    private static func stageFields(
        _ event: String, _ stage: Stage, _ source: String?
    ) -> [String: Any] {
        ["event": event, "stage": stage.rawValue].merging(source.map { ["source": $0] } ?? [:]) {
            $1
        }
    }

    private static func training(_ event: TrainingEvent) -> [String: Any] {
        switch event {
        case .began(let plan):
            [
                "event": "training", "parameters": plan.parameterCount, "steps": plan.stepCount,
                "completed_steps": plan.completedSteps, "tokens_per_step": plan.tokensPerStep,
                "memory_bytes": plan.memory.total,
                "memory": [
                    "parameters": plan.memory.parameters, "gradients": plan.memory.gradients,
                    "optimizer": plan.memory.optimizer, "activations": plan.memory.activations,
                    "batches": plan.memory.batches,
                ],
                "changes": plan.changes.map {
                    ["key": $0.key, "before": $0.before, "after": $0.after]
                },
                "precision": plan.precision.rawValue, "matrix_peak": plan.matrixPeak,
            ]
        case .step(let report): figures(of: report, event: "step")
        case .skipped(let report, let finding, let origins):
            figures(of: report, event: "skipped").merging([
                "reason": "\(finding)",
                "windows": origins.map {
                    [
                        "shard": $0.shard, "first_token": $0.firstToken,
                        "documents": [$0.documents.lowerBound, $0.documents.upperBound],
                    ] as [String: Any]
                },
            ]) { $1 }
        case .evaluating(let done, let count):
            ["event": "progress", "activity": "evaluating", "completed": done, "total": count]
        case .evaluated(let step, let result, let sources):
            figures(of: result).merging(["event": "evaluated", "step": step]) { $1 }.merging(
                sources.isEmpty ? [:] : ["sources": figures(of: sources)]
            ) { $1 }
        case .sampling(let done, let count):
            ["event": "progress", "activity": "sampling", "completed": done, "total": count]
        case .sampled(let step, let texts): ["event": "samples", "step": step, "texts": texts]
        case .stoppedEarly(let step, let bestStep):
            ["event": "stopped_early", "step": step, "best_step": bestStep]
        case .profiled(let profile):
            [
                "event": "profile", "steps": profile.stepCount,
                "seconds_per_step": profile.secondsPerStep,
                "parts": profile.rows.map { ["part": $0.title, "seconds": $0.seconds] },
            ]
        case .checkpoint(let step, let path):
            ["event": "checkpoint", "step": step, "path": path]
        }
    }

    private static func figures(of result: EvaluationResult) -> [String: Any] {
        [
            "validation_loss": number(result.loss), "perplexity": number(result.perplexity),
            "bits_per_byte": number(result.bitsPerByte),
        ]
    }

    private static func figures(of sources: [SourceResult]) -> [String: Any] {
        Dictionary(sources.map { ($0.name, figures(of: $0.result)) }) { $1 }
    }

    private static func figures(of report: StepReport, event: String) -> [String: Any] {
        [
            "event": event, "step": report.step, "loss": number(report.loss),
            "learning_rate": report.learningRate, "gradient_norm": number(report.gradientNorm),
            "tokens": report.tokenCount, "tokens_per_second": report.tokensPerSecond,
            "matrix_peak_share": report.matrixPeakShare,
        ]
    }

    /// JSON has no word for what is not finite.
    private static func number(_ value: Double) -> Any { value.isFinite ? value : NSNull() }
}
