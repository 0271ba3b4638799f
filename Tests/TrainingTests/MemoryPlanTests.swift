import Foundation
import Models
import Testing
import TokenShards
import Tokenization
import Work

@testable import Training

@Suite struct MemoryPlanTests {
    @Test("the optimizer holds what was said before", arguments: OptimizerKind.allCases)
    func optimizer(_ kind: OptimizerKind) {
        var configuration = TrainingConfiguration()
        configuration.optimizer = kind
        let layout = GPTConfiguration(
            architecture: .llama, layerCount: 2, headCount: 2, embeddingSize: 16,
            positionCount: 8, vocabularySize: 40
        ).layout
        for threads in [1, 3] {
            let optimizer = Optimizer(
                configuration, layout: layout, team: ThreadTeam(threadCount: threads))
            #expect(
                optimizer.byteCount
                    == Optimizer.byteCount(configuration, layout: layout, threadCount: threads))
        }
    }

    @Test("a model that does not fit is refused with the figure, and nothing is written")
    func refused() throws {
        let fixture = try TrainingFixture()
        var surroundings = Trainer.Surroundings(
            runDirectory: fixture.path("run"), existing: .refuse)
        func trainer(_ limit: Int) throws -> Trainer {
            surroundings.memoryLimit = limit
            return try Trainer(
                model: TrainingFixture.model, configuration: TrainingFixture.configuration,
                set: fixture.set, vocabulary: fixture.vocabulary, surroundings: surroundings,
                work: WorkContext(threadCount: 2))
        }
        var shape = TrainingFixture.model
        shape.vocabularySize = fixture.vocabulary.count
        let plan = MemoryPlan(
            shape: shape, configuration: TrainingFixture.configuration, threadCount: 2,
            dataByteCount: fixture.set.byteCount())
        #expect(throws: TrainingError.tooLittleMemory(needed: plan, available: plan.total - 1)) {
            try trainer(plan.total - 1)
        }
        #expect(!FileManager.default.fileExists(atPath: fixture.path("run")))
        let fitting = try trainer(plan.total)
        #expect(
            plan.total - plan.program == fitting.runner.byteCount + fitting.optimizer.byteCount
                + 4 * fitting.model.layout.floatCount)
        // A shape larger than any machine's memory.
        shape.layerCount = 4_000
        shape.embeddingSize = 4_096
        let large = MemoryPlan(
            shape: shape, configuration: TrainingFixture.configuration, threadCount: 2)
        #expect(large.total > 4_000 * 12 * 4_096 * 4_096 * 4 * 4)
        #expect(AvailableMemory.byteCount > 1 << 20)
        #expect(large.total > AvailableMemory.byteCount)
    }

    @Test("a profiled run reports every part, and the parts make up the step")
    func profiled() async throws {
        let fixture = try TrainingFixture()
        let trainer = try Trainer(
            model: TrainingFixture.model, configuration: TrainingFixture.configuration,
            set: fixture.set, vocabulary: fixture.vocabulary,
            surroundings: Trainer.Surroundings(
                runDirectory: fixture.path("run"), existing: .refuse, isProfiled: true),
            work: WorkContext(threadCount: 2))
        var reports: [ProfileReport] = []
        _ = try await trainer.run { event in
            if case .profiled(let report) = event { reports.append(report) }
        }
        let report = try #require(reports.first)
        #expect(reports.count == 1 && report.stepCount == 12)
        // A decoder has no layers that go from token to token, and one process no others.
        let parts = StepPart.allCases.filter {
            ![.recurrentForward, .recurrentBackward, .exchange].contains($0)
        }
        #expect(report.rows.map(\.part) == parts + [nil])
        let sum = report.rows.reduce(0) { $0 + $1.seconds }
        #expect(abs(sum - report.secondsPerStep) < 1e-3 * report.secondsPerStep)
        for row in report.rows where ![.idle, .dataWait].contains(row.part) {
            #expect(row.seconds > 0)
        }
    }
}
