import Bytes
import Testing

@testable import Tokenization

@Suite struct LongPieceCacheTests {
    @Test(
        "records of short and long pieces are found until the cache is emptied, and not afterwards")
    func generations() {
        var cache = LongPieceCache()
        let ids = OwnedBuffer<UInt32>(repeating: 0, count: 128)
        func check(_ found: (place: Int, count: Int), _ number: Int, count: Int) {
            #expect(found.count == count)
            let copy = OwnedBuffer<UInt32>(repeating: 0, count: 132)
            cache.copy(from: found.place, count: found.count, to: copy.view, at: 0)
            for index in 0..<count where copy.view[index] != UInt32(number + index) {
                Issue.record("id \(index) of piece \(number) is \(copy.view[index])")
            }
        }
        var records: [(record: Int, generation: UInt32)] = []
        var number = 0
        while records.last?.generation != 1 {
            // Every text is another, because it begins with its number.
            let text =
                withUnsafeBytes(of: UInt64(number)) { Array($0) }
                + [UInt8](repeating: 7, count: 120)
            let isShort = number % 2 == 0
            let (length, count) = isShort ? (13, 5 + number % 9) : (17 + number % 111, 128)
            for index in 0..<count { ids.view[index] = UInt32(number + index) }
            ByteView.with(text.span) { view in
                if isShort {
                    let record = cache.append(
                        view, from: 0, length: length, ids: ids.view, count: count)
                    records.append((record, cache.generation))
                    check(cache.find(record: record, of: cache.generation), number, count: count)
                } else {
                    let hash = wordHash(of: view, from: 0, to: length)
                    cache.insert(
                        view, from: 0, length: length, hash: hash, ids: ids.view, count: count)
                    check(
                        cache.find(view, from: 0, length: length, hash: hash), number, count: count)
                }
            }
            number += 1
        }
        #expect(records.first?.generation == 0)
        for (index, record) in records.enumerated() {
            let found = cache.find(record: record.record, of: record.generation)
            if record.generation == 1 {
                check(found, 2 * index, count: 5 + 2 * index % 9)
            } else {
                #expect(found.count == 0)
            }
        }
    }
}
