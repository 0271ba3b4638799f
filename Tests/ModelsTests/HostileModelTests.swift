import Files
import Foundation
import Testing
import Work

@testable import Models

/// Directories that were damaged, or made to do harm: each is read or refused, never a trap.
@Suite struct HostileModelTests {
    let directory: TemporaryDirectory
    let model: GPT
    let names: [String]

    /// A model in three files and their index.
    init() throws {
        directory = try TemporaryDirectory()
        let plain = directory.path + "/plain"
        try FileManager.default.createDirectory(atPath: plain, withIntermediateDirectories: true)
        model = try tinyModel(ModelKind.all[4], layers: 1, width: 4, positions: 3, vocabulary: 5)
        try model.write(toDirectory: plain)
        names = try ModelDirectory(path: plain)
            .write(toDirectory: directory.path, shardByteCount: 250)
        try FileManager.default.removeItem(atPath: plain)
    }

    private var indexPath: String { directory.path + "/" + SafetensorsIndex.fileName }

    private func read() throws -> [Float] { try GPT(directory: directory.path).parameters.array }

    private func editIndex(_ old: String, _ new: String) throws {
        let text = try String(contentsOfFile: indexPath, encoding: .utf8)
        let changed = text.replacing(old, with: new)
        #expect(changed != text)
        try changed.write(toFile: indexPath, atomically: false, encoding: .utf8)
    }

    private func expectRefusal(_ reason: String) {
        let error = #expect(throws: ModelError.self) { try read() }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test("the untouched directory is read")
    func untouched() throws {
        #expect(names.count > 4)
        #expect(try read() == model.parameters.array)
    }

    @Test(
        "an index leads nowhere else",
        arguments: [
            "/etc/passwd", "../model.safetensors", "a/../model.safetensors", "a/b.safetensors",
            "..\\\\model.safetensors", ".safetensors", "model.bin", "", "a\\u0000.safetensors",
            "/dev/zero.safetensors", "x\\u002f..\\u002fy.safetensors",
        ])
    func traversal(name: String) throws {
        try editIndex("\"model-00001-of-0000\(names.count - 3).safetensors\"", "\"\(name)\"")
        expectRefusal("not the name of a safetensors file")
    }

    @Test("an index and its files agree")
    func disagreement() throws {
        let original = try String(contentsOfFile: indexPath, encoding: .utf8)
        func restore() throws {
            try original.write(toFile: indexPath, atomically: false, encoding: .utf8)
        }
        let first = "model-00001-of-0000\(names.count - 3).safetensors"
        let second = first.replacing("00001", with: "00002")
        try editIndex(
            "\"model.embed_tokens.weight\": \"\(first)\"",
            "\"model.embed_tokens.weight\": \"\(second)\"")
        expectRefusal("which the index says is in \(second)")
        try restore()
        try editIndex("\"model.embed_tokens.weight\"", "\"other.weight\"")
        expectRefusal("model.embed_tokens.weight, which the index does not name")
        try restore()
        try editIndex(
            "{\n    \"model.embed", "{\n    \"more.weight\": \"\(second)\",\n    \"model.embed")
        expectRefusal("holds more.weight, which is not there")
        try restore()
        try editIndex(second, "model-00009.safetensors")
        expectRefusal("No such file")
        for (text, reason) in [
            ("{}", "no weight_map"), ("[]", "expected '{', found '['"), ("", "ends inside"),
            ("{\"weight_map\": {\"a\": 3}}", "found '3'"),
            ("{\"weight_map\": {}, \"weight_map\": {}}", "appears twice"),
            ("{\"weight_map\": {}} x", "something follows"),
            ("{\"metadata\": " + String(repeating: "[", count: 100_000), "deeper than 64"),
            ("{\"metadata\": " + String(repeating: "{\"a\":", count: 100_000), "deeper than 64"),
        ] {
            try text.write(toFile: indexPath, atomically: false, encoding: .utf8)
            expectRefusal(reason)
        }
    }

    @Test("a configuration of deep nesting, twice the same key or great size is refused")
    func configuration() throws {
        let path = directory.path + "/config.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for (change, reason) in [
            ("{\"x\": " + String(repeating: "[", count: 1_000_000), "deeper than 64"),
            ("{\"hidden_size\": 4," + text.dropFirst(), "appears twice"),
            ("{\"a\u{0}\": 4," + text.dropFirst(), "control character"),
            ("{}", "model_type is missing, none of gpt2, llama, mistral"),
            ("7", "JSON"),
            ("\"" + String(repeating: "x", count: SmallFile.maximumByteCount), "too many"),
        ] {
            try change.write(toFile: path, atomically: false, encoding: .utf8)
            expectRefusal(reason)
        }
    }

    @Test("any one byte changed in any file: the model is read or refused")
    func everyByte() throws {
        var generator = RandomGenerator(seed: 11)
        let expected = model.parameters.array
        for name in names {
            let path = directory.path + "/" + name
            let original = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            // Bytes after a header are numbers, of which any will do.
            let head =
                name.hasSuffix(".safetensors") ? 8 + Int(original[0]) + Int(original[1]) << 8 : .max
            for place in original.indices.prefix(head) {
                let digits = Array("0123456789{}[]\",:\\-/.eu ".utf8)
                for byte in [
                    original[place] ^ 1 << UInt8(place % 8), 0, 0xFF,
                    digits.randomElement(using: &generator)!,
                ] {
                    var bytes = original
                    bytes[place] = byte
                    try write(bytes, to: path)
                    do throws(ModelError) {
                        let found = try GPT(directory: directory.path)
                        // The shape of the angles and the epsilon alone can differ.
                        #expect(found.parameters.array == expected)
                    } catch {
                        #expect(!error.description.isEmpty)
                    }
                }
            }
            try write(original, to: path)
        }
        #expect(try read() == expected)
    }

    @Test("any end cut off any file: the model is refused")
    func everyLength() throws {
        for name in names where name != "generation_config.json" {
            let path = directory.path + "/" + name
            let original = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            for length in 0..<original.count - 2 {
                try write(Array(original.prefix(length)), to: path)
                #expect(throws: ModelError.self) { try GPT(directory: directory.path) }
            }
            try write(original, to: path)
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        // In place, which is much quicker than a new file.
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.write(contentsOf: bytes)
        try file.truncate(atOffset: UInt64(bytes.count))
        try file.close()
    }
}
