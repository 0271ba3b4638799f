/// The bytes of every token, and the way back from bytes to the token.
///
/// Flat: one array of bytes and one of offsets, the keys of the short tokens, and a hash table of ids
/// that points into them.
final class TokenTable: Sendable {
    /// How many tokens there are.
    let count: Int

    /// The most tokens that a vocabulary can have: ids of 21 bits let a merge fit into a word.
    static let maximumCount = (1 << 21) - 1

    private let byteBuffer: OwnedBuffer<UInt8>
    private let offsetBuffer: OwnedBuffer<UInt32>
    private let keyBuffer: OwnedBuffer<PieceKey>
    private let slotBuffer: OwnedBuffer<UInt64>
    private let byteTokenBuffer: OwnedBuffer<UInt32>

    /// All tokens' bytes, one token after another.
    var bytes: BufferView<UInt8> { byteBuffer.view }

    /// Where each token's bytes begin; one more entry at the end.
    var offsets: BufferView<UInt32> { offsetBuffer.view }

    /// The key of each token, ``PieceKey/none`` where it is longer; one more of those at the end.
    ///
    /// In memory a key is fifteen bytes and their number, which is what decoding copies.
    var keys: BufferView<PieceKey> { keyBuffer.view }

    /// The token of each single byte.
    var byteTokens: BufferView<UInt32> { byteTokenBuffer.view }

    /// Marks an empty slot. The others hold an id, and above it half of the hash.
    private static let empty = UInt64.max

    /// The tokens whose bytes are `arena[offsets[id]..<offsets[id + 1]]`.
    ///
    /// - Parameter isSpecial: ids that text never becomes; they are left out of the way back.
    init(
        arena: [UInt8], offsets: [Int], isSpecial: (Int) -> Bool
    ) throws(TokenizationError) {
        let count = offsets.count - 1
        guard count <= Self.maximumCount else {
            throw .invalidVocabulary(
                reason: "it has \(count) tokens; the most is \(Self.maximumCount)")
        }
        guard arena.count <= Int(UInt32.max) else {
            throw .invalidVocabulary(reason: "its tokens are longer than 4 GiB together")
        }
        self.count = count
        byteBuffer = OwnedBuffer(arena)
        offsetBuffer = OwnedBuffer(offsets.map { UInt32($0) })
        keyBuffer = OwnedBuffer(repeating: PieceKey.none, count: count + 1)
        slotBuffer = OwnedBuffer(
            repeating: Self.empty, count: powerOfTwo(atLeast: max(16, count * 2)))
        byteTokenBuffer = OwnedBuffer(repeating: UInt32.max, count: 256)
        try fill(isSpecial)
    }

    private func fill(_ isSpecial: (Int) -> Bool) throws(TokenizationError) {
        let (keys, slots, byteTokens) = (keyBuffer.view, slotBuffer.view, byteTokenBuffer.view)
        let view = bytes.bytes
        for id in 0..<count {
            let (start, end) = (Int(offsets[id]), Int(offsets[id + 1]))
            let length = end - start
            let isShort = length <= PieceKey.maximumLength
            if isShort { keys[id] = PieceKey(view, from: start, length: length) }
            if isSpecial(id) { continue }
            guard length > 0 else {
                throw .invalidVocabulary(reason: "token \(id) is empty")
            }
            let hash =
                isShort
                ? Self.spread(keys[id].hash) : quickHash(of: view, from: start, to: end)
            if let other = find(view, from: start, to: end, hash) {
                throw .invalidVocabulary(
                    reason: "tokens \(other) and \(id) are the same bytes")
            }
            var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[slot] != Self.empty { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(id)
            if length == 1 { byteTokens[Int(view[start])] = UInt32(id) }
        }
        for byte in 0..<256 where byteTokens[byte] == .max {
            throw .invalidVocabulary(
                reason: "the byte \(byte) has no token, so not every text could be encoded")
        }
    }

    /// A key's hash with good bits at both ends.
    @inline(__always)
    private static func spread(_ hash: UInt64) -> UInt64 {
        hash ^ hash &>> 32
    }

    /// Asks for the memory that ``id(of:)`` will read first.
    @inline(__always)
    func prefetch(_ key: PieceKey) {
        slotBuffer.view.prefetch(
            Int(truncatingIfNeeded: Self.spread(key.hash)) & (slotBuffer.view.count - 1))
    }

    /// The number of the ordinary token with the key; `nil` if there is none.
    @inline(__always)
    func id(of key: PieceKey) -> UInt32? {
        let (keys, slots) = (keys, slotBuffer.view)
        let hash = Self.spread(key.hash)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != Self.empty {
            let found = slots[slot]
            if (found ^ hash) &>> 32 == 0 {
                let id = Int(truncatingIfNeeded: found & 0xFFFF_FFFF)
                let other = keys[id]
                if other.low == key.low, other.high == key.high { return UInt32(id) }
            }
            slot = (slot &+ 1) & (slots.count - 1)
        }
        return nil
    }

    /// The number of the ordinary token that is the bytes from `start` up to `end`, at least one;
    /// `nil` if there is none. O(length).
    func id(of text: ByteView, from start: Int, to end: Int) -> UInt32? {
        if end - start <= PieceKey.maximumLength {
            return id(of: PieceKey(text, from: start, length: end - start))
        }
        return find(text, from: start, to: end, quickHash(of: text, from: start, to: end))
    }

    private func find(_ text: ByteView, from start: Int, to end: Int, _ hash: UInt64) -> UInt32? {
        let slots = slotBuffer.view
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != Self.empty {
            let found = slots[slot]
            if (found ^ hash) >> 32 == 0 {
                let id = Int(found & 0xFFFF_FFFF)
                if matches(text, from: start, to: end, token: id) { return UInt32(id) }
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

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
