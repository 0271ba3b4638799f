import Corpora
import Foundation
import Zstandard

/// A folder that goes with the test that made it.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/quern-corpora-" + UUID().uuidString
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

/// Every document that a reader still has.
func readAll(_ reader: inout CorpusReader) throws -> [Document] {
    var documents: [Document] = []
    while let document = try reader.next() { documents.append(document) }
    return documents
}

func readTexts(_ configuration: CorpusConfiguration) throws -> [String] {
    var reader = try CorpusReader(configuration)
    return try readAll(&reader).map { String(decoding: $0.text, as: UTF8.self) }
}

/// Numbers that follow from a seed, so that a failure can be seen again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
