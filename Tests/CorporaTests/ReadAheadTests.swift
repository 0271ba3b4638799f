import Compression
import Foundation
import Testing

@testable import Corpora

@Suite struct ReadAheadTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Lines of about `count` bytes in all.
    private func lines(_ count: Int) -> String {
        var generator = SeededGenerator(state: 21)
        var text = ""
        while text.utf8.count < count {
            text += "{\"text\":\"line \(generator.next()) of \(text.utf8.count)\"}\n"
        }
        return text
    }

    /// The text in frames of `frame` lines each; with a table or without.
    private func frames(_ text: String, frame: Int, hasTable: Bool) throws -> [UInt8] {
        var table = SeekTable()
        var encoder = try ZstandardEncoder()
        var result: [UInt8] = []
        let lines = text.split(separator: "\n").map { Array("\($0)\n".utf8) }
        for start in stride(from: 0, to: lines.count, by: frame) {
            let content = Array(lines[start..<min(start + frame, lines.count)].joined())
            let place = result.count
            try encoder.appendFrame(of: content.span, to: &result)
            table.append(
                frame: result.span.extracting(droppingFirst: place), contentByteCount: content.count
            )
        }
        return result + (hasTable ? table.encoded : [])
    }

    private func read(
        _ path: String, _ sizes: ReadingSizes
    ) throws -> (texts: [[UInt8]], progress: CorpusProgress) {
        var reader = try CorpusReader(
            CorpusConfiguration(inputs: [path], format: .jsonl), sizes: sizes)
        let texts = try readAll(&reader).map(\.text)
        return (texts, reader.progress)
    }

    @Test("many frames, one frame and gzip give the same, on any number of threads")
    func orders() throws {
        let text = lines(20_000)
        let plain = try read(folder.write("a.jsonl", text), .small(4096))
        let files: [(String, [UInt8])] = [
            ("one.zst", try compress(text)), ("gzip.gz", gzip(Array(text.utf8))),
            ("many.zst", try frames(text, frame: 7, hasTable: false)),
            ("table.zst", try frames(text, frame: 7, hasTable: true)),
            (
                "two.zst",
                try compress(text.replacing("line", with: "x"))
                    + frames(text, frame: 90, hasTable: true)
            ),
        ]
        for (name, bytes) in files.dropLast() {
            let path = try folder.write(name, bytes)
            for threads in 2...4 {
                for (block, group) in [(13, 1), (1_000, 700), (100_000, 1 << 20)] {
                    let found = try read(path, .ahead(block, threadCount: threads, group: group))
                    #expect(found.texts == plain.texts)
                    #expect(found.progress.bytesRead == bytes.count)
                }
            }
        }
        // Something before the table's frames: the table does not fit, and the frames are walked.
        let (name, bytes) = files[4]
        let found = try read(folder.write(name, bytes), .ahead(1_000, threadCount: 2))
        #expect(Array(found.texts.suffix(plain.texts.count)) == plain.texts)
        #expect(found.texts.count == 2 * plain.texts.count)
    }

    @Test("a frame that is too long to walk is decoded with what follows it")
    func longFrame() throws {
        let text = lines(5_000)
        let path = try folder.write(
            "a.zst",
            try frames(text, frame: 3, hasTable: false) + compress(text)
                + frames(text, frame: 3, hasTable: false))
        var sizes = ReadingSizes.ahead(100, threadCount: 3)
        sizes.largestFrameByteCount = 300
        let plain = try read(folder.write("a.jsonl", text + text + text), .small(4096))
        #expect(try read(path, sizes).texts == plain.texts)
    }

    @Test("a file that shrinks while it is read ends the reading", .timeLimit(.minutes(5)))
    func shrinking() throws {
        let text = lines(60_000)
        let whole = try frames(text, frame: 40, hasTable: false)
        let shorter = try frames(lines(5_000), frame: 40, hasTable: false)
        for round in 0..<60 {
            let path = try folder.write("a.zst", whole)
            var reader = try CorpusReader(
                CorpusConfiguration(inputs: [path], format: .jsonl),
                sizes: .ahead(500, threadCount: 3, group: 300))
            for _ in 0..<round { _ = try reader.next() }
            // In place, so that what is open shrinks too: to nothing, to a frame, within a frame.
            let file = try #require(FileHandle(forUpdatingAtPath: path))
            if round % 3 == 2 { try file.write(contentsOf: shorter) }
            try file.truncate(
                atOffset: [0, UInt64(whole.count / 3 + round), UInt64(shorter.count)][round % 3])
            var count = 0
            do {
                while try reader.next() != nil { count += 1 }
                Issue.record("\(count) documents of a file that is not whole, and no error")
            } catch {}
        }
    }

    @Test("damage at any place is an error where it is one without threads")
    func damage() throws {
        let text = lines(700)
        for hasTable in [false, true] {
            let whole = try frames(text, frame: 3, hasTable: hasTable)
            for place in whole.indices {
                var damaged = whole
                damaged[place] ^= 0x55
                let path = try folder.write("a.zst", damaged)
                let cut = try folder.write("b.zst", Array(whole[..<place]))
                for path in [path, cut] {
                    let plain = Result { try read(path, .small(64)).texts }
                    let ahead = Result { try read(path, .ahead(64, threadCount: 2)).texts }
                    switch (plain, ahead) {
                    case (.success(let expected), .success(let found)):
                        #expect(expected == found)
                    case (.failure, .failure):
                        // The amount that is decoded of a bad frame, and so which of its faults is
                        // met first, depends on the sizes of buffers.
                        break
                    case (.success, .failure(let error)), (.failure(let error), .success):
                        Issue.record("\(place): \(error)")
                    }
                }
            }
        }
    }

    @Test("a reader that goes early stops its threads, also those that wait for a pipe")
    func early() throws {
        let path = try folder.write("a.zst", frames(lines(50_000), frame: 5, hasTable: true))
        for _ in 0..<20 {
            var reader = try CorpusReader(
                CorpusConfiguration(inputs: [path], format: .jsonl),
                sizes: .ahead(100, threadCount: 3))
            #expect(try reader.next() != nil)
        }
        let pipe = folder.path + "/pipe"
        try unsafe #require(mkfifo(pipe, 0o600) == 0)
        let bytes = try compress(lines(300))
        let handle = try #require(FileHandle(forUpdatingAtPath: pipe))
        try handle.write(contentsOf: bytes)
        var reader = try CorpusReader(
            CorpusConfiguration(inputs: [pipe], format: .jsonl), sizes: .ahead(64, threadCount: 2))
        #expect(try reader.next() != nil)
    }
}
