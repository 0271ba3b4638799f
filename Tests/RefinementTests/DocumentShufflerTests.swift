import Corpora
import Testing

@testable import Refinement

@Suite struct DocumentShufflerTests {
    private func order(_ texts: [String], seed: UInt64, byteCount: Int) async throws -> [String] {
        let shuffler = DocumentShuffler(
            seed: seed, byteCount: byteCount, scratchPath: scratchPath)
        for (index, text) in texts.enumerated() {
            try shuffler.append(
                MeasuredDocument(document(text, index + 1), ordinal: index, signature: []))
        }
        var order: [String] = []
        try await shuffler.forEach { item in
            order.append(String(decoding: item.document.text, as: UTF8.self))
            // The origin goes with the text.
            #expect(texts[item.ordinal] == order.last)
            #expect(item.document.origin.position == .line(item.ordinal + 1))
        }
        return order
    }

    @Test("every memory gives the order of the keys, and every document once")
    func memory() async throws {
        var generator = TextGenerator(seed: 3)
        let texts = (0..<300).map { "\($0) " + generator.words($0 % 50).joined(separator: " ") }
        let whole = try await order(texts, seed: 5, byteCount: 1 << 30)
        #expect(whole != texts)
        #expect(whole.sorted() == texts.sorted())
        // Runs of one document each, of some, and merges over several levels.
        for byteCount in [1, 2_000, 20_000, 3 << 20] {
            #expect(try await order(texts, seed: 5, byteCount: byteCount) == whole)
        }
        #expect(try await order(texts, seed: 6, byteCount: 1 << 30) != whole)
    }

    @Test("leaving documents out moves no other")
    func subset() async throws {
        let texts = (0..<100).map { "text \($0)" }
        var configuration = RefinementConfiguration()
        configuration.shuffles = true
        let all = try await refine(texts, configuration).kept
        configuration.filter.minimumByteCount = 7
        let some = try await refine(texts, configuration).kept
        #expect(some == all.filter { $0.utf8.count >= 7 })
        #expect(some.count == 90)
    }

    @Test("the first places are as likely for every document")
    func uniformity() async throws {
        let texts = (0..<8).map { "\($0)" }
        var counts = [Int](repeating: 0, count: 8)
        for seed in 0..<4_000 {
            counts[Int(try await order(texts, seed: UInt64(seed), byteCount: 1 << 20)[0])!] += 1
        }
        // 500 expected each, with a standard deviation of 21.
        #expect(counts.allSatisfy { abs($0 - 500) < 105 })
    }
}
