/// The bytes of every token, and the way back from bytes to the token.
///
/// Flat: one array of bytes and one of offsets, and a hash table of ids that points into them.
final class TokenTable: Sendable {
    /// How many tokens there are.
    let count: Int

    private let byteBuffer: OwnedBuffer<UInt8>
    private let offsetBuffer: OwnedBuffer<UInt32>
    private let slotBuffer: OwnedBuffer<UInt32>
    private let byteTokenBuffer: OwnedBuffer<UInt32>

    /// All tokens' bytes, one token after another.
    var bytes: BufferView<UInt8> { byteBuffer.view }

    /// Where each token's bytes begin; one more entry at the end.
    var offsets: BufferView<UInt32> { offsetBuffer.view }

    /// The token of each single byte.
    var byteTokens: BufferView<UInt32> { byteTokenBuffer.view }

    /// Marks an empty slot.
    private static let empty = UInt32.max

    /// The tokens whose bytes are `arena[offsets[id]..<offsets[id + 1]]`.
    ///
    /// - Parameter isSpecial: ids that text never becomes; they are left out of the way back.
    init(
        arena: [UInt8], offsets: [Int], isSpecial: (Int) -> Bool
    ) throws(TokenizationError) {
        let count = offsets.count - 1
        guard arena.count <= Int(UInt32.max), count < Int(UInt32.max) else {
            throw .invalidVocabulary(reason: "its tokens are longer than 4 GiB together")
        }
        let mask = powerOfTwo(atLeast: max(16, count * 2)) - 1
        var slots = [UInt32](repeating: Self.empty, count: mask + 1)
        var byteTokens = [UInt32](repeating: Self.empty, count: 256)
        try ByteView.with(arena.span) { (view) throws(TokenizationError) in
            for id in 0..<count where !isSpecial(id) {
                let (start, end) = (offsets[id], offsets[id + 1])
                guard start < end else {
                    throw .invalidVocabulary(reason: "token \(id) is empty")
                }
                var slot = Int(truncatingIfNeeded: quickHash(of: view, from: start, to: end)) & mask
                while slots[slot] != Self.empty {
                    let other = Int(slots[slot])
                    let (otherStart, otherEnd) = (offsets[other], offsets[other + 1])
                    if end - start == otherEnd - otherStart,
                        (0..<end - start).allSatisfy({ view[start + $0] == view[otherStart + $0] })
                    {
                        throw .invalidVocabulary(
                            reason: "tokens \(other) and \(id) are the same bytes")
                    }
                    slot = (slot + 1) & mask
                }
                slots[slot] = UInt32(id)
                if end - start == 1 { byteTokens[Int(view[start])] = UInt32(id) }
            }
        }
        for (byte, id) in byteTokens.enumerated() where id == Self.empty {
            throw .invalidVocabulary(
                reason: "the byte \(byte) has no token, so not every text could be encoded")
        }
        self.count = count
        byteBuffer = OwnedBuffer(arena)
        offsetBuffer = OwnedBuffer(offsets.map { UInt32($0) })
        slotBuffer = OwnedBuffer(slots)
        byteTokenBuffer = OwnedBuffer(byteTokens)
    }

    /// The number of the ordinary token that is the bytes from `start` up to `end`; `nil` if there is
    /// none. O(length).
    @inline(__always)
    func id(of text: ByteView, from start: Int, to end: Int) -> UInt32? {
        let slots = slotBuffer.view
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: quickHash(of: text, from: start, to: end)) & mask
        while slots[slot] != Self.empty {
            let id = slots[slot]
            if matches(text, from: start, to: end, token: Int(id)) { return id }
            slot = (slot + 1) & mask
        }
        return nil
    }

    @inline(__always)
    private func matches(_ text: ByteView, from start: Int, to end: Int, token: Int) -> Bool {
        let first = Int(offsets[token])
        guard Int(offsets[token + 1]) - first == end - start else { return false }
        for index in 0..<end - start where text[start + index] != bytes[first + index] {
            return false
        }
        return true
    }

    /// The bytes of one token. O(length).
    func bytes(of id: Int) -> [UInt8] {
        (Int(offsets[id])..<Int(offsets[id + 1])).map { bytes[$0] }
    }

    /// How long one token is.
    @inline(__always)
    func byteCount(of id: Int) -> Int {
        Int(offsets[id + 1] - offsets[id])
    }
}
