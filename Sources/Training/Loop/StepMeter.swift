import Models
import Work

/// Times the steps of a run, and compares them with the most that this machine can do.
struct StepMeter {
    private let team: ThreadTeam
    private let earlierSeconds: Double
    private var start = ContinuousClock.now
    /// Measured peak of the matrix units, in floating-point operations a second.
    private(set) var matrixPeak = 0.0
    /// Seconds in steps since the run's very first one.
    private(set) var seconds: Double

    /// A meter of a run that has spent `earlierSeconds` in steps before. Measures the peak.
    init(team: ThreadTeam, earlierSeconds: Double) {
        self.team = team
        self.earlierSeconds = earlierSeconds
        seconds = earlierSeconds
        measurePeak()
    }

    /// Seconds in steps since this start of the run.
    var secondsHere: Double { seconds - earlierSeconds }

    /// Measures the peak again: an earlier measurement may have shared the processor.
    mutating func measurePeak() {
        matrixPeak = max(matrixPeak, MatrixPeak.measure(team: team) * 1e9)
    }

    /// Begins a step.
    mutating func begin() { start = .now }

    /// Ends the step, and returns the seconds that it took.
    mutating func end() -> Double {
        let elapsed = (.now - start) / .seconds(1)
        seconds += elapsed
        return elapsed
    }
}
