import Testing
import Work

@testable import TokenShards

@Suite struct BestFitTests {
    @Test("lengths of one example are packed as by hand")
    func example() {
        // 7, then 6, then 5 begin rows; 4 fits beside 6 alone; 3 beside 7; 2 beside 5, then 1
        // there.
        let packing = BestFit([5, 1, 7, 0, 3, 6, 2, 4], capacity: 10)
        #expect(packing.rows == [2, 2, 0, -1, 0, 1, 2, 1])
        #expect(packing.rowCount == 3)
    }

    @Test("the fast packing is the plain one, with random lengths", arguments: 0..<60)
    func plain(seed: Int) {
        var random = TestRandom(seed: UInt64(seed))
        let capacity = [1, 2, 5, 63, 64, 65, 200][seed % 7]
        let lengths = (0..<Int(random.next() % 300)).map { _ in
            Int(random.next() % UInt64(capacity + 1))
        }
        let packing = BestFit(lengths, capacity: capacity)

        var rooms: [Int] = []
        var lastFilled: [Int] = []
        var rows = lengths.map { _ in -1 }
        let order = lengths.indices.filter { lengths[$0] > 0 }.sorted {
            lengths[$0] != lengths[$1] ? lengths[$0] > lengths[$1] : $0 < $1
        }
        for (time, item) in order.enumerated() {
            let best = rooms.indices.filter { rooms[$0] >= lengths[item] }
                .min { (rooms[$0], -lastFilled[$0]) < (rooms[$1], -lastFilled[$1]) }
            let row = best ?? rooms.count
            if best == nil {
                rooms.append(capacity)
                lastFilled.append(time)
            }
            rooms[row] -= lengths[item]
            lastFilled[row] = time
            rows[item] = row
        }
        #expect(packing.rows == rows)
        #expect(packing.rowCount == rooms.count)
    }
}

/// Words that follow from a seed, so that a failure can be seen again.
struct TestRandom {
    private var words: SplitMix64

    init(seed: UInt64) { words = SplitMix64(seed: seed) }

    mutating func next() -> UInt64 { words.next() }
}
