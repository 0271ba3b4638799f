import CKernels
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A meeting point of a fixed number of threads, for work whose short steps depend on each other.
///
/// Waiting costs a fraction of a microsecond where all are at work; a thread whose fellow has no
/// processor gives its own away. Each of the items of one ``ThreadTeam/run(_:_:)`` is such a thread
/// if there are no more items than the team has threads: an item that waits keeps its thread, so
/// that the items run on as many.
package final class StepBarrier: Sendable {
    private let count: Int
    private let arrived = Atomic<Int>(0)
    private let generation = Atomic<Int>(0)

    /// A barrier for `count` threads.
    package init(count: Int) { self.count = count }

    /// Returns when all threads have called it as often; what they wrote before is then seen.
    package func wait() {
        let current = generation.load(ordering: .relaxed)
        if arrived.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue == count {
            arrived.store(0, ordering: .relaxed)
            generation.store(current + 1, ordering: .releasing)
            return
        }
        var spins = 0
        while generation.load(ordering: .acquiring) == current {
            spins += 1
            if spins > 2_000 { sched_yield() } else { qk_pause() }
        }
    }
}
