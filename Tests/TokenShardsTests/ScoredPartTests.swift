import Testing
import TokenShards
import Tokenization

@Suite struct ScoredPartTests {
    @Test("of packed pairs the targets and their ends are scored, and nothing else")
    func targets() throws {
        let fixture = try ShardFixture()
        let template = try PairTemplate(extending: fixture.vocabulary)
        let encoder = BytePairEncoder(template.vocabulary)
        var configuration = ShardConfiguration()
        configuration.endOfText = .none
        var writer = try ShardWriter(
            directory: fixture.path("pairs"), vocabulary: template.vocabulary,
            configuration: configuration)
        var expected: [[TokenID]] = []
        for number in 0..<30 {
            let ids = try template.encode(
                source: "\(number * 7) sacks", target: String(repeating: "x", count: number % 5),
                with: encoder)
            let cut = try #require(ids.firstIndex(of: template.pad))
            // A target with its end, behind its source, so that each is told from the others.
            expected.append(Array(ids[..<cut]) + Array(ids[(cut + 1)...]))
            try writer.append(ids.span, to: .train)
        }
        _ = try writer.finish()
        let set = try ShardSet(directory: fixture.path("pairs"), vocabulary: template.vocabulary)
        let rows = set.rows(in: .train, packing: .bestFit, length: 40, marksDocuments: true)
        var found: [[TokenID]] = []
        for number in 0..<rows.count {
            var batch = rows.batch(of: number..<number + 1, batchSize: 1)
            let whole = batch
            batch.score(only: .targets(template))
            #expect(batch.inputs == whole.inputs)
            #expect(batch.scoredCount == batch.targets.count { $0 != .ignored })
            let starts = try #require(batch.documentStarts)
            for start in Set(starts) {
                let places = starts.indices.filter { starts[$0] == start }
                let scored = places.filter { batch.targets[$0] != .ignored }
                guard let first = scored.first else { continue }
                #expect(batch.inputs[first] == template.pad)
                #expect(scored == Array(first...(scored.last ?? first)))
                found.append(
                    Array(batch.inputs[Int(start)..<first]) + scored.map { batch.targets[$0] })
            }
        }
        func order(_ pairs: [[TokenID]]) -> [[TokenID]] {
            pairs.sorted { $0.map(\.rawValue).lexicographicallyPrecedes($1.map(\.rawValue)) }
        }
        #expect(order(found) == order(expected))
        #expect(ScoredPart.targets(template).chatTemplate == nil)
    }
}
