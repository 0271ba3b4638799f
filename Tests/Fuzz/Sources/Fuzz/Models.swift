import Models
import Pipeline
import Reports
import Training
import Work

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
            .file("model-gguf", "gguf", "model.gguf") { folder in
                let model = try ModelDirectory(gguf: folder + "/model.gguf")
                guard model.layout.floatCount < 1 << 22 else { return }
                _ = try model.model()
                precondition(ModelDirectory.isGGUF(at: folder + "/model.gguf"))
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
            .file("run-metrics", "run", "metrics.jsonl", page),
            .file("run-measurements", "run", "measurements.json", page),
            .file("run-provenance", "run", "provenance.json", page),
            .file("event-file", "run", "events.out.tfevents.1.fuzz") { folder in
                var scalars = EventScalars()
                try scalars.read(folder + "/events.out.tfevents.1.fuzz")
                precondition(scalars.tags.count <= 512 && scalars.eventCount >= 0)
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

    @Sendable private static func page(_ folder: String) throws {
        let report = try ReportFiles(
            [RunPlace(name: "run", directory: folder)], isMeasured: false, work: WorkContext())
        precondition(!report.page.isEmpty && report.page.count < 1 << 26)
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
