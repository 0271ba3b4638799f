import Bytes

/// The way from bytes to characters as merges, for vocabularies that are spelled in characters.
///
/// Merging begins with bytes there too. Merges before all others make a character of its bytes, the
/// first two first, wherever it is a token; what they make on the way, the beginning of a
/// character, is a part. In well-formed UTF-8 a byte that begins a character is in no other place,
/// so that these merges cross no border between characters. A beginning that does not end in a
/// character that is a token stays, and becomes the tokens of its bytes or the unknown token.
enum CharacterParts {
    /// The beginnings of two and three bytes of the tokens that are one character, in order.
    ///
    /// - Parameters:
    ///   - bytes: the bytes of all tokens.
    ///   - ends: where each begins, and the end.
    ///   - hidden: numbers of tokens that text does not become.
    static func parts(
        of bytes: ByteView, _ ends: BufferView<UInt32>, outside hidden: [UInt32]
    ) -> [[UInt8]] {
        let hidden = Set(hidden)
        var parts: Set<[UInt8]> = []
        for id in 0..<ends.count - 1 where !hidden.contains(UInt32(id)) {
            let (start, length) = (Int(ends[id]), Int(ends[id + 1] - ends[id]))
            guard isCharacter(bytes, start, length) else { continue }
            for end in 2..<length { parts.insert(bytes.array(from: start, to: start + end)) }
        }
        return parts.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Whether the bytes are one character of more than one byte.
    private static func isCharacter(_ bytes: ByteView, _ start: Int, _ length: Int) -> Bool {
        guard length > 1, length <= 4 else { return false }
        let (point, found) = decodeCodePoint(bytes, start)
        return point != nil && found == length
    }

    /// The merges that make the characters that are tokens of their bytes. O(size).
    static func joins(_ tokens: TokenTable) -> [MergePair] {
        var known: Set<MergePair> = []
        var joins: [MergePair] = []
        let bytes = ByteView(tokens.bytes, count: tokens.bytes.count)
        for id in 0..<tokens.count where tokens.isOrdinary(id) {
            let (start, length) = (Int(tokens.offsets[id]), tokens.byteCount(of: id))
            guard isCharacter(bytes, start, length) else { continue }
            var left = tokens.byteTokens[Int(bytes[start])]
            for end in 2...length {
                let pair = MergePair(
                    left: left, right: tokens.byteTokens[Int(bytes[start + end - 1])])
                if known.insert(pair).inserted { joins.append(pair) }
                // All beginnings are parts.
                guard let next = tokens.idOrPart(of: bytes, from: start, to: start + end) else {
                    break
                }
                left = next
            }
        }
        return joins
    }
}
