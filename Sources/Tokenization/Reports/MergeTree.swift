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
        let ranks = Dictionary(
            zip(merges.pairs, merges.pairs.indices), uniquingKeysWith: { first, _ in first })
        return pattern.pieces(of: text).flatMap { mergeTrees(ofPiece: $0, ranks) }
    }

    private func mergeTrees(ofPiece piece: [UInt8], _ ranks: [MergePair: Int]) -> [MergeTree] {
        var trees = piece.map {
            MergeTree(token: TokenID(tokens.byteTokens[Int($0)]), rank: nil, parts: [])
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
                token: TokenID(merges.results[rank]), rank: rank,
                parts: Array(trees[place...place + 1]))
            trees.replaceSubrange(place...place + 1, with: [merged])
        }
        if mergeSemantics == .wholePieceFirst, let whole = id(of: piece.span), trees.count > 1 {
            return [MergeTree(token: whole, rank: nil, parts: [])]
        }
        return trees
    }
}
