import Compression
import Foundation
import Testing
import Work

@testable import Corpora

/// Files that break off, are damaged or cannot be read, under the policies that go on.
@Suite struct BrokenFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let sizes: [ReadingSizes] = [
        .small(1_000), .small(262_144), .ahead(5_000, threadCount: 1),
        .ahead(40_000, threadCount: 2), .ahead(700, threadCount: 3, group: 30_000),
    ]

    /// Lines of text, of some 500 kB together.
    private static let lines: [String] = {
        var random = SplitMix64(seed: 5)
        return (0..<5_000).map { number in
            "\(number): " + (0..<10).map { _ in "\(random.next() % 1_000_000_007)" }.joined()
        }
    }()

    private func compressed(_ ending: String) throws -> [UInt8] {
        let lines = Self.lines.map { "{\"text\":\"\($0)\"}\n" }
        switch ending {
        case "gz": return gzip(Array(lines.joined().utf8))
        case "zst": return try compress(lines.joined())
        default:
            return try stride(from: 0, to: lines.count, by: 250).flatMap { start in
                try compress(lines[start..<min(start + 250, lines.count)].joined())
            }
        }
    }

    private func read(
        _ inputs: [String], _ sizes: ReadingSizes, _ onError: CorpusErrorPolicy = .skip
    ) throws -> (texts: [String], progress: CorpusProgress) {
        var configuration = CorpusConfiguration(inputs: inputs, onError: onError)
        configuration.quarantinePath = folder.path + "/kept"
        var reader = try CorpusReader(configuration, sizes: sizes)
        let documents = try readAll(&reader)
        return (documents.map { String(decoding: $0.text, as: UTF8.self) }, reader.progress)
    }

    @Test(arguments: ["gz", "zst", "frames.zst"])
    func `what stands before damage is kept, for any sizes and threads, and so are other files`(
        ending: String
    ) throws {
        let whole = try compressed(ending)
        let last = try folder.write("b.jsonl", "{\"text\":\"last\"}\n")
        var random = SplitMix64(seed: 9)
        var partCount = 0
        for round in 0..<8 {
            var data = whole
            let place = Int(random.next() % UInt64(data.count))
            if round % 2 == 0 {
                data.removeLast(data.count - place)
            } else {
                data[place] ^= UInt8(1 + random.next() % 255)
            }
            let broken = try folder.write("a.jsonl." + (ending == "gz" ? "gz" : "zst"), data)
            #expect(throws: CorpusError.self) { try read([broken, last], .small(4_096), .fail) }
            let (texts, progress) = try read([broken, last], Self.sizes[0])
            #expect(texts.last == "last")
            #expect(progress.brokenFileCount == 1 && progress.brokenFiles.count == 1)
            let said = try #require(progress.brokenFiles.first).description
            #expect(said.contains(broken) && said.contains("of this file, "))
            if round % 2 == 0 {
                #expect(Array(texts.dropLast()) == Array(Self.lines.prefix(texts.count - 1)))
            }
            for sizes in Self.sizes.dropFirst() {
                let (others, progressOfOthers) = try read([broken, last], sizes)
                #expect(others == texts, "round \(round)")
                #expect(progressOfOthers.brokenFiles == progress.brokenFiles)
                #expect(progressOfOthers.skippedLines == progress.skippedLines)
            }
            if texts.count > 1_000 { partCount += 1 }
        }
        #expect(partCount > 1)
    }

    @Test(arguments: ["gz", "zst"])
    func `documents in front of a checksum that fails are kept, counted and called doubtful`(
        ending: String
    ) throws {
        var data = try compressed(ending)
        // The checksum: before gzip's length, at the end of a zstd frame.
        data[data.count - (ending == "gz" ? 8 : 4)] ^= 1
        let path = try folder.write("a.jsonl." + ending, data)
        for sizes in Self.sizes {
            let (texts, progress) = try read([path], sizes)
            #expect(texts == Self.lines)
            #expect(progress.damagedMemberCount == 1 && progress.brokenFileCount == 1)
            let said = try #require(progress.brokenFiles.first).description
            #expect(said.contains("does not match its checksum"))
            #expect(said.contains("its documents are kept, and some are not as they were written"))
        }
        // Of data that ends too early all that was decoded is as it was.
        data = try compressed(ending)
        data.removeLast(data.count / 2)
        let cut = try folder.write("b.jsonl." + ending, data)
        #expect(try read([cut], Self.sizes[0]).progress.damagedMemberCount == 0)
    }

    @Test func `what is broken is an object among the reasons, with the documents that are kept`()
        throws
    {
        let array = try folder.write("a.json", "[\"one\", \"two\", \"thr")
        let sixteen = try folder.write("b.txt", [0xFF, 0xFE, 0x41, 0, 0x42, 0])
        let good = try folder.write("c.jsonl", "{\"text\":\"good\"}\nbad\n")
        let (texts, progress) = try read([array, sixteen, good], .small(16), .quarantine)
        #expect(texts == ["one", "two", "good"])
        #expect(progress.brokenFileCount == 2)
        #expect(progress.skippedLines == 1 && progress.quarantinedLines == 1)
        #expect(progress.examples.count == 3)
        let path = folder.path + "/kept"
        #expect(FileManager.default.contents(atPath: path) == Data("bad\n".utf8))
        let reasons = try #require(FileManager.default.contents(atPath: path + ".reasons.jsonl"))
        let objects = try reasons.split(separator: 10).map { line in
            try #require(JSONSerialization.jsonObject(with: line) as? [String: Any])
        }
        #expect(objects.map { $0["path"] as? String } == [array, sixteen, good])
        #expect(objects.map { $0["documents"] as? Int } == [2, 0, nil])
        #expect((objects[0]["reason"] as? String)?.hasSuffix("up to item 2") == true)
        #expect((objects[1]["reason"] as? String)?.hasSuffix("nothing is kept") == true)
    }

    @Test func `settings are not the fault of a file`() throws {
        let table = try folder.write("a.csv", "id,body\n1,good\n")
        #expect(throws: CorpusError.self) { try read([table], .small(16)) }
    }

    @Test func `pairs and conversations before damage are kept too`() throws {
        let pairs = (0..<40).map { "{\"source\":\"\($0)\",\"target\":\"t\"}\n" }.joined()
        var data = gzip(Array(pairs.utf8))
        data.removeLast(20)
        let path = try folder.write("a.jsonl.gz", data)
        var reader = try PairReader(CorpusConfiguration(inputs: [path], onError: .skip))
        var count = 0
        while try reader.next() != nil { count += 1 }
        #expect(count > 0 && count < 40)
        #expect(reader.progress.brokenFileCount == 1)
        let talk = "{\"instruction\":\"a\",\"output\":\"b\"}\n"
        data = gzip(Array(String(repeating: talk, count: 3).utf8))
        data.removeLast(9)
        let other = try folder.write("b.jsonl.gz", data)
        var conversations = try ConversationReader(inputs: [other], onError: .skip)
        while try conversations.next() != nil {}
        #expect(conversations.progress.brokenFileCount == 1)
    }
}
