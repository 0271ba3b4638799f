import Foundation
import Testing

@testable import TokenShards

@Suite struct DocumentIndexTests {
    @Test("a place survives being made a word, and other words are no place")
    func words() {
        for place in [
            DocumentPlace.line(1), .line(1 << 40), .part(3), .item(5), .row(9), .part(1 << 56 - 1),
        ] {
            #expect(DocumentPlace(word: DocumentPlace.word(of: place)) == place)
        }
        #expect(DocumentPlace.word(of: nil) == 0)
        for word: UInt64 in [0, 7, 5 << 56 | 7, .max] { #expect(DocumentPlace(word: word) == nil) }
    }

    @Test("a shard knows the line of each of its documents")
    func places() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write()
        #expect(
            try entries(of: fixture).map(\.place)
                == (1...40).filter { $0 % 5 != 0 }.map { .line($0) })
    }

    @Test("an index of the first version is read, without places")
    func firstVersion() throws {
        let fixture = try ShardFixture()
        let manifest = try fixture.write()
        let entries = try entries(of: fixture)
        for entry in manifest.shards {
            let path = ShardManifest.indexPath(of: fixture.path("set") + "/" + entry.name)
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            var older = Array(bytes[..<8])
            older.append(littleEndian: UInt32(1))
            older.append(littleEndian: UInt32(24))
            older += bytes[16..<24]
            for start in stride(from: 24, to: bytes.count, by: 32) {
                older += bytes[start..<start + 24]
            }
            try Data(older).write(to: URL(fileURLWithPath: path))
        }
        #expect(
            try self.entries(of: fixture)
                == entries.map { entry in
                    var entry = entry
                    entry.place = nil
                    return entry
                })
    }

    private func entries(of fixture: ShardFixture) throws -> [DocumentEntry] {
        try ShardSet(directory: fixture.path("set")).shards(of: .train).flatMap { shard in
            (0..<shard.documentCount).map { shard.document($0) }
        }
    }
}
