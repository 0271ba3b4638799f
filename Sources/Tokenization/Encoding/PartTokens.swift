import Bytes

/// What becomes of parts, the tokens that exist only while a piece is merged: the tokens of their
/// bytes, or the unknown token.
struct PartTokens {
    private let tokens: TokenTable
    private let rules: TextRules

    /// What becomes of the parts of `vocabulary`; nil if it has none, or texts with parts in their
    /// ids are not encoded.
    init?(_ vocabulary: Vocabulary) {
        let tokens = vocabulary.tokens
        guard tokens.hasParts, vocabulary.lackedBytes.isEmpty else { return nil }
        self.tokens = tokens
        rules = vocabulary.rules
    }

    /// Puts tokens in place of the parts among the first `count` of `ids`, which are those of a
    /// piece, and returns how many ids there are then: at most as many as the piece has bytes.
    /// O(bytes).
    func replace(in ids: BufferView<UInt32>, count: Int) -> Int {
        guard (0..<count).contains(where: { ids[$0] >= tokens.count }) else { return count }
        let result = replaced((0..<count).map { ids[$0] })
        for (index, id) in result.enumerated() { ids[index] = id }
        return result.count
    }

    /// `ids` with tokens in place of parts. O(bytes).
    func replaced(_ ids: [UInt32]) -> [UInt32] {
        var result: [UInt32] = []
        result.reserveCapacity(ids.count)
        var bytes: [UInt8] = []
        for id in ids {
            if id >= tokens.count {
                bytes += tokens.bytes(of: Int(id))
            } else {
                append(bytes, to: &result)
                bytes.removeAll(keepingCapacity: true)
                result.append(id)
            }
        }
        append(bytes, to: &result)
        return result
    }

    /// Appends what becomes of the bytes of a run of parts.
    private func append(_ bytes: [UInt8], to result: inout [UInt32]) {
        guard !bytes.isEmpty else { return }
        guard let unknown = rules.unknown, tokens.byteFallback.isEmpty else {
            result += bytes.map { tokens.byteTokens[Int($0)] }
            return
        }
        guard !unknown.fuses else {
            // What merging made of its neighbours is never the unknown token.
            result.append(unknown.id)
            return
        }
        // One for each character: a byte, in the spelling that has a character for each.
        var count = bytes.count
        if rules.isOfCharacters {
            count = ByteView.with(bytes.span) { text in
                var (index, count) = (0, 0)
                while index < text.count {
                    index += decodeCodePoint(text, index).length
                    count += 1
                }
                return count
            }
        }
        result += Array(repeating: unknown.id, count: count)
    }
}
