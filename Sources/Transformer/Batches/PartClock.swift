/// Adds up how long the parts of steps took, on one thread.
package final class PartClock {
    private var durations = [Duration](repeating: .zero, count: StepPart.allCases.count)
    private let clock = ContinuousClock()

    /// A clock that has measured nothing.
    init() {}

    /// Does `work` and adds its time to `part`.
    package func measure<Result>(_ part: StepPart, _ work: () throws -> Result) rethrows -> Result {
        let start = clock.now
        defer { durations[part.rawValue] += clock.now - start }
        return try work()
    }

    /// Adds what was measured elsewhere.
    package func add(_ duration: Duration, to part: StepPart) {
        durations[part.rawValue] += duration
    }

    /// Time measured of `part`.
    subscript(part: StepPart) -> Duration { durations[part.rawValue] }

    /// All parts together.
    var total: Duration { durations.reduce(.zero, +) }
}
