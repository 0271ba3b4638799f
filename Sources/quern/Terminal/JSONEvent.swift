import Foundation
import Pipeline
import Training

/// An event as a line of JSON, for `--log-format json`.
enum JSONEvent {
    static func line(for event: PipelineEvent) -> String {
        let object: [String: Any] =
            switch event {
            case .started(let stage): ["event": "started", "stage": stage.rawValue]
            case .upToDate(let stage): ["event": "up_to_date", "stage": stage.rawValue]
            case .notice(let text): ["event": "notice", "text": text]
            case .finished(let stage, let outputs):
                ["event": "finished", "stage": stage.rawValue, "outputs": outputs]
            case .progress(let progress):
                [
                    "event": "progress", "activity": progress.activity,
                    "completed": progress.completed, "total": progress.total ?? NSNull() as Any,
                ]
            case .training(let event): training(event)
            }
        let data = try? JSONSerialization.data(
            withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data ?? Data(), as: UTF8.self) + "\n"
    }

    private static func training(_ event: TrainingEvent) -> [String: Any] {
        switch event {
        case .began(let plan):
            [
                "event": "training", "parameters": plan.parameterCount, "steps": plan.stepCount,
                "completed_steps": plan.completedSteps, "tokens_per_step": plan.tokensPerStep,
                "memory_bytes": plan.memoryByteCount, "matrix_peak": plan.matrixPeak,
            ]
        case .step(let report):
            [
                "event": "step", "step": report.step, "loss": report.loss,
                "learning_rate": report.learningRate, "gradient_norm": report.gradientNorm,
                "tokens": report.tokenCount, "tokens_per_second": report.tokensPerSecond,
                "matrix_peak_share": report.matrixPeakShare,
            ]
        case .evaluating(let done, let count):
            ["event": "progress", "activity": "evaluating", "completed": done, "total": count]
        case .evaluated(let step, let result):
            [
                "event": "evaluated", "step": step, "validation_loss": result.loss,
                "perplexity": result.perplexity, "bits_per_byte": result.bitsPerByte,
            ]
        case .checkpoint(let step, let path):
            ["event": "checkpoint", "step": step, "path": path]
        }
    }
}
