/// The place of the first byte from `start` on that no well-formed UTF-8 has there; the count of
/// the bytes if there is none. O(count), 64 bytes at a time.
///
/// Source: The Unicode Standard, table 3-7, well-formed UTF-8 byte sequences.
package func endOfValidUTF8(_ bytes: Span<UInt8>, from start: Int) -> Int {
    start + utf8RunLength(bytes, from: start)
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
