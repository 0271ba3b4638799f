import Files
import Foundation
import Testing
import TokenShards

/// What a new data set may replace in its directory, and what it may not.
@Suite struct ReplacedFilesTests {
    private let fixture: ShardFixture

    init() throws { fixture = try ShardFixture() }

    private func files() throws -> [String: Data] {
        let directory = fixture.path("set")
        return Dictionary(
            uniqueKeysWithValues: try FileSystem.namesInDirectory(directory).map {
                ($0, FileManager.default.contents(atPath: directory + "/" + $0) ?? Data())
            })
    }

    /// The header of llm.c with `ownVersion` where Quern's fields begin.
    private func header(_ ownVersion: UInt8) -> Data {
        var bytes = Data(count: 1_024)
        bytes.replaceSubrange(0..<8, with: [0x88, 0xD8, 0x34, 0x01, 1, 0, 0, 0])
        bytes[32] = ownVersion
        return bytes
    }

    @Test(arguments: ["train_000000.bin", "val_000003.bin", "train_000000.idx", "manifest.json"])
    func `a file that another program has written is named and stays`(name: String) throws {
        let directory = fixture.path("set")
        try FileSystem.makeDirectory(directory)
        let contents = [
            Data(), Data("theirs".utf8), header(0), Data(count: 4_096),
            Data(#"{"start_url": "/", "name": "a web page"}"#.utf8),
        ]
        for theirs in contents {
            try theirs.write(to: URL(fileURLWithPath: directory + "/" + name))
            #expect(throws: ShardError.notOurs(path: directory + "/" + name)) {
                try fixture.write()
            }
            #expect(try files() == [name: theirs])
        }
    }

    @Test func `a file that comes while documents are written stays as well`() throws {
        let directory = fixture.path("set")
        var writer = try ShardWriter(
            directory: directory, vocabulary: fixture.vocabulary, configuration: .init())
        try writer.append(fixture.ids(of: fixture.documents[0]), to: .train)
        let path = directory + "/train_000000.bin"
        try Data("theirs".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: ShardError.notOurs(path: path)) { try writer.finish() }
        #expect(FileManager.default.contents(atPath: path) == Data("theirs".utf8))
    }

    @Test func `shards of an earlier data set are replaced, damaged or without a manifest too`()
        throws
    {
        let directory = fixture.path("set")
        let manifest = try fixture.write()
        let whole = try files()
        try Data("notes".utf8).write(to: URL(fileURLWithPath: directory + "/notes.txt"))
        // The manifest names it.
        try Data("damaged".utf8).write(
            to: URL(fileURLWithPath: directory + "/" + manifest.shards[0].name))
        #expect(try fixture.write() == manifest)
        // Its header says so.
        try FileSystem.removeFile(directory + "/manifest.json")
        #expect(try fixture.write() == manifest)
        // It has lost bytes, and its seal is ours.
        let damaged = try #require(whole["manifest.json"]).dropLast(20)
        try damaged.write(to: URL(fileURLWithPath: directory + "/manifest.json"))
        #expect(try fixture.write(tokensPerShard: 1_000).shards.count < manifest.shards.count)
        #expect(try fixture.write() == manifest)
        #expect(try files().filter { $0.key != "notes.txt" } == whole)
        #expect(try files()["notes.txt"] == Data("notes".utf8))
    }
}
