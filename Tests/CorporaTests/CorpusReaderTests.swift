import Compression
import Foundation
import Testing

@testable import Corpora

@Suite struct CorpusReaderTests {
    @Test("a file without a separator is one document, byte for byte")
    func wholeFile() throws {
        let folder = try TemporaryFolder()
        let bytes = [0xEF, 0xBB, 0xBF] + (0...255).map { UInt8($0) }
        let path = try folder.write("bytes.txt", bytes)
        var reader = try CorpusReader(CorpusConfiguration(inputs: [path]))
        let documents = try readAll(&reader)
        #expect(documents.map(\.text) == [bytes])
        #expect(documents[0].origin == DocumentOrigin(path: path, position: .part(1)))
        #expect(reader.progress.bytesRead == bytes.count)
        #expect(reader.progress.totalBytes == bytes.count)
    }

    @Test(
        "text, JSON lines, and both compressed, hold the same documents", arguments: [1, 7, 4096])
    func formats(buffer: Int) throws {
        let folder = try TemporaryFolder()
        let text = "grain\n\n\nflour\nand bran\n\n\n"
        let lines = "{\"text\":\"grain\"}\n{\"text\":\"flour\\nand bran\"}\n"
        for (name, bytes) in [
            ("a.txt", Array(text.utf8)), ("a.txt.zst", try compress(text)),
            ("b.jsonl", Array(lines.utf8)), ("b.jsonl.zst", try compress(lines)),
            // The first bytes tell, whatever the name says.
            ("c.txt", try compress(text)), ("c.jsonl", try compress(lines)),
        ] {
            let path = try folder.write(name, bytes)
            var reader = try CorpusReader(
                CorpusConfiguration(inputs: [path], textSeparator: "\n\n\n"),
                sizes: .small(buffer))
            let documents = try readAll(&reader)
            #expect(documents.map(\.text) == ["grain", "flour\nand bran"].map { Array($0.utf8) })
            let progress = reader.progress
            #expect(progress.documents == 2)
            #expect(progress.textBytes == 19)
            #expect(progress.emptyDocuments == 0)
            #expect(progress.bytesRead == bytes.count)
            #expect(
                progress.sources.map { [$0.path, "\($0.documents)", "\($0.textBytes)"] }
                    == [[path, "2", "19"]])
        }
    }

    @Test("empty documents and blank lines are dropped and counted")
    func empty() throws {
        let folder = try TemporaryFolder()
        try folder.write("a.txt", "\n\n--\n--grain-- \t--flour--")
        try folder.write(
            "b.jsonl", "\n{\"text\":\"bran\"}\n  \r\n{\"text\":\" \\n\"}\n{\"text\":\"\"}")
        try folder.write("c.txt", "")
        var reader = try CorpusReader(
            CorpusConfiguration(inputs: [folder.path], textSeparator: "--"))
        let documents = try readAll(&reader)
        #expect(documents.map(\.text) == ["grain", "flour", "bran"].map { Array($0.utf8) })
        #expect(
            documents.map(\.origin.position) == [.part(3), .part(5), .line(2)])
        #expect(reader.progress.emptyDocuments == 7)
    }

    @Test("line ends of Windows and a mark at the start of JSON lines do no harm")
    func windows() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "a.jsonl", "\u{FEFF}{\"text\":\"one\"}\r\n{\"text\":\"two\"}\r\n")
        #expect(try readTexts(CorpusConfiguration(inputs: [path])) == ["one", "two"])
        let wrong = try folder.write("c.jsonl", "\u{FEFF}{\"text\":7}")
        #expect {
            try readTexts(CorpusConfiguration(inputs: [wrong]))
        } throws: { error in
            if case CorpusError.malformedLine(_, 12, _) = error { true } else { false }
        }
        let marked = try folder.write("b.jsonl", "{\"text\":\"one\"}\n\u{FEFF}{\"text\":\"two\"}\n")
        #expect {
            try readTexts(CorpusConfiguration(inputs: [marked]))
        } throws: { error in
            guard case CorpusError.malformedLine(let origin, 1, _) = error else { return false }
            return origin.position == .line(2)
        }
    }

    @Test("an error names the file, the line and the byte, and stays")
    func malformedLine() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "a.jsonl", "{\"text\":\"one\"}\n\n{\"text\":7}\n{\"text\":\"x\"}\n")
        var reader = try CorpusReader(CorpusConfiguration(inputs: [path]))
        #expect(try reader.next()?.text == Array("one".utf8))
        let error = CorpusError.malformedLine(
            origin: DocumentOrigin(path: path, position: .line(3)), column: 9,
            reason: "the field \"text\" is not a string")
        for _ in 0..<2 {
            #expect(throws: error) { try reader.next() }
        }
        #expect("\(error)" == "\(path), line 3, byte 9: the field \"text\" is not a string")
        #expect(reader.progress.documents == 1)
    }

    @Test("lines that cannot be read are skipped if that is wished, and the first are named")
    func skip() throws {
        let folder = try TemporaryFolder()
        let bad = (1...20).map { "{\"text\":\($0)}\n" }.joined()
        let path = try folder.write(
            "a.jsonl", "{\"text\":\"one\"}\n" + bad + "{\"text\":\"two\"}\n{\"text\":\"cut")
        var reader = try CorpusReader(CorpusConfiguration(inputs: [path], onError: .skip))
        #expect(try readAll(&reader).map(\.text) == ["one", "two"].map { Array($0.utf8) })
        #expect(reader.progress.skippedLines == 21)
        #expect(reader.progress.skipped.count == CorpusProgress.keptErrorCount)
        #expect(
            reader.progress.skipped.first
                == .malformedLine(
                    origin: DocumentOrigin(path: path, position: .line(2)), column: 9,
                    reason: "the field \"text\" is not a string"))
    }

    @Test("what is larger than the limit is refused, or skipped")
    func limit() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a.txt", "12345--123456--1")
        var configuration = CorpusConfiguration(
            inputs: [path], textSeparator: "--", maximumDocumentByteCount: 5)
        let error = CorpusError.documentTooLarge(
            origin: DocumentOrigin(path: path, position: .part(2)), limit: 5)
        #expect(throws: error) { try readTexts(configuration) }
        configuration.onError = .skip
        #expect(try readTexts(configuration) == ["12345", "1"])
    }

    @Test("a compressed file that is cut short is an error that names it, or counted when skipping")
    func truncated() throws {
        let folder = try TemporaryFolder()
        let whole = try compress("{\"text\":\"one\"}\n{\"text\":\"two\"}\n")
        for end in 0..<whole.count {
            let path = try folder.write("a.jsonl.zst", Array(whole[..<end]))
            let error = CompressionError(.zstandard, end == 0 ? .empty : .truncated(offset: 0))
            #expect(throws: CorpusError.badCompression(path: path, error: error)) {
                try readTexts(CorpusConfiguration(inputs: [path]))
            }
            var reader = try CorpusReader(CorpusConfiguration(inputs: [path], onError: .skip))
            _ = try readAll(&reader)
            let broken = try #require(reader.progress.brokenFiles.first)
            #expect(broken.description.hasPrefix("\(path): \(error); of this file"))
        }
        let path = try folder.write("b.txt.zst", "not zstd at all")
        let error = CompressionError(.zstandard, .foreign)
        #expect(throws: CorpusError.badCompression(path: path, error: error)) {
            try readTexts(CorpusConfiguration(inputs: [path]))
        }
    }

    @Test("a chunk reaches its size, and the last one may not")
    func chunks() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "a.txt", Array(repeating: "12345", count: 7).joined(separator: "|"))
        var reader = try CorpusReader(CorpusConfiguration(inputs: [path], textSeparator: "|"))
        var counts: [Int] = []
        while let chunk = try reader.nextChunk(byteCount: 11) { counts.append(chunk.count) }
        #expect(counts == [3, 3, 1])
        #expect(try reader.nextChunk(byteCount: 11) == nil)
        var single = try CorpusReader(CorpusConfiguration(inputs: [path], textSeparator: "|"))
        #expect(try single.nextChunk(byteCount: 0)?.count == 1)
    }

    @Test("the hash is that of the text alone, so the split does not depend on order or format")
    func split() throws {
        let folder = try TemporaryFolder()
        let texts = (0..<300).map { "document number \($0)" }
        try folder.write("a.txt", texts.joined(separator: "|"))
        try folder.write(
            "b.jsonl", texts.reversed().map { "{\"text\":\"\($0)\"}\n" }.joined())
        let split = ValidationSplit(fraction: 0.2)
        func held(_ name: String) throws -> Set<[UInt8]> {
            var reader = try CorpusReader(
                CorpusConfiguration(inputs: [folder.path + "/" + name], textSeparator: "|"))
            let documents = try readAll(&reader).filter { split.isValidation($0.contentHash) }
            return Set(documents.map(\.text))
        }
        let fromText = try held("a.txt")
        #expect(try fromText == held("b.jsonl"))
        #expect((30...90).contains(fromText.count))
    }

    @Test("another field can hold the text")
    func field() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a.jsonl", #"{"text":"no","content":"yes"}"#)
        #expect(
            try readTexts(CorpusConfiguration(inputs: [path], textField: "content")) == ["yes"])
    }

    @Test("a pipe that hands out its bytes one by one is read, compressed or not")
    func pipe() throws {
        let folder = try TemporaryFolder()
        let lines = "{\"text\":\"grain\"}\n{\"text\":\"flour\"}\n"
        for (index, bytes) in [Array(lines.utf8), try compress(lines)].enumerated() {
            let path = folder.path + "/pipe\(index)"
            try unsafe #require(mkfifo(path, 0o600) == 0)
            let writer = Thread {
                guard let handle = FileHandle(forWritingAtPath: path) else { return }
                for byte in bytes { try? handle.write(contentsOf: [byte]) }
                try? handle.close()
            }
            writer.start()
            var reader = try CorpusReader(CorpusConfiguration(inputs: [path], format: .jsonl))
            #expect(reader.progress.totalBytes == nil)
            #expect(try readAll(&reader).map(\.text) == ["grain", "flour"].map { Array($0.utf8) })
            #expect(reader.progress.bytesRead == bytes.count)
        }
    }
}
