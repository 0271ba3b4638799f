import Bytes
import Testing

@testable import Tokenization

@Suite struct PieceCacheTests {
    /// A piece that no other number has.
    private func key(_ number: Int) -> ShortKey {
        let low = foldedProduct(UInt64(number + 1), 0xA076_1D64_78BD_642F)
        return ShortKey(low: low, high: 8 << 56)
    }

    @Test("a table grows by copying, then in its place, gives what was put in and loses little")
    func growing() {
        var cache = PieceCache(sizeLog: 12, maximumSizeLog: 20)
        // While less than half of a table is full, few entries have to give way to others.
        let total = 390_000
        var sizes: Set<Int> = []
        for number in 0..<total {
            cache.growIfNeeded()
            sizes.insert(cache.view.count)
            let ids = SIMD4(UInt32(number), UInt32(number ^ 5), 7, 0)
            cache.insert(key(number), ids: ids, count: 1 + number % 4)
        }
        #expect(sizes == [1 << 12, 1 << 15, 1 << 18, 1 << 19, 1 << 20])
        var found = 0
        for number in 0..<total {
            let key = key(number)
            let first = cache.view.place(of: key.hash)
            guard let place = cache.view.find(key, from: first) else { continue }
            found += 1
            let entry = cache.view.entry(at: place)
            if entry.count != 1 + number % 4 || entry.ids.x != UInt32(number)
                || entry.ids.y != UInt32(number ^ 5)
            {
                Issue.record("piece \(number) has other ids than were put in")
            }
        }
        #expect(found > total / 100 * 97)
        #expect(cache.view.occupiedCount == found, "an entry is at none of its places")
    }
}
