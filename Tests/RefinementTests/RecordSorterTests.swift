import Testing
import Work

@testable import Refinement

@Suite struct RecordSorterTests {
    private struct Pair: SortedRecord {
        var key: UInt64
        var number: Int

        static func < (left: Pair, right: Pair) -> Bool {
            (left.key, left.number) < (right.key, right.number)
        }
    }

    @Test("the order is the same in any memory, through any number of merges")
    func memory() async throws {
        var random = SplitMix64(seed: 7)
        for count in [0, 1, 2, 3, 100, 5_000] {
            let pairs = (0..<count).map { Pair(key: random.next() % 1_000, number: $0) }
            for byteCount in [0, 48, 500, 40_000, 1 << 20] {
                let sorter = RecordSorter<Pair>(byteCount: byteCount, scratchPath: scratchPath)
                for pair in pairs { try sorter.append(pair) }
                #expect(sorter.count == count)
                var sorted: [Pair] = []
                try await sorter.forEach { sorted.append($0) }
                #expect(sorted == pairs.sorted())
            }
        }
    }
}
