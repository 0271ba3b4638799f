import Files
import Foundation
import Testing
import Tokenization

@testable import TokenShards

@Suite struct ForeignTests {
    private func write(_ bytes: [UInt8], _ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: String(path[..<path.lastIndex(of: "/")!]), withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    private func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// Copies the shards of a set as llm.c would have written them.
    private func copyAsLLMC(_ set: ShardSet, to directory: String) throws {
        for entry in set.manifest.shards {
            var file = try bytes(set.directory + "/" + entry.name)
            for offset in 12..<1_024 { file[offset] = 0 }
            try write(file, "\(directory)/mill_\(entry.name)")
        }
    }

    @Test(
        "files of other programs hold the same ids and documents",
        arguments: [DataSetLayout.llmc, .nanogpt, .megatron], [EndOfTextPolicy.before, .after])
    func roundTrip(layout: DataSetLayout, policy: EndOfTextPolicy) throws {
        let fixture = try ShardFixture()
        _ = try fixture.write(policy: policy)
        let set = try ShardSet(directory: fixture.path("set"), vocabulary: fixture.vocabulary)
        #expect(set.layout == .quern && set.foreignNotice == nil)
        switch layout {
        case .quern, .llmc: try copyAsLLMC(set, to: fixture.path("out"))
        case .nanogpt: _ = try ShardExport(of: set, as: .nanogpt).write(to: fixture.path("out"))
        case .megatron: _ = try ShardExport(of: set, as: .megatron).write(to: fixture.path("out"))
        }
        let other = try ShardSet(directory: fixture.path("out"), vocabulary: fixture.vocabulary)
        #expect(other.layout == layout)
        #expect(other.manifest.endOfText == policy)
        for split in Split.allCases {
            #expect(other.manifest.totals(of: split) == set.manifest.totals(of: split))
            #expect(texts(other, split) == texts(set, split))
        }
        #expect(other.foreignNotice?.contains(layout.rawValue) == true)
        // Rows of training see whole documents.
        let rows = other.rows(in: .train, packing: .bestFit, length: 24, marksDocuments: true)
        #expect(rows.scoredCount == other.shards(of: .train).reduce(0) { $0 + $1.tokenCount - 1 })
    }

    private func texts(_ set: ShardSet, _ split: Split) -> [[TokenID]] {
        set.shards(of: split).flatMap { shard in
            (0..<shard.documentCount).map { shard.text(ofDocument: $0) }
        }
    }

    @Test("without a vocabulary, and for an unfinished data set of Quern's, there is no data set")
    func refused() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write()
        let set = try ShardSet(directory: fixture.path("set"), vocabulary: fixture.vocabulary)
        _ = try ShardExport(of: set, as: .nanogpt).write(to: fixture.path("out"))
        #expect(throws: ShardError.noManifest(directory: fixture.path("out"))) {
            try ShardSet(directory: fixture.path("out"))
        }
        try FileManager.default.removeItem(atPath: fixture.path("set/manifest.json"))
        #expect(throws: ShardError.noManifest(directory: fixture.path("set"))) {
            try ShardSet(directory: fixture.path("set"), vocabulary: fixture.vocabulary)
        }
    }

    @Test("files without an id are no data set")
    func empty() throws {
        let fixture = try ShardFixture()
        try write([], fixture.path("out/train.bin"))
        try write([], fixture.path("out/val.bin"))
        func refused() -> Bool {
            do {
                _ = try ShardSet(directory: fixture.path("out"), vocabulary: fixture.vocabulary)
                return false
            } catch ShardError.foreign(let path, _) {
                return path == fixture.path("out")
            } catch {
                return false
            }
        }
        #expect(refused())
        try write([1, 0], fixture.path("out/train.bin"))
        #expect(!refused())
    }

    @Test("whole words of a file's name tell its split, and both splits are named")
    func splits() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write()
        let set = try ShardSet(directory: fixture.path("set"), vocabulary: fixture.vocabulary)
        _ = try ShardExport(of: set, as: .megatron).write(to: fixture.path("megatron"))
        for (name, split) in [
            ("retrieval_text_document", Split.train), ("val", .validation), ("values", .train),
            ("web-Val.0", .validation), ("my_valid_1", .validation), ("validation", .validation),
            ("ordeal7val2", .validation), ("approval", .train), ("train_000000", .train),
            ("mill_val_000001", .validation), ("eval", .validation), ("medieval", .train),
        ] {
            let directory = fixture.path("named-\(name)")
            for ending in [".bin", ".idx"] {
                try write(
                    try bytes(fixture.path("megatron/train_text_document" + ending)),
                    "\(directory)/\(name)\(ending)")
            }
            try write([1], directory + "/meta.pkl")
            let other = try ShardSet(directory: directory, vocabulary: fixture.vocabulary)
            #expect(other.shards(of: split).count == 1, "\(name)")
            #expect(other.manifest.totals(of: split).tokens > 0)
            let notice = try #require(other.foreignNotice)
            let (training, validation) =
                split == .train ? (name + ".bin", "nothing") : ("nothing", name + ".bin")
            #expect(notice.contains("\(training) for training and \(validation) for validation"))
            #expect(notice.hasSuffix("; not read: meta.pkl"))
        }
    }

    @Test("a file of ids that is not known is refused by name")
    func unknown() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write()
        let set = try ShardSet(directory: fixture.path("set"), vocabulary: fixture.vocabulary)
        let out = fixture.path("out")
        _ = try ShardExport(of: set, as: .nanogpt).write(to: out)
        let own = try bytes("\(set.directory)/\(set.manifest.shards[0].name)")
        for (name, content, reason) in [
            ("test.bin", [1, 0], "neither llm.c's header nor an index"),
            ("part.bin", own, "it is Quern's"),
            ("a.idx", [1], "there is no a.bin"),
        ] {
            try write(content, out + "/" + name)
            let error = #expect(throws: ShardError.self) {
                try ShardSet(directory: out, vocabulary: fixture.vocabulary)
            }
            #expect("\(error, default: "")".contains(reason), "\(name)")
            #expect("\(error, default: "")".contains("\(out)/\(name)"))
            try FileManager.default.removeItem(atPath: out + "/" + name)
        }
    }

    @Test("an id outside the vocabulary is named with its place")
    func outside() throws {
        let fixture = try ShardFixture()
        let size = fixture.vocabulary.count
        try write(
            [1, 0, UInt8(size & 255), UInt8(size >> 8)], fixture.path("out/train.bin"))
        #expect(
            throws: ShardError.foreign(
                path: fixture.path("out/train.bin"),
                reason: """
                    token 1 is \(size), and the vocabulary has \(size) tokens: give the vocabulary \
                    that the ids belong to
                    """)
        ) {
            try ShardSet(directory: fixture.path("out"), vocabulary: fixture.vocabulary)
        }
        try write([1, 0, 2], fixture.path("out/train.bin"))
        #expect(throws: ShardError.self) {
            try ShardSet(directory: fixture.path("out"), vocabulary: fixture.vocabulary)
        }
    }

    @Test("a byte changed or missing anywhere in a foreign file never traps")
    func fuzzed() throws {
        let fixture = try ShardFixture(documentCount: 8)
        _ = try fixture.write()
        let set = try ShardSet(directory: fixture.path("set"), vocabulary: fixture.vocabulary)
        _ = try ShardExport(of: set, as: .megatron).write(to: fixture.path("megatron"))
        _ = try ShardExport(of: set, as: .nanogpt).write(to: fixture.path("nanogpt"))
        try copyAsLLMC(set, to: fixture.path("llmc"))
        var random = TestRandom(seed: 1)
        var refusals = 0
        for directory in ["megatron", "nanogpt", "llmc"].map(fixture.path) {
            for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
                let path = directory + "/" + name
                let original = try bytes(path)
                for round in 0..<150 {
                    var changed = original
                    if round % 5 == 0 {
                        changed.removeLast(1 + Int(random.next() % UInt64(original.count)))
                    } else {
                        // Headers and indices more often than ids.
                        let end = round % 2 == 0 ? min(64, original.count) : original.count
                        changed[Int(random.next() % UInt64(end))] = UInt8(
                            truncatingIfNeeded: random.next())
                    }
                    try write(changed, path)
                    if !isUsed(directory, fixture.vocabulary) { refusals += 1 }
                }
                try write(original, path)
            }
        }
        #expect(refusals > 200)
    }

    /// Whether a data set can be opened; then its rows are made in every way.
    private func isUsed(_ directory: String, _ vocabulary: Vocabulary) -> Bool {
        guard let set = try? ShardSet(directory: directory, vocabulary: vocabulary) else {
            return false
        }
        for packing in Packing.allCases {
            let rows = set.rows(in: .train, packing: packing, length: 8, marksDocuments: true)
            if let loader = try? BatchLoader(rows: rows, batchSize: 2, seed: 1) {
                _ = loader.batch(at: 0)
                _ = loader.origins(at: 0)
            }
        }
        return true
    }

    @Test("a Megatron index whose sequences overlap or whose documents are out of order is refused")
    func badIndex() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write()
        let set = try ShardSet(directory: fixture.path("set"), vocabulary: fixture.vocabulary)
        _ = try ShardExport(of: set, as: .megatron).write(to: fixture.path("out"))
        let path = fixture.path("out/train_text_document.idx")
        let original = try bytes(path)
        let count = (original.count - 34 - 8) / 20
        // Version, type, a length, a place, and a document's first sequence.
        for offset in [9, 17, 34 + 4, 34 + 4 * count + 8, 34 + 12 * count + 15] {
            var changed = original
            changed[offset] ^= 1
            try write(changed, path)
            let error = #expect(throws: ShardError.self) {
                try ShardSet(directory: fixture.path("out"), vocabulary: fixture.vocabulary)
            }
            #expect(error?.description.contains("cannot be used as a data set") == true)
        }
    }
}
