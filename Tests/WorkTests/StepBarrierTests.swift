import Synchronization
import Testing
import Work

@Suite struct StepBarrierTests {
    @Test("no thread is a step ahead of another", arguments: [1, 2, 3, 7])
    func steps(threads: Int) {
        let (barrier, stepCount) = (StepBarrier(count: threads), 500)
        let arrivals = Mutex([Int](repeating: 0, count: stepCount))
        let wrong = Atomic<Int>(0)
        ThreadTeam(threadCount: threads).run(threads) { item in
            for step in 0..<stepCount {
                // A thread that comes late finds the others asleep.
                if step % 100 == item { spin(1_000_000) }
                arrivals.withLock { $0[step] += 1 }
                barrier.wait()
                if arrivals.withLock({ $0[step] }) != threads {
                    wrong.wrappingAdd(1, ordering: .relaxed)
                }
            }
        }
        #expect(wrong.load(ordering: .relaxed) == 0)
        #expect(arrivals.withLock { $0 } == [Int](repeating: threads, count: stepCount))
    }

    private func spin(_ count: Int) {
        let turns = Atomic<Int>(0)
        while turns.wrappingAdd(1, ordering: .relaxed).newValue < count {}
    }
}
