import Bytes
import Tokenization

/// The model file of SentencePiece, `tokenizer.model`: pieces with scores in a Protocol Buffer.
///
/// Of its models the BPE is read, as Llama 2, Mistral 7B and Gemma use it: ``ScoredPieces``.
///
/// Source: `sentencepiece_model.proto` of https://github.com/google/sentencepiece.
struct SentencePieceFile {
    private let text: ByteView
    private let path: String
    private var pieces: ScoredPieces

    /// The model: 1 for Unigram, 2 for BPE, 3 for words, 4 for characters.
    private var modelType: UInt64 = 1
    private var marksEnds = false

    private var normalizerName = ""
    private var hasNormalizerTable = false
    private var removesSpaces = true
    private var marksSpaces = true

    /// Whether the bytes begin as such a file does: with a piece.
    static func isFile(_ text: ByteView) -> Bool {
        var reader = ProtobufReader(text, in: 0..<text.count)
        guard case (1, .bytes(let range))? = try? reader.next() else { return false }
        var piece = ProtobufReader(text, in: range)
        guard case (1, .bytes(let name))? = try? piece.next() else { return false }
        return !name.isEmpty
    }

    /// The vocabulary of a whole file, and remarks for a person. About O(n log n) in the size.
    static func read(
        _ text: ByteView, path: String
    ) throws(TokenizationError) -> (vocabulary: Vocabulary, remarks: [String]) {
        var file = SentencePieceFile(text, path: path)
        do throws(ProtobufReader.Failure) {
            try file.readModel()
        } catch {
            throw .malformed(path: path, offset: error.offset, reason: error.reason)
        }
        try file.check()
        return try file.pieces.vocabulary()
    }

    private init(_ text: ByteView, path: String) {
        self.text = text
        self.path = path
        pieces = ScoredPieces(path: path)
    }

    private mutating func readModel() throws(ProtobufReader.Failure) {
        var reader = ProtobufReader(text, in: 0..<text.count)
        while let (field, value) = try reader.next() {
            guard case .bytes(let range) = value else { continue }
            switch field {
            case 1:
                guard pieces.list.count < Int(ListedTokens.maximumID) else {
                    throw .init(offset: range.lowerBound, reason: "there are too many pieces")
                }
                pieces.list.append(try readPiece(in: range))
            case 2: try readTrainer(in: range)
            case 3: try readNormalizer(in: range)
            default: break
            }
        }
    }

    private func readPiece(
        in range: Range<Int>
    ) throws(ProtobufReader.Failure) -> ScoredPieces.Piece {
        var piece = ScoredPieces.Piece()
        var reader = ProtobufReader(text, in: range)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let bytes)):
                piece.name = text.array(from: bytes.lowerBound, to: bytes.upperBound)
            case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
            case (3, .varint(let number)):
                guard let kind = ScoredPieces.Kind(rawValue: number) else {
                    throw .init(
                        offset: range.lowerBound, reason: "a piece is of the kind \(number)")
                }
                piece.kind = kind
            default: break
            }
        }
        guard piece.isValid else {
            throw .init(
                offset: range.lowerBound, reason: "a piece is empty, no UTF-8 or has no score")
        }
        return piece
    }

    private mutating func readTrainer(in range: Range<Int>) throws(ProtobufReader.Failure) {
        var reader = ProtobufReader(text, in: range)
        while let (field, value) = try reader.next() {
            guard case .varint(let number) = value else { continue }
            switch field {
            case 3: modelType = number
            case 24: marksEnds = number != 0
            case 35: pieces.hasByteFallback = number != 0
            case 41: pieces.beginningID = number
            default: break
            }
        }
    }

    private mutating func readNormalizer(in range: Range<Int>) throws(ProtobufReader.Failure) {
        var reader = ProtobufReader(text, in: range)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let name)):
                normalizerName = String(
                    decoding: text.array(from: name.lowerBound, to: name.upperBound),
                    as: UTF8.self)
            case (2, .bytes(let table)): hasNormalizerTable = !table.isEmpty
            case (3, .varint(let number)): pieces.addsPrefix = number != 0
            case (4, .varint(let number)): removesSpaces = number != 0
            case (5, .varint(let number)): marksSpaces = number != 0
            default: break
            }
        }
    }

    /// Throws unless texts are cut as here.
    private func check() throws(TokenizationError) {
        let kinds: [UInt64: String] = [
            1: "Unigram, such as T5's and XLM-R's", 3: "of words", 4: "of characters",
        ]
        let reason: String? =
            if modelType != 2 {
                "its SentencePiece model is \(kinds[modelType] ?? "of no known kind"); only BPE is "
                    + "known"
            } else if hasNormalizerTable {
                "it has SentencePiece's normalizer \(normalizerName), whose table is not known"
            } else if removesSpaces {
                "it leaves out spaces that follow others (remove_extra_whitespaces)"
            } else if marksEnds || !marksSpaces {
                "it does not put ▁ for a space before a word"
            } else if pieces.list.contains(where: { $0.kind == .unused }) {
                "it has pieces that are not to be used, which SentencePiece cuts again"
            } else {
                nil
            }
        if let reason { throw .unsupported(path: path, reason: reason) }
    }
}
