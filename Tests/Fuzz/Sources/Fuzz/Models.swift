import Models
import Pipeline
import Training

extension Reader {
    /// Readers of models and of what lies beside them.
    static let models: [Reader] =
        ["decoder", "llama", "recurrent", "pairs"].flatMap { scene in
            [
                model("model-configuration-" + scene, scene, "config.json"),
                model("model-weights-" + scene, scene, "model.safetensors"),
            ]
        } + [
            .file("safetensors", "decoder", "model.safetensors") { folder in
                let file = try SafetensorsFile(path: folder + "/model.safetensors")
                for tensor in file.tensors { _ = try file.floats(of: tensor.name) }
            },
            .file("chat-template", "decoder", "chat_template.jinja", report),
            .file(
                "checkpoint-state", "run/checkpoints/step-00000004", "training_state.json", state),
            .file("checkpoint-manifest", "run/checkpoints/step-00000004", "manifest.json", state),
            .file("checkpoint-optimizer", "run/checkpoints/step-00000004", "optimizer.safetensors")
            {
                let file = try SafetensorsFile(path: $0 + "/optimizer.safetensors")
                for tensor in file.tensors { _ = try file.floats(of: tensor.name) }
            },
            .file("run-summary", "run", "summary.json") { folder in
                let summary = try TrainingSummary(runDirectory: folder)
                precondition(!summary.tokensPerSecond.isNaN || summary.trainingSeconds.isNaN)
            },
        ]

    private static func model(_ name: String, _ scene: String, _ file: String) -> Reader {
        .file(name, scene, file) { folder in
            let directory = try ModelDirectory(path: folder)
            // A sound description of a large model is no fault, and making it is no test.
            guard directory.layout.floatCount < 1 << 22 else { return }
            _ = try directory.model()
            try directory.checkFinite()
        }
    }

    @Sendable private static func report(_ folder: String) throws {
        let report = try ModelReport(directory: folder)
        precondition(report.parts.allSatisfy { $0.parameterCount >= 0 })
    }

    @Sendable private static func state(_ folder: String) throws {
        _ = try ModelCondition.conditions(at: folder)
        _ = try ModelReport(directory: folder)
        let run = folder.split(separator: "/").dropLast(2).joined(separator: "/")
        let store = CheckpointStore(runDirectory: "/" + run)
        _ = try store.latestState()
        _ = store.best
        _ = try store.files()
    }
}
