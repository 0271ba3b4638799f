import Bytes
import Tokenization

/// The model file of SentencePiece, `tokenizer.model`: pieces with scores in a Protocol Buffer.
///
/// Of its models the BPE is read, as Llama 2, Mistral 7B and Gemma use it: neighbours merge whose
/// text together is a piece, the highest score first and the leftmost among equals. With no two
/// scores the same, that is merging by ranks (``TokenMerger/Rule/scores(_:)``), begun with
/// characters; for runs of spaces that all have one score, as Mistral's have, see ``SpaceRuns``.
/// Characters that are no pieces become the tokens of their bytes, or the unknown token, one for
/// each run.
///
/// Source: `sentencepiece_model.proto` and `bpe_model.cc` of
/// https://github.com/google/sentencepiece.
struct SentencePieceFile {
    /// What a piece is for, as the file numbers it.
    private enum Kind: UInt64 {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    private struct Piece {
        var bytes: Range<Int> = 0..<0
        var score: Float = 0
        var kind = Kind.normal
    }

    private let text: ByteView
    private let path: String
    private var pieces: [Piece] = []

    /// The model: 1 for Unigram, 2 for BPE, 3 for words, 4 for characters.
    private var modelType: UInt64 = 1
    private var hasByteFallback = false
    private var marksEnds = false
    private var beginningID: UInt64 = 1

    private var normalizerName = ""
    private var hasNormalizerTable = false
    private var addsPrefix = true
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
        return try file.vocabulary()
    }

    private init(_ text: ByteView, path: String) {
        self.text = text
        self.path = path
    }

    private mutating func readModel() throws(ProtobufReader.Failure) {
        var reader = ProtobufReader(text, in: 0..<text.count)
        while let (field, value) = try reader.next() {
            guard case .bytes(let range) = value else { continue }
            switch field {
            case 1:
                guard pieces.count < Int(ListedTokens.maximumID) else {
                    throw .init(offset: range.lowerBound, reason: "there are too many pieces")
                }
                pieces.append(try readPiece(in: range))
            case 2: try readTrainer(in: range)
            case 3: try readNormalizer(in: range)
            default: break
            }
        }
    }

    private func readPiece(in range: Range<Int>) throws(ProtobufReader.Failure) -> Piece {
        var piece = Piece()
        var reader = ProtobufReader(text, in: range)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let bytes)): piece.bytes = bytes
            case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
            case (3, .varint(let number)):
                guard let kind = Kind(rawValue: number) else {
                    throw .init(
                        offset: range.lowerBound, reason: "a piece is of the kind \(number)")
                }
                piece.kind = kind
            default: break
            }
        }
        let name = text.array(from: piece.bytes.lowerBound, to: piece.bytes.upperBound)
        guard !name.isEmpty, String(validating: name, as: UTF8.self) != nil, piece.score.isFinite
        else {
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
            case 35: hasByteFallback = number != 0
            case 41: beginningID = number
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
            case (3, .varint(let number)): addsPrefix = number != 0
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
            } else if pieces.contains(where: { $0.kind == .unused }) {
                "it has pieces that are not to be used, which SentencePiece cuts again"
            } else if addsPrefix, pieces.contains(where: { $0.kind == .userDefined }) {
                "it puts a space before a text and has pieces of its user, before which "
                    + "tokenizers would put one, too"
            } else {
                nil
            }
        if let reason { throw .unsupported(path: path, reason: reason) }
    }

    private func name(_ piece: Piece) -> [UInt8] {
        text.array(from: piece.bytes.lowerBound, to: piece.bytes.upperBound)
    }

    private func vocabulary() throws(TokenizationError) -> (Vocabulary, [String]) {
        try check()
        var listed = ListedTokens(fileSize: text.count)
        var specials: [SpecialToken] = []
        var byteTokens = [UInt32?](repeating: nil, count: 256)
        var unknown: UInt32?
        for (index, piece) in pieces.enumerated() {
            let (name, id) = (name(piece), UInt32(index))
            let content = String(decoding: name, as: UTF8.self)
            switch piece.kind {
            case .normal, .unused:
                listed.append(TextRules.bytes(ofSpelled: name), id: id)
            case .byte:
                guard let byte = TextRules.byte(spelled: name), byteTokens[Int(byte)] == nil else {
                    throw .invalidVocabulary(
                        reason: "the piece \(id) \"\(content)\" of \(path) is no byte, or one twice"
                    )
                }
                byteTokens[Int(byte)] = id
                listed.append([byte], id: id)
            case .unknown, .control:
                if piece.kind == .unknown { unknown = unknown ?? id }
                specials.append(SpecialToken(content: content, id: TokenID(id)))
            case .userDefined:
                specials.append(
                    SpecialToken(
                        content: content, id: TokenID(id), recognition: .everywhere,
                        isSearchedLast: true))
            }
        }
        guard Set(specials.map { ExactName($0.content) }).count == specials.count else {
            throw .invalidVocabulary(reason: "a special piece of \(path) is listed twice")
        }
        var rules = TextRules()
        rules.spelling = .characters
        rules.prependsSpace = addsPrefix
        rules.leadingSpace = addsPrefix ? .one : .kept
        rules.unknown = unknown.map { TextRules.Unknown(id: $0, fuses: true) }
        let fallback = byteTokens.compactMap(\.self)
        guard hasByteFallback ? fallback.count == 256 : fallback.isEmpty && unknown != nil else {
            throw .unsupported(
                path: path,
                reason: "it has neither a token for each byte nor one for what is unknown")
        }
        let tokens = try listed.table(specials: specials, byteFallback: fallback, rules: rules) {
            _, _ in false
        }
        let vocabulary = try Vocabulary(
            characters: tokens, merges: try merges(tokens), rules: rules, specialTokens: specials)
        let beginning = specials.first {
            UInt64($0.id.rawValue) == beginningID && $0.recognition == .whereAllowed
        }
        guard let beginning, beginning.id.rawValue != unknown else { return (vocabulary, []) }
        return (
            vocabulary.beginningTexts(with: beginning.id),
            ["a model's text begins with \(beginning.content), as Llama's and Mistral's do"]
        )
    }

    /// The merges, by the scores of what they make. About O(n log n).
    private func merges(_ tokens: TokenTable) throws(TokenizationError) -> [MergePair] {
        var order = pieces.indices.filter { id in
            pieces[id].kind == .normal && tokens.byteCount(of: id) > 1
                && String(decoding: name(pieces[id]), as: UTF8.self).unicodeScalars.count > 1
        }
        order.sort { (-pieces[$0].score, $0) < (-pieces[$1].score, $1) }
        let last = order.last.map { pieces[$0].score }
        var runs = Array(order.reversed().prefix { pieces[$0].score == last })
        if runs.count < 2 || !runs.allSatisfy({ isRunOfSpaces(pieces[$0]) }) { runs = [] }
        order.removeLast(runs.count)
        for (one, other) in zip(order, order.dropFirst())
        where pieces[one].score == pieces[other].score {
            throw .unsupported(
                path: path,
                reason: "the pieces \(one) and \(other) have the same score, so that their place "
                    + "in a text decides which comes first")
        }
        var ranks = [UInt32](repeating: .max, count: pieces.count)
        for (rank, id) in order.enumerated() { ranks[id] = UInt32(rank) }
        let merger = TokenMerger(tokens, .scores(ranks))
        // One without a merge is made by no text: only all its bytes at once would be it.
        let pairs = order.compactMap { merger.lastMerge(of: $0) }
        guard !runs.isEmpty else { return pairs }
        let lengths = Dictionary(
            runs.map { (tokens.byteCount(of: $0), UInt32($0)) },
            uniquingKeysWith: { first, _ in first })
        guard lengths.keys.allSatisfy({ $0 <= SpaceRuns.longest }) else {
            throw .unsupported(
                path: path,
                reason: "it has runs of more than \(SpaceRuns.longest) spaces of the same score")
        }
        let spaces = SpaceRuns(tokens: lengths, space: tokens.byteTokens[0x20]).merges
        return pairs + spaces
    }

    private func isRunOfSpaces(_ piece: Piece) -> Bool {
        TextRules.bytes(ofSpelled: name(piece)).allSatisfy { $0 == 0x20 }
    }
}

/// Runs of spaces that all merge at the same time, the leftmost first, as merges one after another.
///
/// The leftmost first lets a run grow until nothing longer is a token, and then the next. So do
/// merges in the order of what stands on the left, the longest first: a run that has grown stands
/// before all that have not.
struct SpaceRuns {
    /// The most spaces in a run.
    static let longest = 256

    /// The token of each length.
    let tokens: [Int: UInt32]
    /// The token of one space.
    let space: UInt32

    /// The merges. O(square of the number of lengths).
    var merges: [MergePair] {
        let lengths = [1] + tokens.keys
        let pairs = lengths.flatMap { left in lengths.map { (left, $0) } }
            .filter { tokens[$0.0 + $0.1] != nil }
        return pairs.sorted { $0 > $1 }.map { left, right in
            MergePair(left: tokens[left] ?? space, right: tokens[right] ?? space)
        }
    }
}
