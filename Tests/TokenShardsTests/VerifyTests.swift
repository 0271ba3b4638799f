import Bytes
import Files
import Foundation
import Testing
import TokenShards
import Tokenization

@Suite struct VerifyTests {
    @Test("every flipped bit of every file of a data set is found")
    func flippedBits() async throws {
        let fixture = try ShardFixture(documentCount: 3)
        let manifest = try fixture.write(tokensPerShard: 10_000)
        let directory = fixture.path("set")
        for file in manifest.files(in: directory) {
            let original = try #require(FileManager.default.contents(atPath: file))
            let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file))
            for bit in 0..<original.count * 8 {
                func put(_ byte: UInt8) throws {
                    try handle.seek(toOffset: UInt64(bit / 8))
                    try handle.write(contentsOf: [byte])
                }
                try put(original[bit / 8] ^ 1 << UInt8(bit % 8))
                await #expect(throws: ShardError.self, "bit \(bit) of \(file)") {
                    try await ShardSet(directory: directory).verify()
                }
                try put(original[bit / 8])
            }
            try handle.close()
        }
        try await ShardSet(directory: directory).verify(decodingWith: fixture.vocabulary)
    }

    @Test("a manifest that was written anew around changed ids does not hide them")
    func forgedChecksums() async throws {
        let fixture = try ShardFixture(documentCount: 5)
        let manifest = try fixture.write(tokensPerShard: 10_000)
        let directory = fixture.path("set")
        let shard = try #require(manifest.shards.first)
        let original = Array(
            try #require(FileManager.default.contents(atPath: directory + "/" + shard.name)))
        // Two bytes an id, behind 1,024 bytes of header; end-of-text tokens stand before documents.
        for (place, id, reason) in [
            (0, 5, "lacks its end-of-text token"), (1, 0, "holds an end-of-text token inside"),
            (1, 60_000, "is outside the vocabulary"), (1, 7, "does not decode to the text"),
        ] {
            var changed = original
            changed[1_024 + 2 * place] = UInt8(id & 255)
            changed[1_025 + 2 * place] = UInt8(id >> 8)
            try Data(changed).write(to: URL(fileURLWithPath: directory + "/" + shard.name))
            let checksum = String(
                XXH64.hash(of: changed.span.extracting(droppingFirst: 1_024)), radix: 16)
            let path = directory + "/manifest.json"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            // Without a checksum of its own, as version 1 was.
            let lines = text.split(separator: "\n").filter { !$0.contains("file_checksum") }
            try FileReplacement.write(
                lines.joined(separator: "\n")
                    .replacing("\"format_version\" : 2", with: "\"format_version\" : 1")
                    .replacing(
                        shard.checksum,
                        with: String(repeating: "0", count: 16 - checksum.count) + checksum),
                to: path)
            let error = await #expect(throws: ShardError.self) {
                try await ShardSet(directory: directory).verify(
                    decodingWith: fixture.vocabulary, threadCount: 2)
            }
            #expect("\(error, default: "")".contains(reason))
            try FileReplacement.write(text, to: path)
        }
    }

    @Test("a shard that the manifest does not name is told")
    func strayShard() async throws {
        let fixture = try ShardFixture(documentCount: 5)
        _ = try fixture.write()
        let path = fixture.path("set") + "/train_000099.bin"
        try FileReplacement.write("x", to: path)
        await #expect(throws: ShardError.strayShard(path: path)) {
            try await ShardSet(directory: fixture.path("set")).verify()
        }
    }

    @Test("the bytes that were read are told in order, up to all of them")
    func progress() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write(tokensPerShard: 100)
        let set = try ShardSet(directory: fixture.path("set"))
        var told: [Int] = []
        try set.verifyChecksums { told.append($0) }
        #expect(told == told.sorted() && told.last == set.byteCount())
        #expect(told.count >= 2 * set.manifest.shards.count)
    }

    @Test("of two damaged shards the first is told, whatever the number of threads")
    func firstFailure() async throws {
        let fixture = try ShardFixture()
        let manifest = try fixture.write(tokensPerShard: 100)
        let directory = fixture.path("set")
        for shard in [manifest.shards[1], manifest.shards[4]] {
            let path = directory + "/" + shard.name
            var bytes = Array(try #require(FileManager.default.contents(atPath: path)))
            bytes[1_030] ^= 1
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        }
        for threadCount in 1...8 {
            let error = await #expect(throws: ShardError.self) {
                try await ShardSet(directory: directory).verify(threadCount: threadCount)
            }
            #expect("\(error, default: "")".contains(manifest.shards[1].name))
        }
    }
}
