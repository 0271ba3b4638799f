import Foundation
import Models
import Processes
import Testing
import TokenShards
import Tokenization
import Work

@testable import Training

/// Ranks that take steps alone, and an outer step together.
@Suite struct LocalStepsTests {
    /// What a run ends with, made by plain loops in one place.
    private struct Plain {
        var parameters: [Float]
        var momentum: [Float]
        /// The first moments of each rank's optimizer.
        var moments: [[Float]]
    }

    private static func recipe(_ optimizer: OptimizerKind) -> TrainingConfiguration {
        var configuration = TrainingFixture.configuration
        configuration.optimizer = optimizer
        configuration.batchSize = 8
        configuration.gradientAccumulationSteps = 1
        // Two steps together, two alone, and three.
        configuration.localSteps = 3
        configuration.localGrowth = 1
        (configuration.outerLearningRate, configuration.outerMomentum) = (0.7, 0.9)
        configuration.steps = 7
        configuration.evaluateEvery = 3
        configuration.checkpointEvery = 3
        configuration.warmupSteps = 2
        return configuration
    }

    private func plain(
        _ fixture: TrainingFixture, _ configuration: TrainingConfiguration, ranks: Int
    ) throws -> Plain {
        var shape = TrainingFixture.model
        shape.vocabularySize = fixture.vocabulary.count
        let source = try BatchSource(
            Mixture(fixture.set), configuration, contextLength: shape.positionCount, part: nil)
        let team = ThreadTeam(threadCount: 1)
        let models = try (0..<ranks).map { _ in try shape.makeModel(seed: configuration.seed) }
        let optimizers = models.map {
            Optimizer(configuration, layout: $0.layout, team: team)
        }
        let shares = try Trainer.shares(of: ranks, configuration)
        let runners = zip(models, shares).map { model, share in
            BatchRunner(
                model: model, batchSize: share.sequences.count,
                contextLength: shape.positionCount, team: team, slotCount: share.slots.count)
        }
        let whole = BatchRunner(
            model: models[0], batchSize: configuration.windowsPerStep,
            contextLength: shape.positionCount, team: team, slotCount: configuration.slotCount)
        let schedule = LearningRateSchedule(configuration)
        var start = models[0].parameters.array
        var momentum = [Float](repeating: 0, count: start.count)
        for step in 0..<configuration.steps {
            let batch = source.batch(at: step * configuration.windowsPerStep)
            if step < 2 {
                let count = batch.targets.count { $0 != .ignored }
                _ = whole.computeGradients(
                    inputs: batch.inputs.span, targets: batch.targets.span,
                    scale: 1 / Float(count))
                for (model, optimizer) in zip(models, optimizers) {
                    optimizer.step(
                        model: model, gradients: whole.gradients,
                        norm: optimizer.norm(of: whole.gradients),
                        factor: schedule.factor(step: step))
                }
                start = models[0].parameters.array
                continue
            }
            for rank in 0..<ranks {
                let rows = shares[rank].sequences
                let places =
                    rows.lowerBound * shape.positionCount..<rows.upperBound * shape.positionCount
                let count = batch.targets[places].count { $0 != .ignored }
                let inputs = Array(batch.inputs[places])
                let targets = Array(batch.targets[places])
                _ = runners[rank].computeGradients(
                    inputs: inputs.span, targets: targets.span, scale: 1 / Float(count))
                optimizers[rank].step(
                    model: models[rank], gradients: runners[rank].gradients,
                    norm: optimizers[rank].norm(of: runners[rank].gradients),
                    factor: schedule.factor(step: step))
            }
            guard [4, 7].contains(step + 1) else { continue }
            let ends = models.map(\.parameters.array)
            for index in start.indices {
                var moved = ends.map { start[index] - $0[index] }
                // ((0 + 1) + (2 + 3))
                while moved.count > 1 {
                    moved = stride(from: 0, to: moved.count, by: 2).map {
                        moved[$0] + moved[$0 + 1]
                    }
                }
                let gradient = moved[0] * (1 / Float(ranks))
                momentum[index] = 0.9 * momentum[index] + gradient
                start[index] -= 0.7 * (gradient + 0.9 * momentum[index])
            }
            for model in models {
                model.parameters.withMutableSpan { span in
                    for index in start.indices { span[index] = start[index] }
                }
            }
        }
        return Plain(
            parameters: start, momentum: momentum, moments: optimizers.map { $0.moments[0].array })
    }

    @Test(
        "a run ends with what plain loops end with, bit for bit",
        arguments: [OptimizerKind.adamW, .muon], [1, 2, 4])
    func plainLoops(_ optimizer: OptimizerKind, _ ranks: Int) async throws {
        let fixture = try TrainingFixture()
        let configuration = Self.recipe(optimizer)
        if ranks == 1 {
            _ = try await fixture.trainer("run", configuration: configuration).run()
        } else {
            try await RankedTrainingTests.train(
                fixture, "run", ranks: ranks, configuration, TrainingFixture.model)
        }
        let expected = try plain(fixture, configuration, ranks: ranks)
        let directory = fixture.path("run") + "/checkpoints/latest"
        let model = try ModelDirectory(path: directory).model()
        let file = try SafetensorsFile(path: directory + "/outer_optimizer.safetensors")
        for tensor in model.layout.tensors where !tensor.isConstant {
            #expect(
                model.parameters.array(tensor.range) == Array(expected.parameters[tensor.range]),
                "\(tensor.name)")
            #expect(
                try file.floats(of: "momentum_buffer." + tensor.name)
                    == Array(expected.momentum[tensor.range]), "\(tensor.name)")
        }
        for rank in 0..<ranks {
            let name = rank == 0 ? "optimizer.safetensors" : "optimizer-\(rank).safetensors"
            let file = try SafetensorsFile(path: directory + "/" + name)
            for tensor in model.layout.tensors where !tensor.isConstant {
                let moment = optimizer.rule(for: tensor).moments[0] + "." + tensor.name
                #expect(
                    try file.floats(of: moment)
                        == Array(expected.moments[rank][tensor.range]), "\(name), \(moment)")
            }
        }
        #expect(
            !FileManager.default.fileExists(
                atPath: directory + "/optimizer-\(ranks).safetensors"))
    }

    @Test(
        "a run that was stopped before or in a round ends it, and goes on to the same bytes",
        arguments: [(1, 2), (3, 4)])
    func stopped(_ asked: Int, _ last: Int) async throws {
        let fixture = try TrainingFixture()
        var lstm = Self.recipe(.adamW)
        lstm.carriesState = true
        lstm.dropout = 0.1
        lstm.skipOutliers = 5
        let recurrent = RecurrentConfiguration(
            architecture: .lstm, layerCount: 2, embeddingSize: 12, positionCount: 16,
            vocabularySize: 0)
        let cases: [(any ModelShape, TrainingConfiguration)] = [
            (TrainingFixture.model, Self.recipe(.muon)), (recurrent, lstm),
        ]
        for (number, (model, configuration)) in cases.enumerated() {
            let (whole, torn) = ("whole \(number)", "torn \(number)")
            try await RankedTrainingTests.train(fixture, whole, ranks: 2, configuration, model)
            try await RankedTrainingTests.train(
                fixture, torn, ranks: 2, configuration, model, until: asked)
            let store = CheckpointStore(runDirectory: fixture.path(torn))
            #expect(try store.latestState()?.step == last)
            #expect(try store.latestState()?.innerStates == (last == 2 ? nil : 2))
            try await RankedTrainingTests.train(
                fixture, torn, ranks: 2, configuration, model, existing: .resume)
            let expected = try fixture.latest(of: whole)
            #expect(try fixture.latest(of: torn) == expected)
            #expect(expected["optimizer-1.safetensors"] != nil)
        }
    }

    @Test("one process that is stopped in a round ends it as well")
    func stoppedAlone() async throws {
        let fixture = try TrainingFixture()
        let configuration = Self.recipe(.muon)
        _ = try await fixture.trainer("whole", configuration: configuration).run()
        let stop = StopSignal()
        _ = try await fixture.trainer("torn", configuration: configuration).run(stop: stop) {
            if case .step(let report) = $0, report.step == 3 { stop.request() }
        }
        #expect(
            try CheckpointStore(runDirectory: fixture.path("torn")).latestState()?.step == 4)
        _ = try await fixture.trainer(
            "torn", configuration: configuration, existing: .resume
        ).run()
        #expect(try fixture.latest(of: "torn") == fixture.latest(of: "whole"))
    }

    @Test("inner states are for as many ranks as they are of")
    func otherRanks() async throws {
        let fixture = try TrainingFixture()
        var configuration = Self.recipe(.adamW)
        try await RankedTrainingTests.train(
            fixture, "run", ranks: 2, configuration, TrainingFixture.model, until: 3)
        func error(ranks: Int) async -> String {
            do {
                try await RankedTrainingTests.train(
                    fixture, "run", ranks: ranks, configuration, TrainingFixture.model,
                    existing: .resume)
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(await error(ranks: 4).contains("each of 2 ranks had a state of its own, and now"))
        configuration.localSteps = nil
        #expect(await error(ranks: 2).contains("set it as it was"))
        // From steps that all took together, ranks go on alone.
        try await RankedTrainingTests.train(
            fixture, "together", ranks: 2, configuration, TrainingFixture.model, until: 3)
        configuration.localSteps = 2
        let summaries = try await RankedTrainingTests.train(
            fixture, "together", ranks: 4, configuration, TrainingFixture.model,
            existing: .resume)
        #expect(summaries.allSatisfy { $0.isComplete && $0.steps == 7 })
    }

    @Test("an outer step of rate 1 without momentum goes where the steps have gone")
    func identity() async throws {
        let fixture = try TrainingFixture()
        var configuration = Self.recipe(.adamW)
        func parameters(_ name: String) async throws -> [Float] {
            _ = try await fixture.trainer(name, configuration: configuration).run()
            return try ModelDirectory(path: fixture.path(name) + "/checkpoints/latest").model()
                .parameters.array
        }
        func distance(_ one: [Float], _ other: [Float]) -> Float {
            zip(one, other).map { abs($0 - $1) }.max() ?? 0
        }
        let usual = try await parameters("usual")
        (configuration.outerLearningRate, configuration.outerMomentum) = (nil, nil)
        let outer = try await parameters("outer")
        configuration.localSteps = nil
        let plain = try await parameters("plain")
        // start − (start − end) is end but for a rounding.
        #expect(distance(outer, plain) < 1e-5)
        #expect(distance(usual, plain) > 1e-4)
    }

    @Test("what falls due within a round is done at its end")
    func due() async throws {
        let fixture = try TrainingFixture()
        var configuration = Self.recipe(.adamW)
        (configuration.steps, configuration.evaluateEvery) = (11, 4)
        (configuration.checkpointEvery, configuration.sampleEvery) = (5, 2)
        configuration.keepCheckpoints = 10
        nonisolated(unsafe) var (evaluated, sampled, written): ([Int], [Int], [Int]) = ([], [], [])
        _ = try await fixture.trainer(
            "run", configuration: configuration, drawSamples: { _, _ in ["a"] }
        ).run { event in
            switch event {
            case .evaluated(let step, _, _): evaluated.append(step)
            case .sampled(let step, _): sampled.append(step)
            case .checkpoint(let step, _): written.append(step)
            default: break
            }
        }
        // Rounds end after 4, 7, 10 and 11 steps.
        #expect(evaluated == [4, 10, 11])
        #expect(sampled == [2, 4, 7, 10])
        // 5 and 10 fall due, and what is the best so far is kept as well.
        #expect(
            Set(written).isSuperset(of: [7, 10, 11]) && Set(written).isSubset(of: [4, 7, 10, 11]))
    }

    @Test("steps that all take together have the bytes of those of a run without rounds")
    func together() async throws {
        let fixture = try TrainingFixture()
        var configuration = Self.recipe(.muon)
        configuration.localGrowth = 0.25
        for (name, localSteps) in [("local", 3), ("usual", nil)] {
            configuration.localSteps = localSteps
            try await RankedTrainingTests.train(
                fixture, name, ranks: 2, configuration, TrainingFixture.model,
                leastStageCount: 1)
        }
        let (local, usual) = try (fixture.latest(of: "local"), fixture.latest(of: "usual"))
        #expect(Set(local.keys) == Set(usual.keys))
        for name in ["model.safetensors", "optimizer.safetensors"] {
            #expect(local[name] == usual[name], "\(name)")
        }
    }

    @Test(
        "rounds follow each other, and each is at most a share of the steps before it",
        arguments: [
            (50, LocalRounds.usualGrowth), (50, 1.0), (3, 1.0), (2, 0.001), (500, 0.3),
            (1 << 40, 0.05),
        ])
    func rounds(_ length: Int, _ growth: Double) {
        let rounds = LocalRounds(length: length, growth: growth)
        var (start, count) = (0, 0)
        while start < 3_000 {
            let round = rounds.round(of: start)
            #expect(round.lowerBound == start)
            #expect(rounds.round(of: round.upperBound - 1) == round)
            #expect(rounds.isTogether(start) == (Double(start) * growth < 2))
            let most = min(length, Int(Double(start) * growth))
            #expect(round.count == (rounds.isTogether(start) ? 1 : most))
            (start, count) = (round.upperBound, count + 1)
            #expect(rounds.exchangeCount(steps: start) == count)
            #expect(rounds.exchangeCount(steps: start - round.count + 1) == count)
        }
    }

    @Test("rounds of one step are taken from the start")
    func roundsOfOne() {
        let rounds = LocalRounds(length: 1, growth: 0.0625)
        #expect(!rounds.isTogether(0) && rounds.round(of: 7) == 7..<8)
        #expect(rounds.exchangeCount(steps: 9) == 9)
    }

    @Test("memory is planned for the parameters that a round begins with and their momentum")
    func memory() {
        var shape = TrainingFixture.model
        shape.vocabularySize = 300
        var configuration = Self.recipe(.adamW)
        func planned() -> Int {
            MemoryPlan(shape: shape, configuration: configuration, threadCount: 1).total
        }
        let local = planned()
        configuration.localSteps = nil
        #expect(local - planned() == 8 * shape.layout.floatCount)
    }

    @Test("gradients that travel rounded give other bits, the same each time", arguments: [nil, 3])
    func wire(_ localSteps: Int?) async throws {
        let fixture = try TrainingFixture()
        var configuration = Self.recipe(.muon)
        configuration.localSteps = localSteps
        func parameters(_ name: String, ranks: Int = 2) async throws -> [Float] {
            if ranks == 1 {
                _ = try await fixture.trainer(name, configuration: configuration).run()
            } else {
                try await RankedTrainingTests.train(
                    fixture, name, ranks: ranks, configuration, TrainingFixture.model)
            }
            return try ModelDirectory(path: fixture.path(name) + "/checkpoints/latest").model()
                .parameters.array
        }
        let whole = try await parameters("whole")
        let alone = try await parameters("alone", ranks: 1)
        configuration.wire = .bfloat16
        let rounded = try await parameters("rounded")
        #expect(rounded != whole)
        #expect(zip(rounded, whole).allSatisfy { abs($0 - $1) < 0.02 })
        #expect(try await parameters("again") == rounded)
        #expect(try await parameters("alone again", ranks: 1) == alone)
    }

    @Test("what a step sends is counted by the numbers that travel")
    func bytes() {
        let division = Division([[0..<50], [50..<100]])
        var configuration = TrainingConfiguration()
        #expect(division.sentByteCount(ofFloats: 100, configuration) == 400)
        configuration.wire = .bfloat16
        #expect(division.sentByteCount(ofFloats: 100, configuration) == 300)
        configuration.localSteps = 10
        #expect(division.sentByteCount(ofFloats: 100, configuration) == 200)
    }

    @Test("what is hidden is what is sent before the last layers are done, or the time of the pass")
    func hidden() {
        var shape = TrainingFixture.model
        (shape.layerCount, shape.vocabularySize) = (3, 400)
        let layout = shape.layout
        var configuration = TrainingConfiguration()
        let plan = BatchRunner.plan(
            batchSize: 4, contextLength: 8, slotCount: 4, threadCount: 1, .best)
        func hidden(_ seconds: Double, _ least: Int) -> Double {
            let division = ParameterDivision(
                layout, .muon, count: 2, leastStageCount: least)
            return division.hiddenSeconds(
                plan, shape, computeSeconds: seconds, bytesPerSecond: 1e6, configuration)
        }
        let division = ParameterDivision(layout, .muon, count: 2, leastStageCount: 1)
        let least = (0..<2).map { division.stepped.count(of: $0) }.min() ?? 0
        let sending = Double(4 * (layout.floatCount - least)) / 1e6
        let last = division.stages[0].count + division.stages[1].count
        let early = sending * (1 - Double(last) / Double(layout.floatCount))
        // Two thirds of the last of four sequences.
        #expect(abs(hidden(1e6, 1) - early) < 1e-6)
        #expect(hidden(1e-3, 1) > 0 && hidden(1e-3, 1) <= 1e-3 * 2 / 3 / 4 + 1e-12)
        #expect(hidden(1e6, .max) == 0)
        configuration.localSteps = 5
        #expect(hidden(1e6, 1) == 0)
    }

    @Test("fewer exchanges are expected to cost less")
    func plan() throws {
        var plan = RankPlan(
            count: 2, transport: "TCP", bytesPerExchange: 1_000_000, bytesPerSecond: 1e6,
            latency: 0, computeSeconds: 0.25)
        #expect(plan.bytesPerStep == 1_000_000)
        #expect(plan.efficiency == 0.2)
        let advice = try #require(plan.advice)
        #expect(advice.hasPrefix("20 % of the time"))
        #expect(advice.contains("to 16 times as much"))
        plan.stepsPerExchange = 16
        #expect(plan.bytesPerStep == 62_500)
        #expect(plan.efficiency == 0.8)
        #expect(plan.advice == nil)
    }
}
