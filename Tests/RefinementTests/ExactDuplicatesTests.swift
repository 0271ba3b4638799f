import Testing
import Work

@testable import Refinement

@Suite struct ExactDuplicatesTests {
    @Test("a table knows what a dictionary knows, until it is full")
    func table() {
        var random = SplitMix64(seed: 1)
        for byteCount in [0, 24 * 3 * 64, 1 << 20] {
            var table = HashTable(byteCount: byteCount)
            var known: [UInt64: UInt64] = [:]
            var isFull = false
            for value in 0..<3_000 as Range<UInt64> {
                // A few hashes that share their slots, each often.
                let hash = random.next() % 900
                let outcome = table.insert(hash % 7, hash << 4, value)
                if let first = known[hash] {
                    #expect(outcome == .found(first))
                } else if outcome == .full {
                    isFull = true
                } else {
                    #expect(outcome == .inserted && !isFull)
                    known[hash] = value
                }
            }
            #expect(isFull == (byteCount < 1 << 20))
            // Full at three quarters of the greatest size that half as much memory again holds.
            if byteCount == 24 * 3 * 64 { #expect(known.count == 96) }
        }
    }

    @Test("the first of each text stays, in any memory, and the report names it")
    func order() async throws {
        var generator = TextGenerator(seed: 11)
        var texts: [String] = []
        for index in 0..<2_000 {
            let isNew = index == 0 || generator.number(below: 3) > 0
            texts.append(
                isNew
                    ? "text \(index) \(generator.words(5))" : texts[generator.number(below: index)])
        }
        var seen = Set<String>()
        let expected = texts.filter { seen.insert($0).inserted }
        let configuration = RefinementConfiguration()
        let (kept, report) = try await refine(texts, configuration)
        #expect(kept == expected)
        #expect(report.steps.map(\.name) == ["remove_duplicates"])
        #expect(report.steps[0].removed.documents == texts.count - expected.count)
        #expect(report.read.documents == 2_000)
        #expect(
            report.kept.bytes + report.steps[0].removed.bytes
                == texts.reduce(0) { $0 + $1.utf8.count })
        let firstRepeated = texts.indices.first { texts[..<$0].contains(texts[$0]) }!
        #expect(
            report.steps[0].examples[0]
                == .init(
                    place: "a.jsonl, line \(firstRepeated + 1)",
                    keptPlace: "a.jsonl, line \(texts.firstIndex(of: texts[firstRepeated])! + 1)"))
        #expect(report.steps[0].examples.count == 8)
        for byteCount in [0, 10_000, 40_000] {
            var memory = noMemory
            memory.hashTable = byteCount
            let small = try await refine(texts, configuration, memory: memory)
            #expect(small.kept == kept)
            #expect(small.report == report)
        }
    }

    @Test("duplicates stay if they are wanted")
    func kept() async throws {
        var configuration = RefinementConfiguration()
        configuration.removesDuplicates = false
        let outcome = try await refine(["a", "a", "b"], configuration)
        #expect(outcome.kept == ["a", "a", "b"])
        #expect(outcome.report.steps.isEmpty)
    }
}
