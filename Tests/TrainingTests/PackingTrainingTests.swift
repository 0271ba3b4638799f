import Foundation
import Models
import Testing
import TokenShards
import Tokenization
import Training
import Work

@Suite struct PackingTrainingTests {
    /// The fixture's documents, and every third of them once more as a small data set of its own.
    private func makeMixture(_ fixture: TrainingFixture) throws -> Mixture {
        var writer = try ShardWriter(
            directory: fixture.path("few"), vocabulary: fixture.vocabulary,
            configuration: ShardConfiguration())
        for shard in fixture.set.shards(of: .train) {
            for number in stride(from: 0, to: shard.documentCount, by: 3) {
                try writer.append(
                    shard.text(ofDocument: number).span, to: .train)
            }
        }
        _ = try writer.finish()
        let few = try ShardSet(
            directory: fixture.path("few"), vocabulary: fixture.vocabulary)
        return try Mixture([
            WeightedShards(name: "all", set: fixture.set, weight: 2),
            WeightedShards(name: "few", set: few, weight: 1),
        ])
    }

    private func trainer(
        _ fixture: TrainingFixture, _ run: String, _ data: Mixture,
        _ configuration: TrainingConfiguration, threadCount: Int = 2, resumes: Bool = false
    ) throws -> Trainer {
        try Trainer(
            model: TrainingFixture.model, configuration: configuration, data: data,
            vocabulary: fixture.vocabulary,
            surroundings: .init(
                runDirectory: fixture.path(run), existing: resumes ? .resume : .refuse),
            work: WorkContext(threadCount: threadCount))
    }

    @Test(
        "with any packing a mixture trains to the same bytes, stopped or not, on any threads",
        arguments: Packing.allCases)
    func resumed(packing: Packing) async throws {
        let fixture = try TrainingFixture()
        let data = try makeMixture(fixture)
        var configuration = TrainingFixture.configuration
        configuration.packing = packing
        configuration.masksDocuments = true
        let whole = try trainer(fixture, "whole", data, configuration)
        var plan: TrainingPlan?
        var (tokens, losses): (Int, [Double]) = (0, [])
        _ = try await whole.run { event in
            if case .began(let begun) = event { plan = begun }
            if case .step(let report) = event {
                tokens = report.tokenCount
                losses.append(report.loss)
            }
        }
        let expected = try fixture.latest(of: "whole")

        // Tokens that are learned from are those that the batches score, and the rest of the places
        // is the plan's share.
        let loader = try data.loader(
            packing: packing, length: TrainingFixture.model.positionCount, marksDocuments: true,
            batchSize: configuration.windowsPerStep, seed: configuration.seed)
        let batches = (0..<configuration.steps).map { loader.batch(at: $0 * loader.batchSize) }
        #expect(tokens == batches.reduce(0) { $0 + $1.scoredCount })
        let begun = try #require(plan)
        #expect(begun.unscoredShare == loader.unscoredShare)
        #expect((begun.unscoredShare > 0) == (packing != .concatenate))

        // The loss of a step is the mean over what is scored, whatever the padding.
        let model = try GPT(
            {
                var shape = TrainingFixture.model
                shape.vocabularySize = fixture.vocabulary.count
                return shape
            }(), seed: configuration.seed)
        let runner = BatchRunner(
            model: model, batchSize: loader.batchSize, contextLength: 16,
            team: ThreadTeam(threadCount: 1))
        let first = batches[0]
        let sum = zip(
            runner.tokenLosses(
                inputs: first.inputs.span, targets: first.targets.span,
                documentStarts: first.documentStarts), first.targets
        ).reduce(0.0) { $0 + ($1.1 == TokenID.ignored ? 0 : Double($1.0)) }
        let mean = sum / Double(first.scoredCount)
        #expect(abs(losses[0] - mean) < 1e-5)

        for stopStep in [1, 5, 11] {
            let stop = StopSignal()
            let first = try trainer(fixture, "stopped-\(stopStep)", data, configuration)
            _ = try await first.run(stop: stop) { event in
                if case .step(let report) = event, report.step == stopStep { stop.request() }
            }
            let second = try trainer(
                fixture, "stopped-\(stopStep)", data, configuration, threadCount: stopStep % 3 + 1,
                resumes: true)
            _ = try await second.run()
            #expect(try fixture.latest(of: "stopped-\(stopStep)") == expected)
        }
    }

    @Test("a run is not resumed with other shares, and a stride belongs to concatenation")
    func refused() async throws {
        let fixture = try TrainingFixture()
        let data = try makeMixture(fixture)
        var configuration = TrainingFixture.configuration
        configuration.steps = 1
        let first = try trainer(fixture, "run", data, configuration)
        _ = try await first.run()
        let other = try Mixture(
            data.sources.map { WeightedShards(name: $0.name, set: $0.set, weight: 1) })
        #expect(throws: TrainingError.self) {
            _ = try trainer(fixture, "run", other, configuration, resumes: true)
        }
        configuration.packing = .bestFit
        configuration.stride = 8
        #expect(throws: TrainingError.self) { try configuration.validate() }
    }
}
