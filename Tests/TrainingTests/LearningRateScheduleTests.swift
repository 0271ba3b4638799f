import Testing
import Training

@Suite struct LearningRateScheduleTests {
    /// 101 steps, the first ten of them a rise.
    private static func schedule(
        _ shape: LearningRateSchedule.Shape, final: Double = 0.1
    ) -> LearningRateSchedule {
        var configuration = TrainingConfiguration()
        configuration.steps = 101
        configuration.warmupSteps = 10
        configuration.schedule = shape
        configuration.finalLearningRateRatio = final
        configuration.decayFraction = 0.2
        return LearningRateSchedule(configuration)
    }

    @Test(
        "every shape rises in a line to 1 and never leaves 0 to 1",
        arguments: LearningRateSchedule.Shape.allCases)
    func rise(_ shape: LearningRateSchedule.Shape) {
        let schedule = Self.schedule(shape)
        #expect(schedule.factor(step: 0) == 0.1)
        #expect(schedule.factor(step: 4) == 0.5)
        #expect(schedule.factor(step: 9) == 1)
        #expect(schedule.factor(step: 10) == 1)
        for step in 10..<200 {
            #expect(schedule.factor(step: step) >= schedule.factor(step: step + 1))
            #expect((0.1...1).contains(schedule.factor(step: step)))
        }
        let end = shape == .constant ? 1 : 0.1
        #expect(schedule.factor(step: 100) == end)
        #expect(schedule.factor(step: 1_000) == end)
    }

    @Test("halfway down, line and cosine are halfway")
    func middle() {
        #expect(abs(Self.schedule(.cosine).factor(step: 55) - 0.55) < 1e-12)
        #expect(abs(Self.schedule(.linear).factor(step: 55) - 0.55) < 1e-12)
        #expect(Self.schedule(.linear).factor(step: 28) < Self.schedule(.cosine).factor(step: 28))
        #expect(Self.schedule(.constant).factor(step: 55) == 1)
    }

    @Test("warm-up, stable, decay falls over its last fifth alone")
    func wsd() {
        let schedule = Self.schedule(.wsd, final: 0)
        #expect(schedule.factor(step: 80) == 1)
        #expect(schedule.factor(step: 81) == 0.95)
        #expect(schedule.factor(step: 90) == 0.5)
        #expect(abs(schedule.factor(step: 99) - 0.05) < 1e-12)
        #expect(schedule.factor(step: 100) == 0)
    }

    @Test("a decay that is longer than the run begins after the rise")
    func longDecay() {
        var configuration = TrainingConfiguration()
        configuration.steps = 21
        configuration.warmupSteps = 10
        configuration.schedule = .wsd
        configuration.decayFraction = 1
        configuration.finalLearningRateRatio = 0
        let schedule = LearningRateSchedule(configuration)
        #expect(schedule.factor(step: 10) == 1)
        #expect(schedule.factor(step: 15) == 0.5)
        #expect(schedule.factor(step: 20) == 0)
    }

    @Test("a run of one step has a rate", arguments: LearningRateSchedule.Shape.allCases)
    func short(_ shape: LearningRateSchedule.Shape) {
        var configuration = TrainingConfiguration()
        configuration.steps = 1
        configuration.warmupSteps = 0
        configuration.schedule = shape
        #expect(LearningRateSchedule(configuration).factor(step: 0) > 0)
    }
}
