import Bytes
import Tokenization

/// Pieces with scores, the vocabulary of SentencePiece's BPE, as its own file and a GGUF file list
/// them.
///
/// Neighbours merge whose text together is a piece, the highest score first and the leftmost among
/// equals. With no two scores the same, that is merging by ranks (``TokenMerger/Rule/scores(_:)``),
/// begun with characters; for runs of spaces that all have one score, as Mistral's have, see
/// ``SpaceRuns``. Characters that are no pieces become the tokens of their bytes, or the unknown
/// token, one for each run.
///
/// Source: `bpe_model.cc` of https://github.com/google/sentencepiece.
struct ScoredPieces {
    /// What a piece is for, as both files number it.
    enum Kind: UInt64 {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    struct Piece {
        var name: [UInt8] = []
        var score: Float = 0
        var kind = Kind.normal

        /// Whether it has a name of characters and a score.
        var isValid: Bool {
            !name.isEmpty && String(validating: name, as: UTF8.self) != nil && score.isFinite
        }
    }

    let path: String
    /// The pieces by their numbers.
    var list: [Piece] = []
    /// Whether a character that is no piece becomes its bytes.
    var hasByteFallback = false
    /// Whether a text that does not begin with a space gets one.
    var addsPrefix = true
    /// The piece before a model's text; nil for none.
    var beginningID: UInt64? = 1

    init(path: String) { self.path = path }

    /// The vocabulary, and remarks for a person. About O(n log n) in the size.
    func vocabulary() throws(TokenizationError) -> (vocabulary: Vocabulary, remarks: [String]) {
        if addsPrefix, list.contains(where: { $0.kind == .userDefined }) {
            throw .unsupported(
                path: path,
                reason: "it puts a space before a text and has pieces of its user, before which "
                    + "tokenizers would put one, too")
        }
        var listed = ListedTokens(fileSize: list.reduce(0) { $0 + $1.name.count })
        var specials: [SpecialToken] = []
        var byteTokens = [UInt32?](repeating: nil, count: 256)
        var unknown: UInt32?
        for (index, piece) in list.enumerated() {
            let (name, id) = (piece.name, UInt32(index))
            let content = String(decoding: name, as: UTF8.self)
            switch piece.kind {
            case .unused: break
            case .normal:
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
        var order = list.indices.filter { id in
            list[id].kind == .normal && tokens.byteCount(of: id) > 1
                && String(decoding: list[id].name, as: UTF8.self).unicodeScalars.count > 1
        }
        order.sort { (-list[$0].score, $0) < (-list[$1].score, $1) }
        let last = order.last.map { list[$0].score }
        var runs = Array(order.reversed().prefix { list[$0].score == last })
        if runs.count < 2 || !runs.allSatisfy({ isRunOfSpaces(list[$0]) }) { runs = [] }
        order.removeLast(runs.count)
        for (one, other) in zip(order, order.dropFirst())
        where list[one].score == list[other].score {
            throw .unsupported(
                path: path,
                reason: "the pieces \(one) and \(other) have the same score, so that their place "
                    + "in a text decides which comes first")
        }
        var ranks = [UInt32](repeating: .max, count: list.count)
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
        TextRules.bytes(ofSpelled: piece.name).allSatisfy { $0 == 0x20 }
    }
}
