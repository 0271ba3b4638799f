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
