@testable import Tokenization
@testable import VocabularyFiles

/// A model file put together from its pieces.
struct SentencePieceModel {
    var pieces: [(name: String, score: Float, kind: UInt8)] = []
    var modelType: UInt8 = 2
    var fallsBack = true
    var addsPrefix = true
    var removesSpaces = false
    /// Of a GGUF file alone.
    var beginsTexts = true
    var table: [UInt8] = []

    private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        var length = bytes.count
        var result = [number << 3 | 2]
        while length >= 0x80 {
            result.append(UInt8(length & 0x7F) | 0x80)
            length >>= 7
        }
        return result + [UInt8(length)] + bytes
    }

    var bytes: [UInt8] {
        let list = pieces.flatMap { piece in
            let score = (0..<4).map {
                UInt8(truncatingIfNeeded: piece.score.bitPattern >> (8 * $0))
            }
            return Self.field(
                1, Self.field(1, Array(piece.name.utf8)) + [0x15] + score + [0x18, piece.kind])
        }
        let trainer = [0x18, modelType, 0x98, 0x02, fallsBack ? 1 : 0]
        let normalizer =
            Self.field(1, Array("identity".utf8)) + Self.field(2, table)
            + [0x18, addsPrefix ? 1 : 0, 0x20, removesSpaces ? 1 : 0]
        // A field that is not known, and one of eight bytes.
        let others: [UInt8] = [0x79, 1, 2, 3, 4, 5, 6, 7, 8]
        return list + Self.field(2, trainer) + others + Self.field(3, normalizer)
    }

    /// The same as the head of a GGUF file.
    var gguf: [UInt8] {
        var file = GGUFSample()
        file.integer(3, bytes: 4)
        file.integer(0, bytes: 8)
        file.integer(6, bytes: 8)
        file.string("tokenizer.ggml.model")
        file.integer(8, bytes: 4)
        file.string("llama")
        file.strings("tokenizer.ggml.tokens", pieces.map(\.name))
        file.numbers("tokenizer.ggml.scores", kind: 6, pieces.map { Int($0.score.bitPattern) })
        file.numbers("tokenizer.ggml.token_type", kind: 5, pieces.map { Int($0.kind) })
        for (key, flag) in [("add_space_prefix", addsPrefix), ("add_bos_token", beginsTexts)] {
            file.string("tokenizer.ggml." + key)
            file.integer(7, bytes: 4)
            file.integer(flag ? 1 : 0, bytes: 1)
        }
        return file.bytes
    }

    /// Special pieces, the bytes, characters, and merged pieces with falling scores.
    init(_ merged: [String], characters: String = "▁theé漢字ab") {
        pieces = [("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3)]
        for byte in 0..<256 {
            let digits = String(byte, radix: 16, uppercase: true)
            pieces.append(("<0x" + (byte < 16 ? "0" : "") + digits + ">", 0, 6))
        }
        for (index, name) in merged.enumerated() { pieces.append((name, -Float(index), 1)) }
        for character in characters { pieces.append((String(character), -1e6, 1)) }
    }

    func read() throws -> Vocabulary {
        try VocabularyImport().read(bytes, .sentencepiece).vocabulary
    }

    var refusal: String {
        do {
            _ = try read()
            return ""
        } catch {
            return "\(error)"
        }
    }

    /// Characters, the pair of the highest score first and the leftmost of equals.
    func naive(_ text: String) -> [UInt32] {
        let known = Dictionary(
            pieces.enumerated().filter { $1.kind == 1 }.map { ($1.name, $0) },
            uniquingKeysWith: { first, _ in first })
        let form = (addsPrefix && !text.isEmpty ? " " : "") + text
        var symbols = form.replacing(" ", with: "▁").unicodeScalars.map { String($0) }
        while true {
            var best: (score: Float, place: Int)?
            for place in symbols.indices.dropLast() {
                guard let id = known[symbols[place] + symbols[place + 1]] else { continue }
                if best.map({ pieces[id].score > $0.score }) ?? true {
                    best = (pieces[id].score, place)
                }
            }
            guard let (_, place) = best else { break }
            symbols.replaceSubrange(
                place...place + 1, with: [symbols[place] + symbols[place + 1]])
        }
        return symbols.flatMap { symbol in
            known[symbol].map { [UInt32($0)] } ?? symbol.utf8.map { UInt32($0) + 3 }
        }
    }
}
