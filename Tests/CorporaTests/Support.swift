import Compression
import Files
import Foundation
import Work

@testable import Corpora

/// A folder that goes with the test that made it.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "quern-corpora-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file, with the folders it needs, and gives its path.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = path + "/" + name
        let folder = (file as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try write(name, Array(text.utf8))
    }
}

func compress(_ text: String) throws -> [UInt8] {
    var encoder = try ZstandardEncoder()
    var result: [UInt8] = []
    try encoder.append(Array(text.utf8).span, to: &result)
    try encoder.finish(into: &result)
    return result
}

/// A gzip member of `input`.
func gzip(_ input: [UInt8]) -> [UInt8] {
    var encoder = GzipEncoder()
    var result: [UInt8] = []
    encoder.append(input.span, to: &result)
    encoder.finish(into: &result)
    return result
}

extension ReadingSizes {
    /// Buffers of so many bytes, and nothing ahead.
    static func small(_ byteCount: Int) -> ReadingSizes {
        var sizes = ReadingSizes()
        sizes.bufferByteCount = byteCount
        sizes.threadCount = 1
        return sizes
    }

    /// Threads that decode ahead whatever is compressed, in blocks of so many bytes.
    static func ahead(_ byteCount: Int, threadCount: Int, group: Int = 1) -> ReadingSizes {
        var sizes = ReadingSizes()
        sizes.bufferByteCount = byteCount
        sizes.blockByteCount = byteCount
        sizes.blocksAhead = 2
        sizes.frameGroupByteCount = group
        sizes.aheadFrom = 0
        sizes.threadCount = threadCount
        return sizes
    }
}

/// Every document that a reader still has.
func readAll(_ reader: inout CorpusReader) throws -> [Document] {
    var documents: [Document] = []
    while let document = try reader.next() { documents.append(document) }
    return documents
}

/// Result of reading a file of this text.
struct ReadFile {
    let texts: [String]
    /// The number of each document's line or item.
    let numbers: [Int]
    let progress: CorpusProgress

    init(
        _ text: String, name: String, field: String = "text", format: CorpusFormat = .auto,
        onError: CorpusErrorPolicy = .fail, quotes: TableQuotes? = nil, buffer: Int = 4096,
        limit: Int = 1 << 20
    ) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(name, text)
        var configuration = CorpusConfiguration(
            inputs: [path], format: format, textField: field, onError: onError,
            maximumDocumentByteCount: limit)
        configuration.quotes = quotes
        var reader = try CorpusReader(configuration, sizes: .small(buffer))
        let documents = try readAll(&reader)
        texts = documents.map { String(decoding: $0.text, as: UTF8.self) }
        numbers = documents.map(\.origin.position.number)
        progress = reader.progress
    }
}

func readTexts(_ configuration: CorpusConfiguration) throws -> [String] {
    var reader = try CorpusReader(configuration)
    return try readAll(&reader).map { String(decoding: $0.text, as: UTF8.self) }
}

/// Numbers that follow from a seed, so that a failure can be seen again.
struct SeededGenerator: RandomNumberGenerator {
    private var words: SplitMix64

    init(state seed: UInt64) { words = SplitMix64(seed: seed) }

    mutating func next() -> UInt64 { words.next() }
}
