/// Profile of training steps: where their time goes, as `train --profile` shows.
///
/// Parts that threads work on side by side are measured on each of them; their share of the time
/// that passes is the sum divided by the threads. What threads have no work for is a part too, so
/// that all parts add up to what passed.
package final class StepProfile {
    /// Threads of the team.
    package let threadCount: Int
    /// Clock of the work between the passes, where no time is lost by being measured as it passes.
    package let main = PartClock()
    /// The passes' own clocks, one a thread.
    let workers: [PartClock]

    private var idle = Duration.zero
    private let clock = ContinuousClock()

    /// A profile of steps on a team of `threadCount` threads.
    package init(threadCount: Int) {
        self.threadCount = threadCount
        workers = (0..<threadCount).map { _ in PartClock() }
    }

    /// The time that passed for `part`, in seconds.
    package func seconds(_ part: StepPart) -> Double {
        let all = workers.reduce(part == .idle ? idle : .zero) { $0 + $1[part] }
        return (main[part] + all / threadCount) / .seconds(1)
    }

    /// Does work that threads share, and counts as idle what they did not work of its time.
    func share(_ work: () -> Void) {
        let before = busy
        let passed = clock.measure(work)
        idle += passed * threadCount - (busy - before)
    }

    private var busy: Duration { workers.reduce(.zero) { $0 + $1.total } }
}

/// A part of a training step, as `StepProfile` tells them apart.
public enum StepPart: Int, CaseIterable, Sendable {
    /// Tokens and positions become vectors.
    case embedding
    /// Attention with its norm and its projections, in all blocks.
    case attentionForward
    /// The feed-forward part with its norm, in all blocks.
    case feedForwardForward
    /// Recurrent layers, all of their steps.
    case recurrentForward
    /// The last norm, the logits, the loss, and their gradients.
    case head
    /// The gradients of the feed-forward parts.
    case feedForwardBackward
    /// The gradients of attention.
    case attentionBackward
    /// The gradients of recurrent layers, back through time.
    case recurrentBackward
    /// The gradients of the vectors of tokens and positions.
    case embeddingBackward
    /// Threads that had no sequence left while others still worked.
    case idle
    /// Laying the weights out as products read them.
    case packing
    /// Clearing the gradients of slots and summing them.
    case gradientSum
    /// The gradient's norm and the optimizer's step.
    case optimizer
    /// Sums of gradients and new parameters on their way between processes.
    case exchange
    /// Waiting for the next batch.
    case dataWait
}

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
