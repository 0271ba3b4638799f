import Foundation
import Models
import Testing
import TokenShards
import Tokenization
import Work

@testable import Training

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

    @Test("a stride belongs to concatenation")
    func refused() throws {
        var configuration = TrainingFixture.configuration
        configuration.packing = .bestFit
        configuration.stride = 8
        #expect(throws: TrainingError.self) { try configuration.validate() }
    }

    @Test("a run goes on with other weights or more data, with a note, to bytes of its own")
    func otherData() async throws {
        let fixture = try TrainingFixture()
        let both = try makeMixture(fixture)
        let other = try Mixture(
            both.sources.map { WeightedShards(name: $0.name, set: $0.set, weight: 1) })
        let configuration = TrainingFixture.configuration
        for (name, before, after) in [
            ("weights", both, other), ("more", Mixture(fixture.set), both),
        ] {
            var results: [[String: Data]] = []
            for threadCount in 1...3 {
                let run = "\(name)-\(threadCount)"
                let stop = StopSignal()
                _ = try await trainer(fixture, run, before, configuration).run(stop: stop) {
                    event in
                    if case .step(let report) = event, report.step == 6 { stop.request() }
                }
                var (notes, losses): ([String], [Double]) = ([], [])
                let trainer = try trainer(
                    fixture, run, after, configuration, threadCount: threadCount, resumes: true)
                // The batch of step 7 is the seventh that the new data would have had.
                let loader = try after.loader(
                    length: TrainingFixture.model.positionCount,
                    batchSize: configuration.windowsPerStep, seed: configuration.seed)
                let batch = trainer.source.batch(at: trainer.state.position)
                #expect(batch.inputs == loader.batch(at: 6 * loader.batchSize).inputs)
                let summary = try await trainer.run { event in
                    if case .began(let plan) = event { notes = plan.notes }
                    if case .step(let report) = event { losses.append(report.loss) }
                }
                #expect(summary.isComplete && losses.count == 6)
                #expect(notes.count == 1)
                #expect(notes.first?.contains("window \(6 * loader.batchSize + 1) of it") == true)
                results.append(try fixture.latest(of: run))
                // A loss of the earlier data is beaten by none of the new.
                let store = CheckpointStore(runDirectory: fixture.path(run))
                let best = try CheckpointStore.state(of: #require(store.best))
                #expect(best.step > 6 && best.dataFingerprint == after.fingerprint)
                // From now on these are the run's data.
                var longer = configuration
                longer.steps = 14
                _ = try await self.trainer(fixture, run, after, longer, resumes: true).run {
                    event in
                    if case .began(let plan) = event { notes = plan.notes }
                }
                #expect(notes == [])
            }
            #expect(results[0] == results[1] && results[1] == results[2])
        }
    }

    @Test("a run does not go on with another vocabulary's shards")
    func otherVocabulary() async throws {
        let fixture = try TrainingFixture()
        let configuration = TrainingFixture.configuration
        _ = try await fixture.trainer("run").run()
        let other = try TrainingFixture(vocabularySize: 279)
        let error = #expect(throws: TrainingError.self) {
            _ = try Trainer(
                model: TrainingFixture.model, configuration: configuration, set: other.set,
                vocabulary: other.vocabulary,
                surroundings: .init(runDirectory: fixture.path("run"), existing: .resume))
        }
        #expect("\(error, default: "")".contains("shards of another vocabulary"))
    }
}
