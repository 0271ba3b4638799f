import Files
import Foundation
import Testing
import Work

@testable import Refinement

/// The files of work that several processes share.
@Suite struct StoredFilesTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "/quern-stored-" + UUID().uuidString
        try FileSystem.makeDirectory(folder)
    }

    /// Runs `body` and removes the folder.
    private func cleaning(_ body: () throws -> Void) throws {
        defer { try? FileSystem.removeItem(folder) }
        try body()
    }

    private func damage(_ path: String, at offset: Int) throws {
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        data[offset] ^= 1
        try data.write(to: URL(fileURLWithPath: path))
    }

    @Test(arguments: [1, 3, 64], [0, 200, 1 << 20])
    func `records come back from the partition of their first word`(
        count: Int, byteCount: Int
    ) throws {
        try cleaning {
            let path = folder + "/records"
            var random = SplitMix64(seed: 5)
            let records = (0..<500).map { (random.next(), UInt64($0)) }
            let writer = try PartitionedWriter(
                path: path, width: 2, partitionCount: count, byteCount: byteCount)
            for (first, second) in records { try writer.append(first, second) }
            let file = try writer.commit()
            var found: [UInt64: UInt64] = [:]
            for partition in 0..<count {
                try file.forEach(path: path, width: 2, partition: partition, of: count) { words in
                    for place in stride(from: 0, to: words.count, by: 2) {
                        let lower = UInt64.max / UInt64(count) * UInt64(partition)
                        #expect(words[place] >= lower)
                        #expect(
                            PartitionedFile.partition(of: words[place], count: count) == partition)
                        found[words[place + 1]] = words[place]
                    }
                }
            }
            #expect(found == Dictionary(uniqueKeysWithValues: records.map { ($1, $0) }))
            try damage(path, at: 4_000)
            #expect(throws: RefinementError.damagedUnit(path: path)) {
                for partition in 0..<count {
                    try file.forEach(path: path, width: 2, partition: partition, of: count) { _ in }
                }
            }
        }
    }

    @Test func `rows come back, all with their checksum or some from a place on`() throws {
        try cleaning {
            let path = folder + "/rows"
            let writer = try StoredFileWriter(path: path)
            for number in 0..<70_000 { try writer.append(UInt64(number)) }
            let file = try writer.commit()
            try file.check(path: path)
            func read(_ rows: Range<Int>?) throws -> [UInt64] {
                var reader = try RowReader(
                    path: path, file, width: 2, rows: rows, bufferByteCount: 1_000)
                var words: [UInt64] = []
                while try reader.advance() { words += [reader.word(0), reader.word(1)] }
                #expect(try !reader.advance())
                return words
            }
            #expect(try read(nil) == (0..<70_000).map { UInt64($0) })
            #expect(try read(7..<9) == [14, 15, 16, 17])
            #expect(try read(9..<9) == [])
            #expect(try RowFinder().row(11, width: 3, path: path) == [33, 34, 35])
            try damage(path, at: 100)
            #expect(throws: RefinementError.damagedUnit(path: path)) { try read(nil) }
            #expect(throws: RefinementError.damagedUnit(path: path)) { try file.check(path: path) }
            #expect(try read(7..<9).count == 4)
        }
    }

    @Test func `documents come back from frames, found by their numbers`() throws {
        try cleaning {
            let path = folder + "/texts"
            let writer = try FrameWriter(path: path)
            for number in [4, 1, 4, 9] {
                var content: [UInt8] = []
                for place in 0..<3 {
                    TextFrame.append(
                        UInt64(number), UInt64(place), Array("text \(place)".utf8),
                        Array(repeating: 65, count: place), to: &content)
                }
                try writer.append(try TextFrame(content, count: 3), number: UInt64(number))
            }
            let file = try writer.commit()
            let finder = RowFinder()
            #expect(file.count == 4)
            for (number, place) in [(0, 0), (1, 0), (2, 1), (4, 1), (5, 3), (9, 3), (10, 4)] {
                #expect(try file.firstFrame(from: UInt64(number), path: path, finder) == place)
            }
            var (number, reader) = try file.frame(2, path: path, finder)
            #expect(number == 4)
            try reader.skip()
            let item = try #require(try reader.next())
            #expect(item.first == 4 && item.second == 1 && item.fields == [65])
            #expect(String(decoding: item.text, as: UTF8.self) == "text 1")
            #expect(!reader.isAtEnd)
            try reader.skip()
            #expect(try reader.isAtEnd && reader.next() == nil)
            try damage(path, at: 20)
            #expect(throws: RefinementError.damagedUnit(path: path)) {
                // The first that was written.
                try file.frame(1, path: path, finder)
            }
        }
    }

    @Test func `counts of a document that go beyond its frame are refused`() throws {
        for word in [2, 3] {
            var content: [UInt8] = []
            TextFrame.append(0, 0, [1, 2, 3], [], to: &content)
            for byte in 0..<8 { content[8 * word + byte] = 0xFF }
            var reader = TextFrameReader(content, path: "x")
            #expect(throws: RefinementError.damagedUnit(path: "x")) { try reader.next() }
        }
        var short = TextFrameReader([1, 2, 3], path: "x")
        #expect(throws: RefinementError.damagedUnit(path: "x")) { try short.skip() }
    }
}
