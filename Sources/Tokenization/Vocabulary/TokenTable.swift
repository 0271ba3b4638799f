/// The bytes of every token, and the way back from bytes to the token.
///
/// Flat: one array of bytes and one of offsets, and a hash table of ids that points into them.
final class TokenTable: Sendable {
    /// One more than the largest number of a token.
    let count: Int

    /// The tokens that text never becomes, in increasing order.
    let specialIDs: [UInt32]

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

    /// The tokens whose bytes are `arena[offsets[id]..<offsets[id + 1]]`; a number without bytes is
    /// not used.
    ///
    /// - Parameter specialIDs: the tokens that text never becomes, in increasing order; they are
    ///   left out of the way back.
    convenience init(
        arena: [UInt8], offsets: [Int], specialIDs: [UInt32]
    ) throws(TokenizationError) {
        guard arena.count <= Int(UInt32.max) else {
            throw .invalidVocabulary(reason: "its tokens are longer than 4 GiB together")
        }
        try self.init(
            arena: OwnedBuffer(arena), offsets: OwnedBuffer(offsets.map { UInt32($0) }),
            specialIDs: specialIDs)
    }

    /// As above, for buffers that are filled already. O(size).
    init(
        arena: consuming OwnedBuffer<UInt8>, offsets: consuming OwnedBuffer<UInt32>,
        specialIDs: [UInt32]
    ) throws(TokenizationError) {
        let ends = offsets.view
        let view = ByteView(arena.view, count: arena.view.count)
        let count = ends.count - 1
        let buffer = OwnedBuffer(
            repeating: Self.empty, count: powerOfTwo(atLeast: max(16, count * 2)))
        let slots = buffer.view
        let mask = slots.count - 1
        let byteTokens = OwnedBuffer(repeating: Self.empty, count: 256)
        var specials = 0
        for id in 0..<count {
            if specials < specialIDs.count, id == Int(specialIDs[specials]) {
                specials += 1
                continue
            }
            let (start, end) = (Int(ends[id]), Int(ends[id + 1]))
            guard start < end else { continue }
            var slot = Int(truncatingIfNeeded: quickHash(of: view, from: start, to: end)) & mask
            while slots[slot] != Self.empty {
                let other = Int(slots[slot])
                let (otherStart, otherEnd) = (Int(ends[other]), Int(ends[other + 1]))
                if end - start == otherEnd - otherStart,
                    view.equals(at: start, view, at: otherStart, length: end - start)
                {
                    throw .invalidVocabulary(
                        reason: "tokens \(other) and \(id) are the same bytes")
                }
                slot = (slot + 1) & mask
            }
            slots[slot] = UInt32(id)
            if end - start == 1 { byteTokens.view[Int(view[start])] = UInt32(id) }
        }
        for byte in 0..<256 where byteTokens.view[byte] == Self.empty {
            throw .invalidVocabulary(
                reason: "the byte \(byte) has no token, so not every text could be encoded")
        }
        self.count = count
        self.specialIDs = specialIDs
        byteBuffer = arena
        offsetBuffer = offsets
        slotBuffer = buffer
        byteTokenBuffer = byteTokens
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
        return text.equals(
            at: start, ByteView(bytes, count: bytes.count), at: first, length: end - start)
    }

    /// Whether the bytes of `id` are those of `left` and then those of `right`. O(length).
    func isJoin(of left: UInt32, _ right: UInt32, token id: Int) -> Bool {
        let text = ByteView(bytes, count: bytes.count)
        let (leftCount, rightCount) = (byteCount(of: Int(left)), byteCount(of: Int(right)))
        let start = Int(offsets[id])
        return byteCount(of: id) == leftCount + rightCount
            && text.equals(at: start, text, at: Int(offsets[Int(left)]), length: leftCount)
            && text.equals(
                at: start + leftCount, text, at: Int(offsets[Int(right)]), length: rightCount)
    }

    /// The ordinary token that is the bytes of `left` and then those of `right`; `nil` if there is
    /// none. O(length).
    func join(of left: UInt32, _ right: UInt32) -> UInt32? {
        let joined = bytes(of: Int(left)) + bytes(of: Int(right))
        return ByteView.with(joined.span) { id(of: $0, from: 0, to: $0.count) }
    }

    /// Whether `id` is a special token. O(log of their number).
    func isSpecial(_ id: UInt32) -> Bool {
        guard let first = specialIDs.first, let last = specialIDs.last, id >= first, id <= last
        else { return false }
        var (low, high) = (0, specialIDs.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if specialIDs[middle] < id { low = middle + 1 } else { high = middle }
        }
        return specialIDs[low] == id
    }

    /// Whether `id` stands for anything; a vocabulary may leave numbers unused.
    @inline(__always)
    func isUsed(_ id: Int) -> Bool { byteCount(of: id) > 0 }

    /// The bytes of one token. O(length).
    func bytes(of id: Int) -> [UInt8] {
        unsafe Array(bytes.elements(from: Int(offsets[id]), to: Int(offsets[id + 1])))
    }

    /// How long one token is.
    @inline(__always)
    func byteCount(of id: Int) -> Int {
        Int(offsets[id + 1] - offsets[id])
    }
}
