import Work

/// A pass that works on one sequence at a time, on one thread or on a team that shares it.
protocol SequenceWork: AnyObject {
    /// Clock of the pass's parts; nil to measure nothing.
    var clock: PartClock? { get set }
    /// Bytes that it holds.
    var byteCount: Int { get }
}

extension SequenceWork {
    /// Does a part of the work, and measures its time if there is a clock.
    @inline(__always)
    func timed(_ part: StepPart, _ work: () -> Void) {
        guard let clock else { return work() }
        clock.measure(part, work)
    }
}

/// The passes of a team: one a thread or, where there are more threads than slots, one that all of
/// them share.
struct TeamPasses<Pass: SequenceWork> {
    private let passes: [Pass]
    private let team: ThreadTeam
    private let isShared: Bool

    /// Passes for the batches of `room`.
    ///
    /// - Parameter make: makes one, with the threads that share its operations; nil for one thread
    ///   that has it alone.
    init(_ room: BatchRoom, _ make: (ThreadTeam?) -> Pass) {
        team = room.team
        isShared = room.plan.sharesSlots
        let sharing = isShared ? team : nil
        passes = (0..<room.plan.passCount).map { _ in make(sharing) }
    }

    /// Bytes that they hold.
    var byteCount: Int { passes.reduce(0) { $0 + $1.byteCount } }

    /// Calls `body` with each item and the pass to work on it with: as many at once as there are
    /// threads or, where the threads share a pass, one after the other.
    func eachItem(
        _ count: Int, _ profile: StepProfile?, _ body: (_ item: Int, Pass) -> Void
    ) {
        func work() {
            team.run(count) { item, worker in
                passes[worker].clock = profile?.workers[worker]
                body(item, passes[worker])
            }
        }
        if isShared {
            passes[0].clock = profile?.main
            for item in 0..<count { body(item, passes[0]) }
        } else if let profile {
            profile.share(work)
        } else {
            work()
        }
    }
}
