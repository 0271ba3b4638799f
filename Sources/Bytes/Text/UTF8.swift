/// The place of the first byte from `start` on that no well-formed UTF-8 has there; the count of
/// the bytes if there is none. O(count), eight bytes at a time where they are ASCII.
///
/// Source: The Unicode Standard, table 3-7, well-formed UTF-8 byte sequences.
package func endOfValidUTF8(_ bytes: Span<UInt8>, from start: Int) -> Int {
    let raw = unsafe bytes.bytes
    var place = start
    while true {
        // The condition of the loop is the bounds check.
        while place &+ 8 <= bytes.count,
            unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: place, as: UInt64.self)
                & 0x8080_8080_8080_8080 == 0
        {
            place &+= 8
        }
        guard place < bytes.count else { return bytes.count }
        if bytes[place] < 0x80 {
            place += 1
            continue
        }
        let length = multibyteLength(bytes, at: place)
        if length == 0 { return place }
        place &+= length
    }
}

/// The length of the well-formed character of two to four bytes at `place`; 0 when there is none.
@inline(__always)
func multibyteLength(_ bytes: Span<UInt8>, at place: Int) -> Int {
    // The common cases in one word: the bits that tell a lead from what continues it, and for three
    // bytes those that tell a longer form than needed (none of them set) and surrogates.
    if place &+ 4 <= bytes.count {
        let word = UInt32(
            littleEndian: unsafe bytes.bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: place, as: UInt32.self))
        if word & 0xC0C0F0 == 0x8080E0, word & 0x200F != 0, word & 0x200F != 0x200D { return 3 }
        if word & 0xC0E0 == 0x80C0, word & 0x1E != 0 { return 2 }
    }
    return rareMultibyteLength(bytes, at: place)
}

@inline(never)
private func rareMultibyteLength(_ bytes: Span<UInt8>, at place: Int) -> Int {
    /// The byte at a distance, or one that continues nothing.
    func byte(_ distance: Int) -> UInt8 {
        let place = place &+ distance
        return place < bytes.count ? bytes[place] : 0
    }
    func continues(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
    let lead = bytes[place]
    switch lead {
    case 0xC2...0xDF:
        return continues(byte(1)) ? 2 : 0
    case 0xE0...0xEF:
        let second = byte(1)
        let isShortest = lead != 0xE0 || second >= 0xA0
        let isScalar = lead != 0xED || second <= 0x9F
        let isGood = continues(second) && continues(byte(2)) && isShortest && isScalar
        return isGood ? 3 : 0
    case 0xF0...0xF4:
        let second = byte(1)
        let isShortest = lead != 0xF0 || second >= 0x90
        let isScalar = lead != 0xF4 || second <= 0x8F
        let isContinued = continues(second) && continues(byte(2)) && continues(byte(3))
        return isContinued && isShortest && isScalar ? 4 : 0
    default:
        return 0
    }
}
/// `bytes` with U+FFFD for each ill-formed sequence; nil when there is none. O(count).
///
/// One U+FFFD stands for the longest part of a sequence that begins a well-formed one, or for one
/// byte. Source: The Unicode Standard, section 3.9, "U+FFFD Substitution of Maximal Subparts".
package func repairedUTF8(_ bytes: Span<UInt8>) -> [UInt8]? {
    var end = endOfValidUTF8(bytes, from: 0)
    if end == bytes.count { return nil }
    var repaired: [UInt8] = []
    repaired.reserveCapacity(bytes.count + 16)
    var start = 0
    while end < bytes.count {
        repaired.append(copying: bytes.extracting(start..<end))
        repaired += [0xEF, 0xBF, 0xBD]
        start = end + maximalSubpartLength(bytes, at: end)
        end = endOfValidUTF8(bytes, from: start)
    }
    repaired.append(copying: bytes.extracting(start..<end))
    return repaired
}

/// The length of what U+FFFD stands for at `place`, where nothing well-formed begins.
private func maximalSubpartLength(_ bytes: Span<UInt8>, at place: Int) -> Int {
    func byte(_ distance: Int) -> UInt8 {
        place + distance < bytes.count ? bytes[place + distance] : 0
    }
    let second: ClosedRange<UInt8>
    let length: Int
    switch byte(0) {
    case 0xC2...0xDF: (second, length) = (0x80...0xBF, 2)
    case 0xE0: (second, length) = (0xA0...0xBF, 3)
    case 0xED: (second, length) = (0x80...0x9F, 3)
    case 0xE1...0xEF: (second, length) = (0x80...0xBF, 3)
    case 0xF0: (second, length) = (0x90...0xBF, 4)
    case 0xF4: (second, length) = (0x80...0x8F, 4)
    case 0xF1...0xF3: (second, length) = (0x80...0xBF, 4)
    default: return 1
    }
    guard second.contains(byte(1)) else { return 1 }
    // The sequence is ill-formed, so one of its bytes is missing.
    return length > 3 && byte(2) & 0xC0 == 0x80 ? 3 : 2
}

/// A name by its bytes. `String` takes "é" and "e" with an accent behind it for equal, as Unicode's
/// canonical equivalence has them; the files of vocabularies and models do not.
@usableFromInline package struct ExactName: Hashable, Sendable {
    /// The name.
    @usableFromInline package let text: String

    /// The name `text`.
    @inlinable package init(_ text: String) { self.text = text }

    /// Whether both have the same bytes.
    @inlinable package static func == (left: ExactName, right: ExactName) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    /// Hashes the bytes.
    @inlinable package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}
