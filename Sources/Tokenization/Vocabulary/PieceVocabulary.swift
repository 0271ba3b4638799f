/// A vocabulary that is nothing but the distinct pieces of one text, numbered in byte order.
///
/// It shows what characters or words as tokens are like, and why neither is enough: a piece that
/// the text did not have cannot be encoded.
///
/// ```swift
/// let text = Array("Hold my math!".utf8)
/// let vocabulary = PieceVocabulary(of: text.span, pattern: .word)
/// try vocabulary.encode(text.span)  // 6 pieces, one of them "!"
/// ```
public struct PieceVocabulary: Sendable {
    /// Pattern that cuts texts into pieces.
    public let pattern: SplitPattern

    /// The pieces; a piece's index is its number.
    public let pieces: [[UInt8]]

    private let numbers: [[UInt8]: UInt32]

    /// The distinct pieces of `text`. O(n log n).
    public init(of text: Span<UInt8>, pattern: SplitPattern) {
        self.pattern = pattern
        var distinct: Set<[UInt8]> = []
        var piece: [UInt8] = []
        pattern.forEachPiece(of: text) { range in
            piece.removeAll(keepingCapacity: true)
            for index in range { piece.append(text[index]) }
            if !distinct.contains(piece) { distinct.insert(Array(piece)) }
        }
        pieces = distinct.sorted { $0.lexicographicallyPrecedes($1) }
        numbers = Dictionary(
            uniqueKeysWithValues: pieces.enumerated().map { ($1, UInt32($0)) })
    }

    /// Number of pieces.
    public var count: Int { pieces.count }

    /// The number of a piece.
    ///
    /// - Throws: ``TokenizationError/unknownPiece(_:)``.
    public func number(of piece: [UInt8]) throws(TokenizationError) -> TokenID {
        guard let number = numbers[piece] else {
            throw .unknownPiece(Vocabulary.printable(piece))
        }
        return TokenID(number)
    }

    /// The numbers of the pieces of `text`. O(count of `text`).
    ///
    /// - Throws: ``TokenizationError/unknownPiece(_:)``.
    public func encode(_ text: Span<UInt8>) throws(TokenizationError) -> [TokenID] {
        var ids: [TokenID] = []
        for piece in pattern.pieces(of: text) {
            ids.append(try number(of: piece))
        }
        return ids
    }

    /// The text that `ids` stand for. O(count of the bytes).
    ///
    /// - Throws: ``TokenizationError/unknownToken(id:vocabularyCount:)``.
    public func decode(_ ids: [TokenID]) throws(TokenizationError) -> [UInt8] {
        var text: [UInt8] = []
        for id in ids {
            guard id.rawValue < UInt32(count) else {
                throw .unknownToken(id: id, vocabularyCount: count)
            }
            text.append(contentsOf: pieces[id.index])
        }
        return text
    }
}
