import Testing
import Training

@Suite struct LearningRateScheduleTests {
    @Test("the rate rises in a line, falls in half a cosine, and ends at its final value")
    func shape() {
        var configuration = TrainingConfiguration()
        configuration.steps = 101
        configuration.warmupSteps = 10
        configuration.learningRate = 1
        configuration.finalLearningRateRatio = 0.1
        let schedule = LearningRateSchedule(configuration)
        #expect(schedule.rate(step: 0) == 0.1)
        #expect(schedule.rate(step: 4) == 0.5)
        #expect(schedule.rate(step: 9) == 1)
        #expect(abs(schedule.rate(step: 55) - 0.55) < 1e-12)
        #expect(abs(schedule.rate(step: 100) - 0.1) < 1e-12)
        #expect(schedule.rate(step: 1_000) == 0.1)
        for step in 10..<100 { #expect(schedule.rate(step: step) > schedule.rate(step: step + 1)) }
    }

    @Test("a run of one step has a rate")
    func short() {
        var configuration = TrainingConfiguration()
        configuration.steps = 1
        configuration.warmupSteps = 0
        #expect(LearningRateSchedule(configuration).rate(step: 0) > 0)
    }
}
