@testable import Tokenization

/// The head of a GGUF file, written down from its specification.
struct GGUFSample {
    private(set) var bytes = Array("GGUF".utf8)

    mutating func integer(_ value: Int, bytes count: Int) {
        for shift in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * shift))) }
    }

    mutating func string(_ text: String) {
        integer(text.utf8.count, bytes: 8)
        bytes += Array(text.utf8)
    }

    mutating func strings(_ key: String, _ values: [String]) {
        string(key)
        integer(9, bytes: 4)
        integer(8, bytes: 4)
        integer(values.count, bytes: 8)
        for value in values { string(value) }
    }

    /// An array of numbers of four bytes.
    mutating func numbers(_ key: String, kind: Int, _ values: [Int]) {
        string(key)
        integer(9, bytes: 4)
        integer(kind, bytes: 4)
        integer(values.count, bytes: 8)
        for value in values { integer(value, bytes: 4) }
    }

    /// A file with the tokenizer of `vocabulary`, and other things around it.
    static func file(
        _ vocabulary: Vocabulary, pre: String = "gpt-2", model: String = "gpt2",
        types: [Int: Int] = [:], version: Int = 3
    ) -> [UInt8] {
        var file = GGUFSample()
        let names = vocabulary.tokenNames()
        file.integer(version, bytes: 4)
        file.integer(0, bytes: 8)
        file.integer(8, bytes: 8)
        file.string("general.architecture")
        file.integer(8, bytes: 4)
        file.string("gpt2")
        file.string("gpt2.context_length")
        file.integer(4, bytes: 4)
        file.integer(1024, bytes: 4)
        // An array of arrays, which is none of the tokenizer's business.
        file.string("x.nested")
        file.integer(9, bytes: 4)
        file.integer(9, bytes: 4)
        file.integer(1, bytes: 8)
        file.integer(10, bytes: 4)
        file.integer(2, bytes: 8)
        file.integer(1, bytes: 8)
        file.integer(2, bytes: 8)
        for (key, value) in [("model", model), ("pre", pre)] {
            file.string("tokenizer.ggml." + key)
            file.integer(8, bytes: 4)
            file.string(value)
        }
        file.strings(
            "tokenizer.ggml.tokens",
            names.enumerated().map { $1.isEmpty ? "[PAD\($0)]" : $1 })
        file.string("tokenizer.ggml.token_type")
        file.integer(9, bytes: 4)
        file.integer(5, bytes: 4)
        file.integer(names.count, bytes: 8)
        for (id, name) in names.enumerated() {
            let isSpecial = vocabulary.isSpecial(TokenID(id))
            file.integer(types[id] ?? (name.isEmpty ? 5 : isSpecial ? 3 : 1), bytes: 4)
        }
        file.strings(
            "tokenizer.ggml.merges",
            vocabulary.merges.pairs.map { "\(names[Int($0.left)]) \(names[Int($0.right)])" })
        return file.bytes
    }
}
