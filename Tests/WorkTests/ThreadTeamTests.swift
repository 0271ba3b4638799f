import Synchronization
import Testing
import Work

@Suite struct ThreadTeamTests {
    @Test("every item runs once, however many threads there are", arguments: [1, 2, 3, 7])
    func everyItem(threads: Int) {
        let team = ThreadTeam(threadCount: threads)
        for count in [0, 1, 2, 5, 64] {
            let runs = Mutex([Int](repeating: 0, count: count))
            for _ in 0..<20 { team.run(count) { item in runs.withLock { $0[item] += 1 } } }
            #expect(runs.withLock { $0 } == [Int](repeating: 20, count: count))
        }
    }

    @Test("items run at the same time")
    func together() {
        let team = ThreadTeam(threadCount: 2)
        let arrived = Atomic<Int>(0)
        // Each waits for the other: one thread alone would never finish.
        team.run(2) { _ in
            arrived.wrappingAdd(1, ordering: .relaxed)
            while arrived.load(ordering: .relaxed) < 2 {}
        }
        #expect(arrived.load(ordering: .relaxed) == 2)
    }

    @Test("pieces of work that follow each other at once are not mixed up")
    func quickSuccession() {
        let team = ThreadTeam(threadCount: 4)
        for round in 0..<20_000 {
            let count = round % 7 + 2
            let sum = Atomic<Int>(0)
            // A thread that comes late finds other work, or none.
            team.run(count) { sum.wrappingAdd(round * count + $0, ordering: .relaxed) }
            let expected = round * count * count + count * (count - 1) / 2
            if sum.load(ordering: .relaxed) != expected {
                Issue.record("round \(round)")
                return
            }
        }
    }

    @Test("teams come and go")
    func lifetimes() {
        for _ in 0..<50 {
            let team = ThreadTeam(threadCount: 3)
            let sum = Atomic<Int>(0)
            team.run(10) { item in sum.wrappingAdd(item, ordering: .relaxed) }
            #expect(sum.load(ordering: .relaxed) == 45)
        }
    }

    @Test("without a number, one thread for each processor")
    func processors() {
        #expect(ThreadTeam.processorCount > 0)
        #expect(ThreadTeam(threadCount: 0).threadCount == ThreadTeam.processorCount)
    }
}
