/// Control characters on their way to a terminal: those of a corpus, of a model's text, of a file's
/// name or of a key are shown, so that none of them moves the cursor, names the window or types
/// for the person before it.
///
/// What the program itself writes passes: the sequences of ``Screen``, which colour and clear, and
/// a carriage return in front of a line that is drawn over. Another text that uses exactly those
/// has its colour or covers its own line, and does no more.
enum ControlCharacters {
    /// The bytes with each control character in the notation of cat(1) and less(1): `^[` for
    /// escape, `<9B>` for U+009B. O(bytes).
    static func shown(_ bytes: [UInt8]) -> [UInt8] {
        var shown: [UInt8] = []
        shown.reserveCapacity(bytes.count + 16)
        var place = 0
        while place < bytes.count {
            let byte = bytes[place]
            if byte == 0x1B, let length = ownSequence(bytes[place...]) {
                shown += bytes[place..<place + length]
                place += length
                continue
            }
            let isReturn = byte == 0x0D && (place == 0 || follows(bytes, place, 0x0A))
            if isReturn || byte == 0x0A || byte == 0x09 {
                shown.append(byte)
            } else if byte < 0x20 || byte == 0x7F {
                shown += [UInt8(ascii: "^"), byte ^ 0x40]
            } else if isWide(bytes, place) {
                shown += Array("<\(String(bytes[place + 1], radix: 16, uppercase: true))>".utf8)
                place += 1
            } else {
                shown.append(byte)
            }
            place += 1
        }
        return shown
    }

    private static func follows(_ bytes: [UInt8], _ place: Int, _ byte: UInt8) -> Bool {
        place + 1 < bytes.count && bytes[place + 1] == byte
    }

    /// Whether one of U+0080 to U+009F begins at `place`.
    private static func isWide(_ bytes: [UInt8], _ place: Int) -> Bool {
        bytes[place] == 0xC2 && place + 1 < bytes.count && (0x80...0x9F).contains(bytes[place + 1])
    }

    /// Length of a sequence of ``Screen`` at the beginning; nil for any other.
    private static func ownSequence(_ bytes: ArraySlice<UInt8>) -> Int? {
        let rest = bytes.dropFirst()
        for own in ["[K", "[0m"] where rest.starts(with: own.utf8) { return 1 + own.utf8.count }
        guard rest.starts(with: "[38;5;".utf8),
            let end = rest.firstIndex(of: UInt8(ascii: "m")), end - bytes.startIndex < 24
        else { return nil }
        let numbers = rest[..<end].dropFirst()
        let isColour = numbers.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x3B }
        return isColour ? end + 1 - bytes.startIndex : nil
    }
}
