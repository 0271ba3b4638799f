import Bytes

/// A token and the two that it was merged from, down to single bytes.
public struct MergeTree: Sendable, Equatable {
    /// The token.
    public let token: TokenID

    /// The place of the merge that made it among all merges, from 0; `nil` for a single byte, and
    /// for a token that was taken whole and that no merges make.
    public let rank: Int?

    /// The left and the right token that were merged; empty where there is no ``rank``.
    public let parts: [MergeTree]
}

extension Vocabulary {
    /// Merge trees of the tokens of `text`, in order. O(n²) in the length of a piece, so it is for
    /// looking at words.
    public func mergeTrees(of text: Span<UInt8>) -> [MergeTree] {
        let maker = MergeTreeMaker(self)
        return pattern.pieces(of: text).flatMap(maker.trees(ofPiece:))
    }
}

/// Maker of the merge trees of a vocabulary, for those who ask again and again.
package struct MergeTreeMaker: Sendable {
    private let vocabulary: Vocabulary
    private let ranks: [MergePair: Int]

    /// A maker for `vocabulary`. O(merges).
    package init(_ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
        let merges = vocabulary.merges
        ranks = Dictionary(
            zip(merges.pairs, merges.pairs.indices), uniquingKeysWith: { first, _ in first })
    }

    /// Merge trees of the tokens of a piece, as the vocabulary's pattern cuts it out of a text.
    /// O(n²).
    package func trees(ofPiece piece: [UInt8]) -> [MergeTree] {
        var trees = vocabulary.symbols(of: piece).map {
            MergeTree(token: $0, rank: nil, parts: [])
        }
        while true {
            // As the definition says: the earliest merge first, and the leftmost of equals.
            var best: (rank: Int, place: Int)?
            for place in trees.indices.dropLast() {
                let pair = MergePair(
                    left: trees[place].token.rawValue, right: trees[place + 1].token.rawValue)
                if let rank = ranks[pair], rank < best?.rank ?? .max { best = (rank, place) }
            }
            guard let (rank, place) = best else { break }
            let merged = MergeTree(
                token: TokenID(vocabulary.merges.results[rank]), rank: rank,
                parts: Array(trees[place...place + 1]))
            trees.replaceSubrange(place...place + 1, with: [merged])
        }
        if vocabulary.mergeSemantics == .wholePieceFirst, trees.count > 1,
            let whole = vocabulary.id(of: piece.span)
        {
            return [MergeTree(token: whole, rank: nil, parts: [])]
        }
        return trees
    }
}

extension Vocabulary {
    /// The tokens with which merging begins: those of the bytes of `piece`, or of its characters
    /// where tokens are spelled in those; none for what no token stands for. O(count).
    func symbols(of piece: [UInt8]) -> [TokenID] {
        func token(_ byte: UInt8) -> TokenID? {
            let id = tokens.byteTokens[Int(byte)]
            return id < count ? TokenID(id) : rules.unknown.map { TokenID($0.id) }
        }
        guard rules.isOfCharacters else { return piece.compactMap(token) }
        return ByteView.with(piece.span) { text in
            var symbols: [TokenID] = []
            var index = 0
            while index < text.count {
                let length = decodeCodePoint(text, index).length
                if let id = tokens.id(of: text, from: index, to: index + length) {
                    symbols.append(TokenID(id))
                } else if !tokens.byteFallback.isEmpty {
                    symbols += (index..<index + length).compactMap { token(text[$0]) }
                } else if let unknown = rules.unknown {
                    symbols.append(TokenID(unknown.id))
                }
                index += length
            }
            return symbols
        }
    }
}
