import Testing

@testable import Work

@Suite struct MonitorTests {
    @Test("what one thread adds in order, another takes in order, each once")
    func order() {
        let count = 2_000
        let queue = Monitor<[Int]>([])
        WorkerThread.start(named: "a name longer than the system keeps") {
            for number in 0..<count {
                queue.wait { $0.count < 3 ? () : nil }
                queue.withLock { $0.append(number) }
                queue.notifyAll()
            }
        }
        for number in 0..<count {
            let taken = queue.wait { $0.isEmpty ? nil : $0.removeFirst() }
            queue.notifyAll()
            #expect(taken == number)
        }
    }

    @Test("the state is had by one thread at a time")
    func exclusion() {
        let (threadCount, roundCount) = (4, 5_000)
        let sum = Monitor((value: 0, doneCount: 0))
        for _ in 0..<threadCount {
            WorkerThread.start(named: "adder") {
                for _ in 0..<roundCount { sum.withLock { $0.value += 1 } }
                sum.withLock { $0.doneCount += 1 }
                sum.notifyAll()
            }
        }
        let value = sum.wait { $0.doneCount == threadCount ? $0.value : nil }
        #expect(value == threadCount * roundCount)
    }

    @Test("what a body throws goes through, and leaves the lock open")
    func throwing() {
        struct Refusal: Error {}
        let monitor = Monitor(1)
        #expect(throws: Refusal.self) {
            try monitor.wait { (_: inout Int) throws -> Int? in throw Refusal() }
        }
        #expect(throws: Refusal.self) {
            try monitor.withLock { (_: inout Int) throws in throw Refusal() }
        }
        #expect(monitor.withLock { $0 } == 1)
    }
}
