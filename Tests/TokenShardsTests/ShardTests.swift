import Foundation
import Testing
import TokenShards
import Tokenization

@Suite struct ShardTests {
    @Test(
        "every document decodes from its shard to its text", arguments: EndOfTextPolicy.allCases)
    func roundTrip(policy: EndOfTextPolicy) async throws {
        let fixture = try ShardFixture()
        let manifest = try fixture.write(policy: policy)
        let set = try ShardSet(directory: fixture.path("set"), vocabulary: fixture.vocabulary)
        #expect(set.manifest == manifest)
        for split in Split.allCases {
            var texts: [[UInt8]] = []
            for shard in set.shards(of: split) {
                for number in 0..<shard.documentCount {
                    let ids = shard.text(ofDocument: number)
                    var text: [UInt8] = []
                    try fixture.vocabulary.decode(ids.span, into: &text)
                    texts.append(text)
                }
            }
            #expect(texts == fixture.documents(of: split))
        }
        try await set.verify(decodingWith: fixture.vocabulary, threadCount: 2)
    }

    @Test("a shard is what llm.c reads: 1,024 bytes of header, then 16-bit ids")
    func layout() throws {
        let fixture = try ShardFixture(documentCount: 1)
        let manifest = try fixture.write(policy: .before)
        let shard = try #require(manifest.shards.first)
        let data = try Data(
            contentsOf: URL(fileURLWithPath: fixture.path("set") + "/" + shard.name))
        func word(_ index: Int) -> Int {
            (0..<4).reduce(0) { $0 | Int(data[index * 4 + $1]) << ($1 * 8) }
        }
        #expect(word(0) == 20_240_520)
        #expect(word(1) == 1)
        #expect(word(2) == shard.tokens)
        #expect(data.count == 1_024 + 2 * shard.tokens)
        let ids = (0..<shard.tokens).map {
            TokenID(Int(data[1_024 + 2 * $0]) | Int(data[1_025 + 2 * $0]) << 8)
        }
        #expect(ids == [0] + fixture.ids(of: fixture.documents[0]))
    }

    @Test("documents are not cut, and a shard ends before it would grow too long")
    func shardLengths() throws {
        let fixture = try ShardFixture()
        let manifest = try fixture.write(tokensPerShard: 100)
        #expect(manifest.shards.count { $0.split == .train } > 5)
        for shard in manifest.shards { #expect(shard.tokens <= 100 || shard.documents == 1) }
        #expect(manifest.train.documents == fixture.documents(of: .train).count)
        #expect(
            manifest.shards.reduce(0) { $0 + $1.tokens } == manifest.train.tokens
                + manifest.validation.tokens)
    }

    @Test("a data set that is written twice has the same bytes")
    func sameBytes() throws {
        let fixture = try ShardFixture()
        let first = try fixture.write(to: "a")
        let second = try fixture.write(to: "b")
        #expect(first == second)
        for path in first.files(in: "") {
            #expect(
                FileManager.default.contents(atPath: fixture.path("a") + path)
                    == FileManager.default.contents(atPath: fixture.path("b") + path))
        }
    }

    @Test("writing again removes the shards of before")
    func replaced() throws {
        let fixture = try ShardFixture()
        let many = try fixture.write(tokensPerShard: 50)
        let few = try fixture.write(tokensPerShard: 100_000)
        #expect(few.shards.count < many.shards.count)
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.path("set"))
        #expect(names.count == few.shards.count * 2 + 1)
    }

    @Test("a writer that is given up leaves no shard and no manifest")
    func givenUp() throws {
        let fixture = try ShardFixture()
        do {
            var writer = try ShardWriter(
                directory: fixture.path("set"), vocabulary: fixture.vocabulary,
                configuration: ShardConfiguration())
            let ids = fixture.ids(of: fixture.documents[0])
            try writer.append(ids.span, to: .train)
            #expect(throws: ShardError.unfinished(directory: fixture.path("set"))) {
                try ShardSet(directory: fixture.path("set"))
            }
        }
        #expect(!FileManager.default.fileExists(atPath: fixture.path("set")))
        #expect(throws: ShardError.noDirectory(path: fixture.path("set"))) {
            try ShardSet(directory: fixture.path("set"))
        }
    }

    @Test("nothing to write is an error, and so is an id outside the vocabulary")
    func refusedInput() throws {
        let fixture = try ShardFixture(documentCount: 1)
        #expect(throws: ShardError.noDocuments) {
            var writer = try ShardWriter(
                directory: fixture.path("set"), vocabulary: fixture.vocabulary,
                configuration: ShardConfiguration())
            _ = try writer.finish()
        }
        let size = fixture.vocabulary.count
        #expect(throws: TokenizationError.unknownToken(id: TokenID(size), vocabularyCount: size)) {
            var writer = try ShardWriter(
                directory: fixture.path("set"), vocabulary: fixture.vocabulary,
                configuration: ShardConfiguration())
            try writer.append([TokenID(size)].span, to: .train)
        }
    }

    @Test("another vocabulary is refused")
    func otherVocabulary() throws {
        let fixture = try ShardFixture()
        let other = try ShardFixture(documentCount: 20)
        _ = try fixture.write()
        #expect(throws: ShardError.self) {
            try ShardSet(directory: fixture.path("set"), vocabulary: other.vocabulary)
        }
    }

    @Test("a shard that is cut short at any place is refused on opening")
    func truncated() throws {
        let fixture = try ShardFixture(documentCount: 2)
        let manifest = try fixture.write()
        for file in manifest.files(in: fixture.path("set")).dropLast() {
            let original = try #require(FileManager.default.contents(atPath: file))
            for length in stride(from: 0, to: original.count, by: 7) {
                try original.prefix(length).write(to: URL(fileURLWithPath: file))
                #expect(throws: ShardError.self) {
                    try ShardSet(directory: fixture.path("set"))
                }
            }
            try original.write(to: URL(fileURLWithPath: file))
        }
    }

    @Test("a manifest with any byte changed is refused or understood, and never traps")
    func fuzzedManifest() async throws {
        let fixture = try ShardFixture(documentCount: 3)
        _ = try fixture.write()
        let path = fixture.path("set") + "/manifest.json"
        // As version 0.1 wrote it, without a checksum that would tell.
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        let old = lines.filter { !$0.contains("file_checksum") }.joined(separator: "\n")
        let original = Data(
            old.replacing("\"format_version\" : 2", with: "\"format_version\" : 1").utf8)
        try original.write(to: URL(fileURLWithPath: path))
        try await ShardSet(directory: fixture.path("set")).verify()
        let substitutes = Array("0123456789-\"{}[],:. \0x".utf8)
        for offset in original.indices {
            var changed = original
            changed[offset] = substitutes[offset * 7_919 % substitutes.count]
            try changed.write(to: URL(fileURLWithPath: path))
            try? await ShardSet(directory: fixture.path("set")).verify(
                decodingWith: fixture.vocabulary)
        }
    }
}
