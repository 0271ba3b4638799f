import Compression
import Foundation
import Testing

@testable import Corpora

@Suite struct JSONLinesAheadTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// All that reading a file gives.
    private struct Outcome: Equatable {
        var documents: [Document] = []
        var progress: CorpusProgress?
        var error: String?
        var quarantine: [UInt8] = []

        init(
            _ path: String, _ sizes: ReadingSizes,
            _ change: (inout CorpusConfiguration) -> Void
        ) throws {
            let kept = path + ".kept"
            var configuration = CorpusConfiguration(inputs: [path])
            configuration.quarantinePath = kept
            change(&configuration)
            var reader = try CorpusReader(configuration, sizes: sizes)
            do {
                documents = try readAll(&reader)
                progress = reader.progress
            } catch {
                self.error = "\(error)"
            }
            let path = kept + ".quarantine"
            for path in [kept, path, path + ".reasons.jsonl"] {
                quarantine += FileManager.default.contents(atPath: path) ?? Data()
                try? FileManager.default.removeItem(atPath: path)
            }
        }
    }

    /// Lines, some of which cannot be read, are long, blank, or more than a block.
    private func lines(_ generator: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = Bool.random(using: &generator) ? [0xEF, 0xBB, 0xBF] : []
        for number in 0..<Int.random(in: 0...60, using: &generator) {
            switch Int.random(in: 0..<12, using: &generator) {
            case 0: bytes += Array(" \t\r".utf8)
            case 1: bytes += Array("not JSON".utf8)
            case 2: bytes += Array(#"{"text":7}"#.utf8)
            case 3: bytes += Array(#"{"text":"\ud800 alone"}"#.utf8)
            case 4: bytes += Array(#"{"text":"bad "#.utf8) + [0xFF] + Array(#""}"#.utf8)
            case 5:
                let text = String(repeating: "long ", count: .random(in: 1...80, using: &generator))
                bytes += Array("{\"n\":\(number),\"text\":\"\(text)\"}\r".utf8)
            default: bytes += Array("{\"id\":\(number),\"text\":\"line \\n \(number) 麦\"}".utf8)
            }
            bytes.append(0x0A)
        }
        if Bool.random(using: &generator) { bytes += Array(#"{"text":"no end"}"#.utf8) }
        return bytes
    }

    @Test func `what threads read ahead is what one reads, whatever the lines are`() throws {
        var generator = SeededGenerator(state: 5)
        let policies: [(CorpusErrorPolicy, InvalidUTF8Policy)] = [
            (.fail, .keep), (.skip, .keep), (.skip, .replace), (.quarantine, .fail),
        ]
        for round in 0..<150 {
            let path = try folder.write("a.jsonl", lines(&generator))
            let (onError, invalidUTF8) = policies[round % policies.count]
            func change(_ configuration: inout CorpusConfiguration) {
                configuration.onError = onError
                configuration.invalidUTF8 = invalidUTF8
                configuration.maximumDocumentByteCount = 200
                if round % 3 == 0 { configuration.keptFields = ["id", "n"] }
            }
            let one = try Outcome(path, .small(4096), change)
            for (block, threads) in [(1, 2), (70, 3), (1_000, 2)] {
                #expect(try Outcome(path, .ahead(block, threadCount: threads), change) == one)
            }
        }
    }

    @Test func `what stands before damage is kept, and then it is told`() throws {
        let text = (0..<3_000).map { "{\"text\":\"line \($0)\"}\n" }.joined()
        let whole = gzip(Array(text.utf8))
        for end in [10, whole.count / 3, whole.count / 2, whole.count - 4] {
            let path = try folder.write("a.jsonl.gz", Array(whole[..<end]))
            for onError in [CorpusErrorPolicy.fail, .skip] {
                let one = try Outcome(path, .small(4096)) { $0.onError = onError }
                let more = try Outcome(path, .ahead(300, threadCount: 3)) { $0.onError = onError }
                #expect(more == one)
            }
        }
    }

    @Test func `text that is not UTF-8 by its first bytes is refused`() throws {
        let bytes = "{\"text\":\"mill\"}\n".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        let path = try folder.write("a.jsonl", bytes)
        let found = try Outcome(path, .ahead(1_000, threadCount: 2)) { _ in }
        #expect(found.error?.contains("it is UTF-16, little-endian") == true)
    }

    @Test func `a reader that goes early leaves no thread waiting`() throws {
        let text = (0..<2_000).map { "{\"text\":\"line \($0)\"}\n" }.joined()
        let path = try folder.write("a.jsonl", text)
        for count in [0, 1, 50] {
            var reader = try CorpusReader(
                CorpusConfiguration(inputs: [path]), sizes: .ahead(100, threadCount: 4))
            for _ in 0..<count { _ = try reader.next() }
        }
    }
}
