import CKernels
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A fixed number of threads that run the items of one piece of work at a time.
///
/// The caller is one of the threads. The others wait for work by spinning for some microseconds and
/// then sleeping, so that the gaps inside of a training step cost no wake-up and a program that
/// does something else pays nothing. Items are handed out in order to the threads that are free; a
/// result may not depend on which thread an item ran on.
///
/// ```swift
/// let team = ThreadTeam(threadCount: 2)
/// team.run(4) { item in fill(part: item) }
/// ```
public final class ThreadTeam: Sendable {
    /// Threads that work, the caller's among them.
    public let threadCount: Int

    private let shared: Shared

    /// A team of `threadCount` threads; 0 means one for each processor.
    public init(threadCount: Int = 0) {
        let count = threadCount > 0 ? threadCount : Self.processorCount
        self.threadCount = count
        shared = Shared()
        for worker in 1..<max(count, 1) { shared.start(worker: worker) }
    }

    deinit { shared.stop() }

    /// Processors that this process may use.
    public static var processorCount: Int { Int(qk_processor_count()) }

    /// Calls `body` once for each item in 0..<count, on all threads, and returns when all are done.
    ///
    /// `body` runs on several threads at once: what it writes must belong to its item. A team runs
    /// one piece of work at a time; `body` must not call `run` of the same team.
    public func run(_ count: Int, _ body: (_ item: Int) -> Void) {
        run(count) { item, _ in body(item) }
    }

    /// As ``run(_:_:)``, also telling which worker, from 0, the item runs on: for scratch memory.
    package func run(_ count: Int, _ body: (_ item: Int, _ worker: Int) -> Void) {
        if threadCount == 1 || count <= 1 {
            for item in 0..<max(count, 0) { body(item, 0) }
            return
        }
        withoutActuallyEscaping(body) { body in shared.run(count, body) }
    }

    /// State that the threads share. The threads keep it alive, not the team, so that the team's
    /// end can stop them.
    private final class Shared: @unchecked Sendable {
        // Unchecked for `work`, which is written while no item is to be had or at work, and read by
        // the thread that took one.
        private let monitor = Monitor<Void>(())
        private var work: ((Int, Int) -> Void)?
        /// Counts pieces of work, and once more at the end.
        private let generation = Atomic<Int>(0)
        private let isStopping = Atomic<Bool>(false)
        /// Number of items in the upper half, and in the lower how many of them were taken.
        private let items = Atomic<UInt64>(0)
        private let doneCount = Atomic<Int>(0)

        func run(_ count: Int, _ body: @escaping (Int, Int) -> Void) {
            work = body
            doneCount.store(0, ordering: .relaxed)
            items.store(UInt64(count) << 32, ordering: .releasing)
            // Locked, so that no worker looks at it and then sleeps through the notification.
            monitor.withLock { _ in _ = generation.wrappingAdd(1, ordering: .releasing) }
            monitor.notifyAll()
            takeItems(worker: 0)
            // Others are at their last items: work of about the same length as the caller's. Who
            // has not come yet, because the system runs something else there, is not waited for.
            var spins = 0
            while doneCount.load(ordering: .acquiring) < count {
                spins += 1
                if spins > 2_000 { sched_yield() } else { qk_pause() }
            }
            work = nil
        }

        private func takeItems(worker: Int) {
            while let item = takeItem(worker: worker) {
                perform(item, worker)
                doneCount.wrappingAdd(1, ordering: .releasing)
            }
        }

        /// Does an item. The work stays while one is not done, and is let go before this one is:
        /// the caller's closure ends with the call of `run`.
        @inline(never) private func perform(_ item: Int, _ worker: Int) { work!(item, worker) }

        /// The next item, of whichever piece of work there is by now.
        private func takeItem(worker: Int) -> Int? {
            var seen = items.load(ordering: .relaxed)
            while true {
                let (count, taken) = (seen >> 32, seen & 0xFFFF_FFFF)
                // Scratch is indexed by worker, and there is as much of it as items.
                guard taken < count, worker < count else { return nil }
                let result = items.weakCompareExchange(
                    expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
                if result.exchanged { return Int(taken) }
                seen = result.original
            }
        }

        func start(worker: Int) {
            WorkerThread.start(named: "quern worker") { [self] in serve(worker: worker) }
        }

        func serve(worker: Int) {
            var seen = 0
            while true {
                seen = wait(after: seen)
                if isStopping.load(ordering: .acquiring) { return }
                takeItems(worker: worker)
            }
        }

        /// Waits until the generation is not `seen`, and returns it.
        private func wait(after seen: Int) -> Int {
            for _ in 0..<4_000 {
                let now = generation.load(ordering: .acquiring)
                if now != seen { return now }
                qk_pause()
            }
            return monitor.wait { _ in
                let now = generation.load(ordering: .acquiring)
                return now != seen ? now : nil
            }
        }

        func stop() {
            isStopping.store(true, ordering: .releasing)
            monitor.withLock { _ in _ = generation.wrappingAdd(1, ordering: .releasing) }
            monitor.notifyAll()
        }
    }
}
