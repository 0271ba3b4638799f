import Testing
import Work

@testable import Refinement

@Suite struct RecordSorterTests {
    private struct Pair: SortedRecord, Equatable {
        var key: UInt64
        var number: Int

        static var wordCount: Int { 2 }

        func word(_ index: Int) -> UInt64 { index == 0 ? key : UInt64(number) }
    }

    /// Keys as hashes, small ones, a few that differ in high bits, and none but one.
    enum Keys: CaseIterable {
        case spread, small, high, equal, rising

        func key(_ index: Int, _ random: inout SplitMix64) -> UInt64 {
            switch self {
            case .spread: random.next()
            case .small: random.next() % 1_000
            case .high: random.next() % 3 << 62 | 5
            case .equal: 7
            case .rising: UInt64(index)
            }
        }
    }

    private func pairs(_ count: Int, _ keys: Keys) -> [Pair] {
        var random = SplitMix64(seed: 7)
        // The numbers are mixed too, so that equal keys have something to be sorted by.
        return (0..<count).map {
            Pair(key: keys.key($0, &random), number: $0 * 7_919 % max(1, count))
        }
    }

    private func sorted(_ pairs: [Pair]) -> [Pair] {
        pairs.sorted { ($0.key, $0.number) < ($1.key, $1.number) }
    }

    @Test("records are sorted by their digits as by comparisons", arguments: Keys.allCases)
    func digits(keys: Keys) {
        for count in [0, 1, 2, 24, 25, 300, 20_000] {
            let pairs = pairs(count, keys)
            var found = pairs
            found.sort(0..<count)
            #expect(found == sorted(pairs))
            guard count > 2 else { continue }
            found = pairs
            found.sort(1..<count - 1)
            #expect(found == [pairs[0]] + sorted(Array(pairs[1..<count - 1])) + [pairs.last!])
        }
    }

    @Test(
        "the order is the same in any memory, through any number of merges",
        arguments: Keys.allCases)
    func memory(keys: Keys) throws {
        for count in [0, 1, 2, 3, 100, 5_000] {
            let pairs = pairs(count, keys)
            let expected = sorted(pairs)
            for byteCount in [0, 48, 500, 4_000, 40_000, 1 << 20] {
                let sorter = RecordSorter<Pair>(byteCount: byteCount, scratchPath: scratchPath)
                for pair in pairs { try sorter.append(pair) }
                #expect(sorter.count == count)
                var found: [Pair] = []
                while let pair = try sorter.next() { found.append(pair) }
                #expect(found == expected)
                #expect(try sorter.next() == nil)
            }
        }
    }
}
