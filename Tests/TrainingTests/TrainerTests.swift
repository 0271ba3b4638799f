import Files
import Foundation
import Models
import Testing
import TokenShards
import Tokenization
import Training
import Work

@Suite struct TrainerTests {
    @Test("the loss falls, and metrics, checkpoints and links say what happened")
    func run() async throws {
        let fixture = try TrainingFixture()
        var configuration = TrainingFixture.configuration
        configuration.steps = 40
        configuration.learningRate = 1e-2
        configuration.evaluateEvery = 20
        configuration.checkpointEvery = 10
        let trainer = try fixture.trainer("run", configuration: configuration)
        var losses: [Double] = []
        var evaluations: [EvaluationResult] = []
        let summary = try await trainer.run { event in
            switch event {
            case .step(let report): losses.append(report.loss)
            case .evaluated(_, let result, _): evaluations.append(result)
            default: break
            }
        }
        #expect(losses.count == 40)
        #expect(abs(losses[0] - log(Double(fixture.vocabulary.count))) < 0.3)
        #expect(losses.last! < losses[0] - 1)
        #expect(evaluations.count == 2)
        #expect(summary.isComplete)
        #expect(summary.validation == evaluations.last)
        #expect(try TrainingSummary(runDirectory: fixture.path("run")) == summary)

        let store = CheckpointStore(runDirectory: fixture.path("run"))
        #expect(store.latest?.hasSuffix("step-00000040") == true)
        #expect(store.best != nil)
        let kept = try FileManager.default.contentsOfDirectory(atPath: store.directory)
            .filter { $0.hasPrefix("step-") }.sorted()
        #expect(kept == ["step-00000030", "step-00000040"])
        #expect(try store.latestState()?.step == 40)
        let lines = try String(
            contentsOfFile: fixture.path("run") + "/metrics.jsonl", encoding: .utf8
        )
        .split(separator: "\n")
        #expect(lines.count == 42)
        for line in lines {
            #expect(throws: Never.self) {
                try JSONSerialization.jsonObject(with: Data(line.utf8))
            }
        }
    }

    @Test("the same run has the same bytes for any number of threads")
    func threads() async throws {
        let fixture = try TrainingFixture()
        for threads in 1...3 {
            let trainer = try fixture.trainer("threads-\(threads)", threadCount: threads)
            _ = try await trainer.run()
        }
        let reference = try fixture.latest(of: "threads-1")
        #expect(reference.count >= 8)
        #expect(try fixture.latest(of: "threads-2") == reference)
        #expect(try fixture.latest(of: "threads-3") == reference)
    }

    @Test("a checkpoint's tokenizer begins texts as the documents began", arguments: [true, false])
    func beginning(hasEnds: Bool) async throws {
        let fixture = try TrainingFixture(endOfText: hasEnds ? .before : .none)
        let trainer = try fixture.trainer("run")
        _ = try await trainer.run()
        let read = try Vocabulary(directory: fixture.path("run/checkpoints/latest"))
        #expect(read.textPrefix == (hasEnds ? [try #require(read.endOfText)] : []))
        #expect(read.fingerprint == fixture.vocabulary.fingerprint)
    }

    @Test("a run stopped after any step and resumed has the bytes of one that was not")
    func resumed() async throws {
        let fixture = try TrainingFixture()
        let whole = try fixture.trainer("whole")
        _ = try await whole.run()
        let expected = try fixture.latest(of: "whole")
        for stopStep in 1...11 {
            let run = "stopped-\(stopStep)"
            let stop = StopSignal()
            let first = try fixture.trainer(run)
            let partial = try await first.run(stop: stop) { event in
                if case .step(let report) = event, report.step == stopStep { stop.request() }
            }
            #expect(!partial.isComplete)
            #expect(partial.steps == stopStep)
            let second = try fixture.trainer(run, existing: .resume)
            #expect(try await second.run().isComplete)
            #expect(try fixture.latest(of: run) == expected)
        }
    }

    @Test func `so does one that was stopped within steps, again and again`() async throws {
        let fixture = try TrainingFixture()
        _ = try await fixture.trainer("whole").run()
        let expected = try fixture.latest(of: "whole")
        var isComplete = false
        for attempt in 0..<12 where !isComplete {
            let stop = StopSignal()
            let trainer = try fixture.trainer("run", existing: attempt == 0 ? .refuse : .resume)
            isComplete = try await trainer.run(stop: stop) { event in
                guard case .step(let report) = event else { return }
                // Some time in the next step, or in what comes before it.
                let patience = Duration.seconds(report.seconds) * (attempt * 37 % 100) / 100
                Thread.detachNewThread {
                    Thread.sleep(forTimeInterval: patience / .seconds(1))
                    stop.request()
                }
            }.isComplete
        }
        #expect(isComplete)
        #expect(try fixture.latest(of: "run") == expected)
        let metrics = try String(
            contentsOfFile: fixture.path("run") + "/metrics.jsonl", encoding: .utf8)
        #expect(metrics.split(separator: "\n").count { $0.contains("validation_loss") } == 3)
    }

    @Test func `metrics with the line ends of another system are kept, and a torn line is not`()
        async throws
    {
        let fixture = try TrainingFixture()
        let stop = StopSignal()
        _ = try await fixture.trainer("run").run(stop: stop) { event in
            if case .step(let report) = event, report.step == 6 { stop.request() }
        }
        let path = fixture.path("run") + "/metrics.jsonl"
        let before = try String(contentsOfFile: path, encoding: .utf8)
        let changed = before.replacing("\n", with: "\r\n") + "{\"step\":6,\"lo"
        try changed.write(toFile: path, atomically: false, encoding: .utf8)
        _ = try await fixture.trainer("run", existing: .resume).run()
        let after = try String(contentsOfFile: path, encoding: .utf8)
        #expect(after.hasPrefix(before))
        #expect(after.utf8.last == UInt8(ascii: "\n") && !after.utf8.contains(UInt8(ascii: "\r")))
    }

    @Test func `metrics that were lost are named, and no time is made up for them`() async throws {
        let fixture = try TrainingFixture()
        let path = fixture.path("run") + "/metrics.jsonl"
        func resume(steps: Int) async throws -> (summary: TrainingSummary, notes: [String]) {
            var configuration = TrainingFixture.configuration
            configuration.steps = steps
            var notes: [String] = []
            let summary = try await fixture.trainer(
                "run", configuration: configuration, existing: .resume
            ).run { event in
                if case .began(let plan) = event { notes = plan.notes }
            }
            return (summary, notes)
        }
        _ = try await fixture.trainer("run").run()
        let whole = try await resume(steps: 12)
        #expect(whole.notes.isEmpty && whole.summary.trainingSeconds > 0)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacing("{", with: "}", maxReplacements: 1).write(
            toFile: path, atomically: false, encoding: .utf8)
        let damaged = try await resume(steps: 12)
        #expect(damaged.notes.contains { $0.contains("a line of \(path) is damaged") })
        #expect(damaged.notes.contains { $0.contains("the figures of 1 of the 12 steps") })
        try FileManager.default.removeItem(atPath: path)
        let lost = try await resume(steps: 13)
        #expect(lost.notes.count == 1 && lost.notes[0].contains("of 12 of the 12 steps"))
        #expect(lost.summary.trainingSeconds == 0)
    }

    @Test("so does one with dropout, documents apart and another architecture, on any threads")
    func resumedWithDropout() async throws {
        let fixture = try TrainingFixture()
        var configuration = TrainingFixture.configuration
        var model = TrainingFixture.model
        model.architecture = .qwen3
        model.keyValueHeadCount = 1
        model.tiesEmbeddings = false
        var losses: Set<Double> = []
        func run(
            _ name: String, threadCount: Int = 2, existing: Trainer.ExistingRun = .refuse,
            until last: Int = .max
        ) async throws {
            let trainer = try fixture.trainer(
                name, configuration: configuration, model: model, threadCount: threadCount,
                existing: existing)
            let stop = StopSignal()
            _ = try await trainer.run(stop: stop) { event in
                guard case .step(let report) = event else { return }
                if report.step == 1 { losses.insert(report.loss) }
                if report.step == last { stop.request() }
            }
        }
        try await run("plain", until: 1)
        configuration.masksDocuments = true
        try await run("documents", until: 1)
        configuration.dropout = 0.2
        try await run("whole")
        // Each of the two changes what the first step sees.
        #expect(losses.count == 3)
        try await run("one-thread", threadCount: 1)
        let expected = try fixture.latest(of: "whole")
        #expect(try fixture.latest(of: "one-thread") == expected)
        for step in [1, 6] {
            try await run("stopped-\(step)", until: step)
            try await run("stopped-\(step)", existing: .resume)
            #expect(try fixture.latest(of: "stopped-\(step)") == expected)
        }
    }

    @Test("a run resumed from an earlier checkpoint drops the metrics of the steps it does again")
    func metricsAfterResume() async throws {
        let fixture = try TrainingFixture()
        let stop = StopSignal()
        let first = try fixture.trainer("run")
        _ = try await first.run(stop: stop) { event in
            if case .step(let report) = event, report.step == 7 { stop.request() }
        }
        // The checkpoint of step 7 is left behind.
        let second = try fixture.trainer("run", existing: .resumeFrom(step: 5))
        _ = try await second.run()
        let metrics = try String(
            contentsOfFile: fixture.path("run") + "/metrics.jsonl", encoding: .utf8)
        let steps = metrics.split(separator: "\n").filter { $0.contains("\"loss\"") }
        #expect(steps.count == 12)
    }

    @Test("a run that goes on with another recipe says so")
    func changedRecipe() async throws {
        let fixture = try TrainingFixture()
        let stop = StopSignal()
        let first = try fixture.trainer("run")
        _ = try await first.run(stop: stop) { event in
            if case .step = event { stop.request() }
        }
        var configuration = TrainingFixture.configuration
        configuration.seed += 1
        configuration.stride = 3
        var plans: [TrainingPlan] = []
        for _ in 0..<2 {
            let second = try fixture.trainer(
                "run", configuration: configuration, existing: .resume)
            _ = try await second.run(stop: stop) { event in
                if case .began(let plan) = event { plans.append(plan) }
            }
        }
        let seed = TrainingFixture.configuration.seed
        #expect(
            plans[0].changes.map(\.description) == [
                "seed \(seed), now \(seed + 1)", "stride unset, now 3",
            ])
        // It is the run's recipe from then on, where a checkpoint was written.
        #expect(plans.count == 2)
    }

    @Test("what does not fit together is refused")
    func refused() async throws {
        let fixture = try TrainingFixture()
        #expect(throws: TrainingError.noCheckpoint(directory: fixture.path("run"))) {
            try fixture.trainer("run", existing: .resume)
        }
        let trainer = try fixture.trainer("run")
        _ = try await trainer.run()
        #expect(throws: TrainingError.runExists(directory: fixture.path("run"))) {
            try fixture.trainer("run")
        }
        var wider = TrainingFixture.model
        wider.embeddingSize = 32
        #expect(throws: TrainingError.self) {
            try fixture.trainer("run", model: wider, existing: .resume)
        }
        var bad = TrainingFixture.configuration
        bad.batchSize = 0
        #expect(
            throws: TrainingError.badConfiguration(
                key: "batch_size", rule: "is 0; give a whole number from 1 to 65536")
        ) {
            try fixture.trainer("other", configuration: bad)
        }
    }

    @Test("what a killed process has begun to write goes with the next checkpoint")
    func stalePartial() async throws {
        let fixture = try TrainingFixture()
        let checkpoints = fixture.path("run") + "/checkpoints"
        try FileManager.default.createDirectory(
            atPath: checkpoints + "/step-00000003.partial", withIntermediateDirectories: true)
        try Data([1]).write(
            to: URL(fileURLWithPath: checkpoints + "/step-00000003.partial/optimizer.safetensors"))
        try FileManager.default.createSymbolicLink(
            atPath: checkpoints + "/latest.partial", withDestinationPath: "step-00000003")
        let trainer = try fixture.trainer("run")
        _ = try await trainer.run()
        let names = try FileManager.default.contentsOfDirectory(atPath: checkpoints)
        #expect(names.contains("latest"))
        #expect(!names.contains { $0.hasSuffix(".partial") })
    }

    @Test("a loss that is not finite, step after step, stops the run with the step's number")
    func divergence() async throws {
        let fixture = try TrainingFixture()
        var configuration = TrainingFixture.configuration
        configuration.learningRate = 1e38
        configuration.warmupSteps = 0
        configuration.steps = 50
        configuration.evaluateEvery = 50
        let trainer = try fixture.trainer("run", configuration: configuration)
        var skipped = 0
        await #expect(throws: TrainingError.diverged(step: 11, count: 10)) {
            try await trainer.run { event in
                if case .skipped(_, .notFinite, _) = event { skipped += 1 }
            }
        }
        #expect(skipped == 10)
        let metrics = try String(
            contentsOfFile: fixture.path("run") + "/metrics.jsonl", encoding: .utf8)
        for line in metrics.split(separator: "\n") {
            #expect(throws: Never.self) {
                try JSONSerialization.jsonObject(with: Data(line.utf8))
            }
        }
    }

    @Test("a model that has gone wrong leaves the checkpoints of before, to go on from")
    func soundCheckpoints() async throws {
        let fixture = try TrainingFixture()
        var good = TrainingFixture.configuration
        (good.steps, good.evaluateEvery, good.checkpointEvery) = (6, 100, 1)
        let trainer = try fixture.trainer("run", configuration: good)
        _ = try await trainer.run()
        let kept = try fixture.latest(of: "run")
        var bad = good
        (bad.steps, bad.learningRate, bad.schedule) = (50, 1e38, .constant)

        // Step 7 makes numbers of 1e38, and from step 8 on nothing is finite.
        let diverging = try fixture.trainer("run", configuration: bad, existing: .resume)
        await #expect(throws: TrainingError.diverged(step: 17, count: 10)) {
            try await diverging.run()
        }
        let names = try FileManager.default.contentsOfDirectory(
            atPath: fixture.path("run") + "/checkpoints")
        #expect(names.contains("step-00000006") && names.contains("step-00000007"))

        func goBack() throws {
            let checkpoints = fixture.path("run") + "/checkpoints/"
            try FileManager.default.removeItem(atPath: checkpoints + "latest")
            try FileManager.default.removeItem(atPath: checkpoints + "step-00000007")
            try FileManager.default.createSymbolicLink(
                atPath: checkpoints + "latest", withDestinationPath: "step-00000006")
        }

        // A validation loss that is none is no best one, and ends the run with a sentence.
        try goBack()
        bad.evaluateEvery = 9
        let scored = try fixture.trainer("run", configuration: bad, existing: .resume)
        await #expect(throws: TrainingError.notFinite(what: "the validation loss", step: 9)) {
            try await scored.run()
        }

        // Nor does a run that is stopped in between leave one.
        try goBack()
        bad.evaluateEvery = 100
        let stopped = try fixture.trainer("run", configuration: bad, existing: .resume)
        let stop = StopSignal()
        await #expect(throws: TrainingError.diverged(step: 9, count: 2)) {
            try await stopped.run(stop: stop) { event in
                if case .skipped(let report, _, _) = event, report.step == 9 { stop.request() }
            }
        }
        for name in ["model.safetensors", "optimizer.safetensors"] {
            let path = fixture.path("run") + "/checkpoints/step-00000006/" + name
            #expect(FileManager.default.contents(atPath: path) == kept[name])
        }
    }

    @Test("what is to be replaced stays until the new run is certain to begin")
    func overwriting() async throws {
        let fixture = try TrainingFixture()
        let trainer = try fixture.trainer("run")
        _ = try await trainer.run()
        let kept = try fixture.latest(of: "run")
        var longer = TrainingFixture.model
        longer.positionCount = 1 << 20
        #expect(throws: (any Error).self) {
            try fixture.trainer("run", model: longer, existing: .overwrite)
        }
        var other = TrainingFixture.configuration
        other.seed += 1
        let next = try fixture.trainer("run", configuration: other, existing: .overwrite)
        #expect(try fixture.latest(of: "run") == kept)
        _ = try await next.run()
        #expect(try fixture.latest(of: "run") != kept)
        // And a run that is refused leaves no directory.
        #expect(throws: (any Error).self) { try fixture.trainer("new", model: longer) }
        #expect(!FileManager.default.fileExists(atPath: fixture.path("new")))
    }

    @Test("a directory in which another run is at work is refused")
    func inUse() async throws {
        let fixture = try TrainingFixture()
        let busy = TrainingError.runInUse(directory: fixture.path("run"))
        let (first, second) = (try fixture.trainer("run"), try fixture.trainer("run"))
        do {
            let claim = try OutputClaim(fixture.path("run"), .filled)
            defer { withExtendedLifetime(claim) {} }
            await #expect(throws: busy) { try await first.run() }
        }
        _ = try await first.run()
        // Prepared when there was nothing yet.
        await #expect(throws: busy) { try await second.run() }
    }

    @Test("a shorter stride scores the same tokens, each with more context")
    func evaluationStride() throws {
        let fixture = try TrainingFixture()
        var shape = TrainingFixture.model
        shape.vocabularySize = fixture.vocabulary.count
        let model = try GPT(shape, seed: 3)
        let runner = BatchRunner(
            model: model, batchSize: 4, contextLength: 16, team: ThreadTeam(threadCount: 2))
        func evaluate(stride: Int, masksDocuments: Bool = false) throws -> EvaluationResult {
            try Evaluator(
                scorer: runner, set: fixture.set, split: .validation,
                vocabulary: fixture.vocabulary, batchSize: 4, contextLength: 16,
                settings: .init(stride: stride, masksDocuments: masksDocuments)
            ).evaluate()
        }
        let (wide, narrow) = (try evaluate(stride: 16), try evaluate(stride: 1))
        let apart = try evaluate(stride: 1, masksDocuments: true)
        let tokens =
            fixture.set.manifest.validation.tokens - fixture.set.shards(of: .validation).count
        #expect(wide.tokenCount == tokens)
        #expect(narrow.tokenCount == tokens)
        #expect(wide.byteCount == fixture.set.manifest.validation.bytes)

        // One token at a time, from the model's logits: the oracle of the narrow stride.
        var (total, totalApart) = (0.0, 0.0)
        for shard in fixture.set.shards(of: .validation) {
            let ids = shard.tokens(0..<shard.tokenCount)
            func loss(of position: Int, from start: Int) -> Double {
                let context = Array(ids[start..<position])
                let row = model.logits(for: context).suffix(shape.vocabularySize).map(Double.init)
                let largest = row.max()!
                let sum = row.reduce(0) { $0 + exp($1 - largest) }
                return largest + log(sum) - row[ids[position].index]
            }
            for position in 1..<ids.count {
                let start = max(0, position - 16)
                total += loss(of: position, from: start)
                let document = shard.document(containing: position - 1)
                totalApart += loss(
                    of: position,
                    from: max(start, shard.tokenRange(ofDocument: document).lowerBound))
            }
        }
        #expect(abs(narrow.totalLoss - total) < 1e-5 * total)
        #expect(abs(apart.totalLoss - totalApart) < 1e-5 * totalApart)
        #expect(abs(totalApart - total) > 1e-4 * total)
        #expect(abs(narrow.bitsPerByte - total / log(2) / Double(wide.byteCount)) < 1e-2)
    }
}
