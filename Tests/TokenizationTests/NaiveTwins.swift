@testable import Tokenization
@testable import VocabularyLearning

/// Encoding as its definition says: look for the best pair, merge it, look again.
struct NaiveEncoder {
    let vocabulary: Vocabulary
    private let ranks: [MergePair: Int]

    init(_ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
        ranks = Dictionary(
            uniqueKeysWithValues: vocabulary.merges.pairs.enumerated().map { ($1, $0) })
    }

    func encode(_ text: [UInt8]) -> [TokenID] {
        vocabulary.pattern.pieces(text).flatMap(encodePiece)
    }

    func encodePiece(_ piece: [UInt8]) -> [TokenID] {
        if vocabulary.mergeSemantics == .wholePieceFirst, let id = vocabulary.id(piece) {
            return [id]
        }
        var ids = piece.map { vocabulary.id([$0])?.rawValue ?? .max }
        while true {
            var best: (rank: Int, place: Int)?
            for place in ids.indices.dropLast() {
                let pair = MergePair(left: ids[place], right: ids[place + 1])
                if let rank = ranks[pair], rank < best?.rank ?? .max { best = (rank, place) }
            }
            guard let best else { return ids.map { TokenID($0) } }
            ids.replaceSubrange(
                best.place...best.place + 1, with: [vocabulary.merges.results[best.rank]])
        }
    }
}

/// Learning as its definition says: count every pair of every piece anew before each merge.
enum NaiveTrainer {
    static func merges(
        _ texts: [[UInt8]], _ configuration: VocabularyConfiguration
    ) -> [MergePair] {
        var pieces: [[UInt8]: UInt64] = [:]
        for text in texts {
            for piece in configuration.pattern.pieces(text) { pieces[piece, default: 0] += 1 }
        }
        return merges(pieces, configuration)
    }

    /// - Parameter given: merges that are made first, whatever is frequent.
    static func merges(
        _ counts: [[UInt8]: UInt64], _ configuration: VocabularyConfiguration,
        after given: [MergePair] = []
    ) -> [MergePair] {
        let first = configuration.specialTokens.count
        let order = ByteCharacters.bytesInOrder
        var pieces: [[UInt32]: UInt64] = [:]
        for (piece, count) in counts {
            let ids = piece.map { UInt32(first + (order.firstIndex(of: $0) ?? 0)) }
            pieces[ids] = count
        }
        /// Number that the tie rule compares: a byte's value if it says so.
        func number(_ id: UInt32) -> Int {
            guard configuration.tieRule == .bytes, Int(id) < first + 256 else { return Int(id) }
            return first + Int(order[Int(id) - first])
        }
        var lengths = [Int](repeating: 1, count: first + 256)
        var merges: [MergePair] = []
        while lengths.count < configuration.vocabularySize {
            var counts: [MergePair: UInt64] = [:]
            for (ids, count) in pieces {
                for (left, right) in zip(ids, ids.dropFirst()) {
                    let length = lengths[Int(left)] + lengths[Int(right)]
                    let isGrown = length > 2 && configuration.tieRule == .huggingface
                    guard
                        isGrown
                            ? length < configuration.maximumTokenLength ?? .max
                            : length <= configuration.maximumTokenLength ?? .max
                    else { continue }
                    counts[MergePair(left: left, right: right), default: 0] += count
                }
            }
            let best = counts.max { one, other in
                (one.value, number(other.key.left), number(other.key.right))
                    < (other.value, number(one.key.left), number(one.key.right))
            }
            let pair: MergePair
            if merges.count < given.count {
                pair = given[merges.count]
            } else {
                guard let best, best.value >= UInt64(max(1, configuration.minimumFrequency)) else {
                    break
                }
                pair = best.key
            }
            let id = UInt32(lengths.count)
            merges.append(pair)
            lengths.append(lengths[Int(pair.left)] + lengths[Int(pair.right)])
            var merged: [[UInt32]: UInt64] = [:]
            for (ids, count) in pieces {
                var result: [UInt32] = []
                var index = 0
                while index < ids.count {
                    if index + 1 < ids.count, ids[index] == pair.left,
                        ids[index + 1] == pair.right
                    {
                        result.append(id)
                        index += 2
                    } else {
                        result.append(ids[index])
                        index += 1
                    }
                }
                merged[result, default: 0] += count
            }
            pieces = merged
        }
        return merges
    }
}
