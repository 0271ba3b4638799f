import Corpora
import Files
import Foundation
import Testing
import TokenShards
import Tokenization
import Training
import VocabularyLearning
import Work

@testable import Pipeline

@Suite struct ProvenanceTests {
    @Test("a document is followed from its line to its row and back", arguments: Packing.allCases)
    func lines(packing: Packing) async throws {
        let folder = NSTemporaryDirectory() + "quern-provenance-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }

        // Two files, blank lines among the others, so that a line's number is not the document's.
        var texts: [String: [Int: String]] = [:]
        for name in ["first", "second"] {
            var lines: [String] = []
            let path = "\(folder)/\(name).jsonl"
            for line in 1...60 {
                if line % 7 == 0 {
                    lines.append("")
                } else {
                    let text = String(repeating: "\(name) \(line) grinds ", count: line % 9 + 1)
                    texts[path, default: [:]][line] = text
                    lines.append("{\"text\": \"\(text)\"}")
                }
            }
            try lines.joined(separator: "\n").write(
                toFile: path, atomically: true, encoding: .utf8)
        }
        var corpus = CorpusConfiguration()
        corpus.inputs = texts.keys.sorted()
        corpus.validationFraction = 0.1
        let counter = PieceCounter(.gpt4)
        counter.count(Array("first second grinds 0123456789".utf8).span)
        var learning = VocabularyConfiguration()
        learning.vocabularySize = 270
        let vocabulary = try VocabularyTrainer(learning).train(counter.takeCounts())
        var shards = ShardConfiguration()
        shards.tokensPerShard = 600
        _ = try await EncodeStage.run(
            corpus: corpus, vocabulary: vocabulary, shards: shards, directory: folder + "/set",
            work: WorkContext(threadCount: 2))

        let set = try ShardSet(directory: folder + "/set", vocabulary: vocabulary)
        let mixture = Mixture(set)
        let loader = try mixture.loader(packing: packing, length: 64, batchSize: 1, seed: 3)
        let provenance = BatchProvenance(mixture, loader)
        var seen: Set<String> = []
        for position in 0..<loader.windowCount {
            let batch = loader.batch(at: position)
            for document in provenance.documents(ofRowAt: position) {
                let shard = set.shards(of: .train)[document.shard]
                #expect(shard.name == document.shardName)
                let source = try #require(document.source)
                guard case .line(let line)? = document.place else {
                    Issue.record("document \(document.document) has no line")
                    continue
                }
                let ids = shard.text(ofDocument: document.document)
                #expect(
                    String(decoding: try vocabulary.decode(ids), as: UTF8.self)
                        == texts[source]?[line])
                seen.insert("\(source):\(line)")
                // The row has the tokens that it says it has.
                let tokens = shard.tokens(document.tokens)
                #expect(!tokens.isEmpty)
                #expect(isStretch(tokens.dropLast(), of: batch.inputs))
            }
            check(provenance.row(0, of: batch, at: position), set)
        }
        // With packings that leave nothing out, every line that is not held out is in some row.
        if packing != .concatenate { #expect(seen.count == set.manifest.train.documents) }
    }

    /// The parts of a row are its inputs and the last targets, and each lies in its document.
    private func check(_ row: BatchRow, _ set: ShardSet) {
        #expect(row.inputs.count == 64 && row.scoredCount > 0)
        var place = 0
        for (number, part) in row.parts.enumerated() {
            #expect(part.firstPlace == place || part.firstPlace == place - 1)
            let document = row.documents[part.document]
            let tokens = set.shards(of: .train)[document.shard].tokens(document.tokens)
            // The end of text before a document, or behind it, may belong to another one.
            let own = part.tokens.drop { $0 == 0 }.prefix { $0 != 0 }
            #expect(isStretch(own, of: tokens), "part \(number)")
            for (offset, token) in part.tokens.enumerated() where offset > 0 {
                let target = row.targets[part.firstPlace + offset - 1]
                #expect(target == (part.isScored ? token : .ignored))
            }
            place = part.firstPlace + part.tokens.count
            let inputs = row.inputs[part.firstPlace..<min(place, row.readCount)]
            #expect(part.tokens.starts(with: inputs.dropLast(number + 1 < row.parts.count ? 1 : 0)))
        }
        #expect(place == row.readCount || place == row.readCount + 1)
        #expect(row.targets[row.readCount...].allSatisfy { $0 == .ignored })
    }

    private func isStretch(_ part: ArraySlice<TokenID>, of whole: [TokenID]) -> Bool {
        whole.indices.contains { whole[$0...].starts(with: part) }
    }
}
