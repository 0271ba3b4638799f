import Foundation
import Models
import Testing
import Work

@testable import Training

@Suite struct TaskScoringTests {
    private let fixture: TrainingFixture

    init() throws { fixture = try TrainingFixture() }

    private static var recipe: TrainingConfiguration {
        var recipe = TrainingFixture.configuration
        (recipe.steps, recipe.evaluateEvery, recipe.checkpointEvery) = (10, 5, 5)
        (recipe.tasks, recipe.evaluateTasksEvery) = (["some"], 3)
        return recipe
    }

    /// A trainer whose tasks have a figure that the model's parameters decide.
    private func trainer(
        _ name: String, _ existing: Trainer.ExistingRun = .refuse,
        _ recipe: TrainingConfiguration = Self.recipe, scores: Bool = true,
        during: @escaping (Int) -> Void = { _ in }
    ) throws -> Trainer {
        var surroundings = Trainer.Surroundings(
            runDirectory: fixture.path(name), existing: existing)
        if scores {
            surroundings.scoreTasks = { model, progress in
                for part in 1...4 {
                    during(part)
                    try progress(part, 4)
                }
                return [
                    TaskScore(
                        name: "quiz", itemCount: 8, chance: 0.25,
                        metrics: [
                            .init(
                                name: "acc", value: Double(model.parameters[7]),
                                standardError: 0.5)
                        ])
                ]
            }
        }
        return try Trainer(
            model: TrainingFixture.model, configuration: recipe, set: fixture.set,
            vocabulary: fixture.vocabulary, surroundings: surroundings,
            work: WorkContext(threadCount: 2))
    }

    /// The lines of tasks in a run's metrics.
    private func lines(_ name: String) throws -> [String] {
        try String(contentsOfFile: fixture.path(name) + "/metrics.jsonl", encoding: .utf8)
            .split(separator: "\n").map(String.init).filter { $0.contains("task/") }
    }

    @Test func `tasks are scored at their cadence and at the end, and change nothing else`()
        async throws
    {
        _ = try await trainer("with").run()
        _ = try await trainer("without", scores: false).run()
        let lines = try lines("with")
        #expect(lines.count == 4)
        for (line, step) in zip(lines, [3, 6, 9, 10]) {
            #expect(line.contains("\"step\":\(step),"))
            #expect(line.contains("\"task/quiz/acc_stderr\":0.5"))
            #expect(line.contains("\"task/quiz/chance\":0.25"))
        }
        #expect(try fixture.latest(of: "with") == fixture.latest(of: "without"))
        let curves = try RecordedCurves(runDirectory: fixture.path("with"))
        let task = try #require(curves.tasks.first)
        #expect(curves.tasks.count == 1 && task.name == "quiz/acc" && task.chance == 0.25)
        #expect(task.points.map(\.step) == [3, 6, 9, 10])
        #expect(curves.validation.count == 2 && curves.training.count == 10)
        var every = Self.recipe
        every.evaluateTasksEvery = nil
        _ = try await trainer("default", .refuse, every).run()
        #expect(try self.lines("default").count == 2)
    }

    @Test(
        "a run that was stopped while tasks were scored has the figures of one that was not",
        arguments: [1, 2, 4])
    func stopped(at scoring: Int) async throws {
        _ = try await trainer("whole").run()
        let stop = StopSignal()
        var count = 0
        let first = try trainer("stopped") { part in
            if part == 1 { count += 1 }
            if count == scoring, part == 2 { stop.request() }
        }
        let summary = try await first.run(stop: stop)
        #expect(!summary.isComplete)
        let second = try trainer("stopped", .resume)
        #expect(try await second.run().isComplete)
        #expect(try lines("stopped") == lines("whole"))
        #expect(try fixture.latest(of: "stopped") == fixture.latest(of: "whole"))
    }
}
