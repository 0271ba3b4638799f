import Foundation
import Models
import Testing
import Tokenization
import Training
import Work

@testable import TokenShards

@Suite struct TrainerFeatureTests {
    /// Every feature that changes the course of a run.
    static var everything: TrainingConfiguration {
        var configuration = TrainingFixture.configuration
        configuration.optimizer = .muon
        configuration.schedule = .wsd
        // So little is learned that some losses lie above the mean of those before.
        configuration.learningRate = 1e-5
        configuration.muonLearningRate = 1e-5
        configuration.steps = 90
        configuration.batchSize = 2
        configuration.evaluateEvery = 37
        configuration.checkpointEvery = 40
        configuration.skipOutliers = 0.1
        configuration.earlyStopPatience = 9
        configuration.sampleEvery = 13
        configuration.precision = .mixed
        return configuration
    }

    private func run(
        _ trainer: Trainer, stoppingAfter stopStep: Int? = nil
    ) async throws -> (events: [TrainingEvent], summary: TrainingSummary) {
        var events: [TrainingEvent] = []
        let stop = StopSignal()
        let summary = try await trainer.run(stop: stop) { event in
            events.append(event)
            switch event {
            case .step(let report), .skipped(let report, _, _):
                if report.step == stopStep { stop.request() }
            default: break
            }
        }
        return (events, summary)
    }

    @Test("with every feature on, a run stopped anywhere, twice, ends in the same bytes")
    func resumed() async throws {
        let fixture = try TrainingFixture()
        func trainer(
            _ name: String, threads: Int, _ existing: Trainer.ExistingRun = .refuse
        ) throws -> Trainer {
            try fixture.trainer(
                name, configuration: Self.everything, threadCount: threads, existing: existing,
                drawSamples: { _, _ in ["text"] })
        }
        let whole = try await run(trainer("whole", threads: 1))
        #expect(whole.events.contains { if case .skipped = $0 { true } else { false } })
        #expect(whole.events.count { if case .sampled = $0 { true } else { false } } == 6)
        let expected = try fixture.latest(of: "whole")
        var generator = RandomGenerator(seed: 7)
        for number in 0..<3 {
            let stops = (0..<2).map { _ in Int.random(in: 1..<90, using: &generator) }.sorted()
            let name = "stopped-\(number)"
            _ = try await run(trainer(name, threads: 2), stoppingAfter: stops[0])
            _ = try await run(trainer(name, threads: 1, .resume), stoppingAfter: stops[1])
            let last = try await run(trainer(name, threads: 3, .resume))
            #expect(last.summary.isComplete)
            #expect(try fixture.latest(of: name) == expected, "stopped after \(stops)")
        }
    }

    @Test(
        "the parts of a batch give the bits of the whole, on any number of threads",
        arguments: [(2, 2), (4, 3), (8, 5), (16, 4), (32, 1)])
    func accumulation(parts: Int, threads: Int) async throws {
        let fixture = try TrainingFixture()
        func weights(_ parts: Int, threads: Int) async throws -> [String: Data] {
            var configuration = TrainingFixture.configuration
            configuration.steps = 4
            configuration.batchSize = 32 / parts
            configuration.gradientAccumulationSteps = parts
            // Batches of one or two windows have fewer slots by themselves.
            if parts > 8 { configuration.gradientSlots = 4 }
            configuration.dropout = 0.1
            configuration.optimizer = .muon
            configuration.evaluateEvery = 4
            let name = "parts-\(parts)"
            _ = try await run(
                fixture.trainer(name, configuration: configuration, threadCount: threads))
            return try fixture.latest(of: name).filter { $0.key.hasSuffix(".safetensors") }
        }
        let whole = try await weights(1, threads: 2)
        #expect(whole.count == 2)
        #expect(try await weights(parts, threads: threads) == whole)
    }

    @Test("a skipped step changes nothing, says what it read, and the run goes on")
    func skipped() async throws {
        let fixture = try TrainingFixture()
        var configuration = TrainingFixture.configuration
        configuration.steps = 80
        configuration.evaluateEvery = 80
        configuration.checkpointEvery = 80
        configuration.skipOutliers = 0.1
        configuration.learningRate = 1e-6
        configuration.gradientAccumulationSteps = 2
        let (events, summary) = try await run(
            fixture.trainer("run", configuration: configuration))
        let context = TrainingFixture.model.positionCount
        let windows = fixture.set.windows(in: .train, length: context, stride: context)
        let sampler = WindowSampler(windowCount: windows.count, seed: configuration.seed)
        var (tokens, skippedSteps) = (0, 0)
        for event in events {
            switch event {
            case .step(let report):
                tokens += 2 * 4 * context
                #expect(report.tokenCount == tokens)
            case .skipped(let report, let finding, let origins):
                skippedSteps += 1
                #expect(report.tokenCount == tokens)
                #expect(finding != .notFinite)
                #expect(origins.count == 8)
                for (row, origin) in origins.enumerated() {
                    let window = windows[sampler[(report.step - 1) * 8 + row]]
                    let shard = fixture.set.shards(of: .train)[window.shard]
                    #expect(shard.path.hasSuffix("/" + origin.shard))
                    #expect(origin.firstToken == window.start)
                    for position in window.start...window.start + window.length {
                        #expect(origin.documents.contains(shard.document(containing: position)))
                    }
                    let ends = [origin.documents.lowerBound, origin.documents.upperBound]
                    for document in ends {
                        let range = shard.tokenRange(ofDocument: document)
                        #expect(range.overlaps(window.start..<window.start + window.length + 1))
                    }
                }
            default: break
            }
        }
        #expect(skippedSteps > 0)
        #expect(summary.steps == 80)
        #expect(summary.tokenCount == tokens)
        let metrics = try String(
            contentsOfFile: fixture.path("run") + "/metrics.jsonl", encoding: .utf8)
        #expect(metrics.split(separator: "\n").count { $0.contains("\"skipped\"") } == skippedSteps)
    }

    @Test("a run whose loss no longer falls ends early, and is then at its end")
    func earlyStop() async throws {
        let fixture = try TrainingFixture()
        var configuration = TrainingFixture.configuration
        configuration.steps = 50
        configuration.evaluateEvery = 1
        configuration.earlyStopPatience = 2
        configuration.learningRate = 3
        configuration.warmupSteps = 0
        let (events, summary) = try await run(
            fixture.trainer("run", configuration: configuration))
        let losses = events.compactMap { event -> Double? in
            if case .evaluated(_, let result, _) = event { result.loss } else { nil }
        }
        #expect(summary.isComplete && summary.stoppedEarly)
        #expect(summary.steps < 50)
        #expect(losses.count == summary.steps)
        let best = losses.firstIndex(of: losses.min()!)! + 1
        #expect(summary.steps == best + 2)
        #expect(events.contains(.stoppedEarly(step: best + 2, bestStep: best)))

        let again = try await run(
            fixture.trainer("run", configuration: configuration, existing: .resume))
        #expect(again.summary == summary)
        configuration.earlyStopPatience = 3
        let longer = try await run(
            fixture.trainer("run", configuration: configuration, existing: .resume))
        #expect(longer.summary.steps > summary.steps)
    }

    @Test("sinusoidal positions are the paper's and stay so, whatever is learned")
    func sinusoidalPositions() async throws {
        let fixture = try TrainingFixture()
        var shape = TrainingFixture.model
        shape.positions = .sinusoidal
        let trainer = try Trainer(
            model: shape, configuration: TrainingFixture.configuration, set: fixture.set,
            vocabulary: fixture.vocabulary,
            surroundings: Trainer.Surroundings(
                runDirectory: fixture.directory + "/sines", existing: .refuse))
        _ = try await trainer.run()
        let latest = try #require(
            CheckpointStore(runDirectory: fixture.directory + "/sines").latest)
        let model = try GPT(directory: latest)
        #expect(model.configuration.positionEncoding == .sinusoidal)
        let table = try #require(model.layout.tensor(named: "wpe.weight"))
        for position in 0..<16 {
            for pair in 0..<8 {
                let angle = Double(position) / pow(10_000, 2 * Double(pair) / 16)
                let place = table.offset + position * 16 + 2 * pair
                #expect(abs(Double(model.parameters[place]) - sin(angle)) < 1e-6)
                #expect(abs(Double(model.parameters[place + 1]) - cos(angle)) < 1e-6)
            }
        }
    }

    @Test("one batch can be learned by heart")
    func overfit() async throws {
        let fixture = try TrainingFixture()
        var configuration = TrainingFixture.configuration
        configuration.overfitOneBatch = true
        configuration.steps = 60
        configuration.learningRate = 2e-2
        configuration.evaluateEvery = 60
        configuration.checkpointEvery = 60
        let learned = try await run(fixture.trainer("heart", configuration: configuration))
        guard
            case .step(let last)? = learned.events.last(where: {
                if case .step = $0 { true } else { false }
            })
        else { throw TrainingError.noCheckpoint(directory: "") }
        #expect(last.loss < 0.5)
        // The same windows at every step: with next to no learning, the same loss.
        configuration.learningRate = 1e-12
        configuration.steps = 5
        let still = try await run(fixture.trainer("still", configuration: configuration))
        let losses = still.events.compactMap { event -> Double? in
            if case .step(let report) = event { report.loss } else { nil }
        }
        #expect(Set(losses.map { ($0 * 1e5).rounded() }).count == 1)
    }

    @Test("another optimizer than the checkpoint's is refused")
    func otherOptimizer() async throws {
        let fixture = try TrainingFixture()
        _ = try await run(fixture.trainer("run"))
        var configuration = TrainingFixture.configuration
        configuration.optimizer = .muon
        #expect(throws: TrainingError.self) {
            try fixture.trainer("run", configuration: configuration, existing: .resume)
        }
    }
}
