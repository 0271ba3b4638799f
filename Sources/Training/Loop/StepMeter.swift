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

    /// What ``seconds`` were when the peak was last measured.
    private var measuredAt = 0.0

    /// Seconds of steps after which the peak is measured again; that takes a fortieth of them.
    private static let secondsBetweenPeaks = 2.0

    /// A meter of a run that has spent `earlierSeconds` in steps before. Measures the peak, in a
    /// short time, for the run may be short too.
    init(team: ThreadTeam, earlierSeconds: Double) {
        self.team = team
        self.earlierSeconds = earlierSeconds
        seconds = earlierSeconds
        measuredAt = earlierSeconds
        matrixPeak = MatrixPeak.measure(team: team, milliseconds: 5) * 1e9
    }

    /// Seconds in steps since this start of the run.
    var secondsHere: Double { seconds - earlierSeconds }

    /// Measures the peak again, if it is time: the last measurement may have shared the
    /// processor.
    mutating func measurePeakAgain() {
        guard seconds - measuredAt >= Self.secondsBetweenPeaks else { return }
        measuredAt = seconds
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
