package import Bytes

/// The bytes of every token, and the way back from bytes to the token.
///
/// Flat: one array of bytes and one of offsets, the keys of the short tokens,
/// and two hash tables of ids that point into them: one for short tokens, and one for the few long
/// ones, which is so small that it stays near the core.
package final class TokenTable: Sendable {
    /// One more than the largest number of a token.
    package let count: Int

    /// The tokens that text never becomes, in increasing order.
    let specialIDs: [UInt32]

    /// The tokens of the 256 bytes that stand only where no other token begins with the byte; none
    /// where single bytes are ordinary tokens.
    package let byteFallback: [UInt32]

    /// The bytes that no token stands for, in increasing order.
    package let lackedBytes: [UInt8]

    /// ``count``, and behind it one unused number and the parts: tokens that exist only while a
    /// piece is merged, such as a byte that no token stands for.
    let totalCount: Int

    /// The parts behind those of the ``lackedBytes``.
    var parts: [[UInt8]] {
        guard hasParts else { return [] }
        return (count + 1 + lackedBytes.count..<totalCount).map { bytes(of: $0) }
    }

    /// Whether there are parts.
    var hasParts: Bool { totalCount > count }

    private let byteBuffer: OwnedBuffer<UInt8>
    private let offsetBuffer: OwnedBuffer<UInt32>
    private let keyBuffer: OwnedBuffer<ShortKey>
    private let slotBuffer: OwnedBuffer<UInt64>
    private let longSlotBuffer: OwnedBuffer<UInt64>
    private let byteTokenBuffer: OwnedBuffer<UInt32>

    /// All tokens' bytes, one token after another.
    package var bytes: BufferView<UInt8> { byteBuffer.view }

    /// Offset of each token's first byte; one more entry at the end.
    package var offsets: BufferView<UInt32> { offsetBuffer.view }

    /// The key of each token, ``ShortKey/none`` where it is longer or unused; one more of those at
    /// the end.
    ///
    /// In memory a key is fifteen bytes and their number, which is what decoding copies.
    var keys: BufferView<ShortKey> { keyBuffer.view }

    /// The token of each single byte; a part for one that no token stands for.
    package var byteTokens: BufferView<UInt32> { byteTokenBuffer.view }

    /// Marks an empty slot. The others hold a token, and above it half of the hash.
    private static let empty = UInt64.max

    /// The most tokens that a vocabulary can have: ids of 21 bits let a merge fit into a word.
    package static let maximumCount = (1 << 21) - 1

    /// The tokens whose bytes are `arena[offsets[id]..<offsets[id + 1]]`; a number without bytes is
    /// not used.
    ///
    /// - Parameter specialIDs: the tokens that text never becomes, in increasing order; they are
    ///   left out of the way back.
    package convenience init(
        arena: [UInt8], offsets: [Int], specialIDs: [UInt32], byteFallback: [UInt32] = [],
        parts: [[UInt8]] = []
    ) throws(TokenizationError) {
        guard arena.count <= Int(UInt32.max) else {
            throw .invalidVocabulary(reason: "its tokens are longer than 4 GiB together")
        }
        try self.init(
            arena: OwnedBuffer(arena), offsets: OwnedBuffer(offsets.map { UInt32($0) }),
            specialIDs: specialIDs, byteFallback: byteFallback, parts: parts)
    }

    /// As above, for buffers that are filled already. O(size).
    ///
    /// - Parameters:
    ///   - byteFallback: the tokens of the 256 bytes that stand only where no other token begins
    ///     with the byte, in the order of the bytes; none where single bytes are ordinary tokens.
    ///   - parts: bytes of tokens that exist only while a piece is merged; those of the bytes that
    ///     no token has are added.
    package init(
        arena: consuming OwnedBuffer<UInt8>, offsets: consuming OwnedBuffer<UInt32>,
        specialIDs: [UInt32], byteFallback: [UInt32] = [], parts: [[UInt8]] = []
    ) throws(TokenizationError) {
        let count = offsets.view.count - 1
        var isHidden = [Bool](repeating: false, count: count)
        for id in specialIDs + byteFallback { isHidden[Int(id)] = true }
        let byteTokens = OwnedBuffer(repeating: UInt32.max, count: 256)
        for id in 0..<count where offsets.view[id + 1] - offsets.view[id] == 1 && !isHidden[id] {
            byteTokens.view[Int(arena.view[Int(offsets.view[id])])] = UInt32(id)
        }
        for (byte, id) in byteFallback.enumerated() where byteTokens.view[byte] == .max {
            byteTokens.view[byte] = id
        }
        lackedBytes = (UInt8.min...UInt8.max).filter { byteTokens.view[Int($0)] == .max }
        let allParts = lackedBytes.map { [$0] } + parts
        guard count + 1 + allParts.count <= Self.maximumCount else {
            throw .invalidVocabulary(
                reason: "it has \(count) tokens; the most is \(Self.maximumCount)")
        }
        let keyBuffer: OwnedBuffer<ShortKey>
        if allParts.isEmpty {
            byteBuffer = arena
            offsetBuffer = offsets
            totalCount = count
        } else {
            // Behind the vocabulary's tokens and one number that stays unused: decoding leads
            // every unknown number to it.
            for (index, byte) in lackedBytes.enumerated() {
                byteTokens.view[Int(byte)] = UInt32(count + 1 + index)
            }
            let before = Int(offsets.view[count])
            let size = allParts.reduce(before) { $0 + $1.count }
            guard size <= Int(UInt32.max) else {
                throw .invalidVocabulary(reason: "its tokens are longer than 4 GiB together")
            }
            let bytes = OwnedBuffer<UInt8>(uninitializedCapacity: size)
            for index in 0..<before { bytes.view[index] = arena.view[index] }
            let ends = OwnedBuffer<UInt32>(repeating: 0, count: count + 2 + allParts.count)
            for id in 0...count { ends.view[id] = offsets.view[id] }
            ends.view[count + 1] = UInt32(before)
            var end = before
            for (index, part) in allParts.enumerated() {
                for byte in part {
                    bytes.view[end] = byte
                    end += 1
                }
                ends.view[count + 2 + index] = UInt32(end)
            }
            byteBuffer = bytes
            offsetBuffer = ends
            totalCount = count + 1 + allParts.count
            isHidden += Array(repeating: false, count: totalCount - count)
        }
        keyBuffer = OwnedBuffer(repeating: ShortKey.none, count: totalCount + 1)
        let (ends, keys) = (offsetBuffer.view, keyBuffer.view)
        let view = ByteView(byteBuffer.view, count: byteBuffer.view.count)
        let buffer = OwnedBuffer(
            repeating: Self.empty, count: powerOfTwo(atLeast: max(16, totalCount * 2)))
        var longCount = 0
        for id in 0..<totalCount where Int(ends[id + 1] - ends[id]) > ShortKey.maximumLength {
            longCount += 1
        }
        let longBuffer = OwnedBuffer(
            repeating: Self.empty, count: powerOfTwo(atLeast: max(16, longCount * 4)))
        for id in 0..<totalCount {
            let (start, end) = (Int(ends[id]), Int(ends[id + 1]))
            let isShort = start < end && end - start <= ShortKey.maximumLength
            if isShort { keys[id] = ShortKey(view, from: start, length: end - start) }
            guard start < end, !isHidden[id] else { continue }
            let hash =
                isShort
                ? Self.spread(keys[id].hash) : wordHash(of: view, from: start, to: end)
            let slots = isShort ? buffer.view : longBuffer.view
            let mask = slots.count - 1
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] != Self.empty {
                let other = Int(slots[slot] & 0xFFFF_FFFF)
                let (otherStart, otherEnd) = (Int(ends[other]), Int(ends[other + 1]))
                if (slots[slot] ^ hash) >> 32 == 0, end - start == otherEnd - otherStart,
                    view.equals(at: start, view, at: otherStart, length: end - start)
                {
                    throw .invalidVocabulary(
                        reason: "tokens \(other) and \(id) are the same bytes")
                }
                slot = (slot + 1) & mask
            }
            slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(id)
        }
        self.count = count
        self.specialIDs = specialIDs
        self.byteFallback = byteFallback
        self.keyBuffer = keyBuffer
        slotBuffer = buffer
        longSlotBuffer = longBuffer
        byteTokenBuffer = byteTokens
    }

    /// A key's hash with good bits at both ends.
    @inline(__always)
    private static func spread(_ hash: UInt64) -> UInt64 {
        hash ^ hash &>> 32
    }

    /// Asks for the memory that ``id(of:)`` will read first.
    @inline(__always)
    func prefetch(_ key: ShortKey) {
        slotBuffer.view.prefetch(
            Int(truncatingIfNeeded: Self.spread(key.hash)) & (slotBuffer.view.count - 1))
    }

    /// Asks for the memory that ``id(of:)`` will read then.
    @inline(__always)
    func prefetchToken(_ key: ShortKey) {
        let slots = slotBuffer.view
        let slot = slots[Int(truncatingIfNeeded: Self.spread(key.hash)) & (slots.count - 1)]
        if slot != Self.empty { keys.prefetch(Int(truncatingIfNeeded: slot & 0xFFFF_FFFF)) }
    }

    /// The number of the ordinary token or part with the key; `nil` if there is none.
    @inline(__always)
    func id(of key: ShortKey) -> UInt32? {
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

    /// The number of the ordinary token that is the bytes from `start` up to `end`; `nil` if there
    /// is none. O(length).
    package func id(of text: ByteView, from start: Int, to end: Int) -> UInt32? {
        guard let id = idOrPart(of: text, from: start, to: end), id < count else { return nil }
        return id
    }

    /// As above, with parts.
    func idOrPart(of text: ByteView, from start: Int, to end: Int) -> UInt32? {
        guard start < end else { return nil }
        if end - start <= ShortKey.maximumLength {
            return id(of: ShortKey(text, from: start, length: end - start))
        }
        return id(of: text, from: start, to: end, hash: wordHash(of: text, from: start, to: end))
    }

    /// As above, for more bytes than a key has; `hash` is their ``wordHash(of:from:to:)``.
    func id(of text: ByteView, from start: Int, to end: Int, hash: UInt64) -> UInt32? {
        let slots = longSlotBuffer.view
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

    /// The ordinary token or part that is the bytes of `left` and then those of `right`; `nil` if
    /// there is none. O(length).
    func join(of left: UInt32, _ right: UInt32) -> UInt32? {
        let joined = bytes(of: Int(left)) + bytes(of: Int(right))
        return ByteView.with(joined.span) { idOrPart(of: $0, from: 0, to: $0.count) }
    }

    /// Whether `id` is a special token. O(log of their number).
    package func isSpecial(_ id: UInt32) -> Bool {
        guard let first = specialIDs.first, let last = specialIDs.last, id >= first, id <= last
        else { return false }
        var (low, high) = (0, specialIDs.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if specialIDs[middle] < id { low = middle + 1 } else { high = middle }
        }
        return specialIDs[low] == id
    }

    /// Whether a special token is `content`. O(number of them).
    func hasSpecial(_ content: [UInt8]) -> Bool {
        specialIDs.contains { bytes(of: Int($0)) == content }
    }

    /// Whether text becomes the token `id` by merging.
    func isOrdinary(_ id: Int) -> Bool {
        isUsed(id) && !isSpecial(UInt32(id)) && !byteFallback.contains(UInt32(id))
    }

    /// Whether `id` stands for anything; a vocabulary may leave numbers unused.
    @inline(__always)
    package func isUsed(_ id: Int) -> Bool { byteCount(of: id) > 0 }

    /// The bytes of one token. O(length).
    func bytes(of id: Int) -> [UInt8] {
        unsafe Array(bytes.elements(from: Int(offsets[id]), to: Int(offsets[id + 1])))
    }

    /// Length of one token in bytes.
    @inline(__always)
    package func byteCount(of id: Int) -> Int {
        Int(offsets[id + 1] - offsets[id])
    }
}

extension TokenTable {
    /// Throws if a special token is written as an ordinary token is in a `tokenizer.json`, where
    /// both are names in one list.
    package func checkNames(of specials: [SpecialToken]) throws(TokenizationError) {
        for special in specials {
            guard let bytes = ByteCharacters.bytes(for: special.content),
                let other = ByteView.with(bytes.span, { id(of: $0, from: 0, to: $0.count) }),
                other != special.id.rawValue
            else { continue }
            throw .invalidVocabulary(
                reason: "\"\(special.content)\" is the name of two tokens, the special token "
                    + "\(special.id) and the ordinary token \(other)")
        }
    }
}
