/// What a key, or a paste, asks a line editor for.
enum Key: Equatable {
    /// Text to put in: characters that were typed, or all that was pasted at once.
    case text(String)
    case enter
    case left
    case right
    case wordLeft
    case wordRight
    case start
    case end
    case earlier
    case later
    case backspace
    case delete
    case deleteWord
    case deleteToStart
    case deleteToEnd
    case clearScreen
    /// Ctrl-C.
    case interrupt
    /// Ctrl-D, which deletes where there is something to delete.
    case endOfInput
    /// Ctrl-D that was typed before the terminal became raw: its driver keeps that as the end of a
    /// line, and hands it on as a byte of 0 where lines no longer count. There it could delete
    /// nothing.
    case earlierEndOfInput
    /// Ctrl-Z.
    case suspend
}

/// Reads keys from the bytes that a terminal sends, in parts of any size: UTF-8, control
/// characters, and the escape sequences of xterm (<https://invisible-island.net/xterm/ctlseqs>).
///
/// A sequence that stands for no key that is known is passed over whole, so that nothing of it
/// becomes text.
struct KeyReader {
    /// Bytes of which no key was made so far.
    private var bytes: [UInt8] = []
    /// Place of the next byte.
    private var place = 0
    /// What has come of a paste so far; nil outside of one.
    private var paste: [UInt8]?

    /// Sequences that switch on, and off, the marks that a terminal puts around what is pasted.
    static let (marksPastes, marksNoPastes) = ("\u{1B}[?2004h", "\u{1B}[?2004l")

    private static let escape: UInt8 = 0x1B
    private static let pasteEnd = Array("\u{1B}[201~".utf8)

    /// Adds what the terminal has sent.
    mutating func add(_ more: [UInt8]) {
        bytes.removeFirst(place)
        place = 0
        bytes += more
    }

    /// The next key; nil until more bytes come.
    mutating func next() -> Key? {
        while place < bytes.count {
            if paste != nil {
                return pastedText()
            }
            let byte = bytes[place]
            if byte == Self.escape {
                guard let (length, key) = sequence() else { return nil }
                place += length
                if let key { return key }
            } else if byte < 0x20 || byte == 0x7F {
                place += 1
                if let key = Self.control(byte) { return key }
            } else {
                guard let text = typedText() else { return nil }
                if !text.isEmpty { return .text(text) }
            }
        }
        return nil
    }

    private static func control(_ byte: UInt8) -> Key? {
        switch byte {
        case 0x00: .earlierEndOfInput
        case 0x01: .start
        case 0x02: .left
        case 0x03: .interrupt
        case 0x04: .endOfInput
        case 0x05: .end
        case 0x06: .right
        case 0x08, 0x7F: .backspace
        case 0x09: .text("\t")
        case 0x0A, 0x0D: .enter
        case 0x0B: .deleteToEnd
        case 0x0C: .clearScreen
        case 0x0E: .later
        case 0x10: .earlier
        case 0x15: .deleteToStart
        case 0x17: .deleteWord
        case 0x1A: .suspend
        default: nil
        }
    }

    /// All whole characters up to the next control character; nil where the first has not come
    /// whole. Bytes that are no UTF-8 become U+FFFD.
    private mutating func typedText() -> String? {
        var end = bytes[place...].firstIndex { $0 < 0x20 || $0 == 0x7F } ?? bytes.count
        if end == bytes.count { end -= Self.openBytes(bytes[place...]) }
        guard end > place else { return nil }
        defer { place = end }
        return String(decoding: bytes[place..<end], as: UTF8.self)
    }

    /// Bytes at the end that are the beginning of a character.
    private static func openBytes(_ bytes: ArraySlice<UInt8>) -> Int {
        for (count, byte) in zip(1...3, bytes.reversed()) where byte & 0xC0 != 0x80 {
            let length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            return count < length && byte < 0xF8 ? count : 0
        }
        return 0
    }

    /// The pasted text, once its end is there, with line breaks as `\n` and without other control
    /// characters; or Ctrl-C, which gives it up.
    private mutating func pastedText() -> Key? {
        let rest = bytes[place...]
        // Ctrl-C is in no text, and leads out of a paste whose end got lost.
        if let interrupt = rest.firstIndex(of: 0x03),
            interrupt < rest.firstRange(of: Self.pasteEnd)?.lowerBound ?? rest.endIndex
        {
            paste = nil
            place = interrupt + 1
            return .interrupt
        }
        // The mark may be cut in two anywhere.
        guard let end = rest.firstRange(of: Self.pasteEnd) else {
            let kept = min(rest.count, Self.pasteEnd.count - 1)
            paste? += rest.dropLast(kept)
            place = bytes.count - kept
            return nil
        }
        defer { paste = nil }
        place = end.upperBound
        let text = String(decoding: (paste ?? []) + rest[..<end.lowerBound], as: UTF8.self)
            .replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        return .text(
            String(
                String.UnicodeScalarView(
                    text.unicodeScalars.filter {
                        $0.properties.generalCategory != .control || $0 == "\n" || $0 == "\t"
                    })))
    }

    // MARK: Escape sequences

    /// Length of the sequence at ``place`` and its key, if it has one; nil where it is not whole.
    private mutating func sequence() -> (length: Int, key: Key?)? {
        guard place + 1 < bytes.count else { return nil }
        switch bytes[place + 1] {
        case UInt8(ascii: "["): return controlSequence()
        case UInt8(ascii: "O"):
            guard place + 2 < bytes.count else { return nil }
            return (3, Self.key(final: bytes[place + 2], parameters: ""))
        case UInt8(ascii: "b"): return (2, .wordLeft)
        case UInt8(ascii: "f"): return (2, .wordRight)
        case 0x7F: return (2, .deleteWord)
        // An escape key, and another sequence.
        case Self.escape: return (1, nil)
        default: return (2, nil)
        }
    }

    private mutating func controlSequence() -> (length: Int, key: Key?)? {
        let rest = bytes[(place + 2)...]
        guard let end = rest.firstIndex(where: { !(0x20...0x3F).contains($0) }) else { return nil }
        let final = bytes[end]
        let length = end + 1 - place
        // What is no sequence after all is left to be read again.
        guard (0x40...0x7E).contains(final) else { return (end - place, nil) }
        let parameters = String(decoding: rest[..<end], as: UTF8.self)
        if final == UInt8(ascii: "~"), parameters == "200" {
            paste = []
            return (length, nil)
        }
        return (length, Self.key(final: final, parameters: parameters))
    }

    private static func key(final: UInt8, parameters: String) -> Key? {
        let numbers = parameters.split(separator: ";").map(String.init)
        // The second number tells Shift, Alt and Ctrl.
        let isModified = numbers.count > 1 && numbers[1] != "1"
        switch final {
        case UInt8(ascii: "A"): return .earlier
        case UInt8(ascii: "B"): return .later
        case UInt8(ascii: "C"): return isModified ? .wordRight : .right
        case UInt8(ascii: "D"): return isModified ? .wordLeft : .left
        case UInt8(ascii: "F"): return .end
        case UInt8(ascii: "H"): return .start
        case UInt8(ascii: "~"):
            switch numbers.first {
            case "1", "7": return .start
            case "4", "8": return .end
            case "3": return .delete
            default: return nil
            }
        default: return nil
        }
    }
}
