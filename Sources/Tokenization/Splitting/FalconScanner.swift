import Bytes

/// ``SplitPattern/falcon``: four steps, each applied to the parts that the one before it left.
///
/// 1. Runs of punctuation are cut off.
/// 2. ``SplitPattern/gpt2`` cuts what is left. No apostrophe is left before a letter, so that there
///    are no contractions.
/// 3. Runs of numbers are cut off. By then bytes are characters, GPT-2's, and six that stand for
///    bytes are numbers (`²`, `³`, `¹`, `¼`, `½`, `¾`): with digits they are "numeric bytes" here,
///    and cut within characters.
/// 4. Three digits of ASCII, from the left, are a piece.
///
/// A piece that begins within a character goes on as what that character is, so that the scanner
/// looks back up to three bytes.
struct FalconScanner: PieceScanner {
    let tables: UnicodeClasses.Tables

    private let forms = NormalForms.shared

    init(tables: UnicodeClasses.Tables) { self.tables = tables }

    var cutsCharacters: Bool { true }

    /// What the first two steps tell apart.
    private enum Kind {
        case punctuation, whitespace, letter, number, other
    }

    /// The kind of the character at `index`, and its length.
    @inline(__always)
    private func kind(_ text: ByteView, _ index: Int) -> (kind: Kind, length: Int) {
        let (point, length) = decodeCodePoint(text, index)
        guard let point else { return (.other, 1) }
        if isPunctuation(point) { return (.punctuation, length) }
        let classes = tables.codePoint(point)
        if classes.isAny(.letter) { return (.letter, length) }
        if classes.isAny(.number) { return (.number, length) }
        return (classes.isAny(.whitespace) ? .whitespace : .other, length)
    }

    /// What the step Punctuation of `tokenizers` takes: the marks and signs of ASCII, and of the
    /// rest what is punctuation in Unicode 8.
    @inline(__always)
    private func isPunctuation(_ point: UInt32) -> Bool {
        if point < 0x80 {
            return point >= 0x21 && point <= 0x2F || point >= 0x3A && point <= 0x40
                || point >= 0x5B && point <= 0x60 || point >= 0x7B && point <= 0x7E
        }
        // One has become a sign since, and the other a mark.
        if point == 0x166D || point == 0x111C9 { return true }
        return forms.isPunctuation(point) && (point < 0x61D || !Self.isNewer(point))
    }

    /// Whether the punctuation `point` came after Unicode 8.
    private static func isNewer(_ point: UInt32) -> Bool {
        newer.contains { $0.contains(point) }
    }

    private static let newer: [ClosedRange<UInt32>] = [
        0x61D...0x61D, 0x9FD...0x9FD, 0xA76...0xA76, 0xC77...0xC77, 0xC84...0xC84,
        0x1B4E...0x1B4F, 0x1B7D...0x1B7F, 0x2E43...0x2E4F, 0x2E52...0x2E5D, 0x10D6E...0x10D6E,
        0x10EAD...0x10EAD, 0x10F55...0x10F59, 0x10F86...0x10F89, 0x113D4...0x113D5,
        0x113D7...0x113D8, 0x1144B...0x1144F, 0x1145A...0x1145B, 0x1145D...0x1145D,
        0x11660...0x1166C, 0x116B9...0x116B9, 0x1183B...0x1183B, 0x11944...0x11946,
        0x119E2...0x119E2, 0x11A3F...0x11A46, 0x11A9A...0x11A9C, 0x11A9E...0x11AA2,
        0x11B00...0x11B09, 0x11BE1...0x11BE1, 0x11C41...0x11C45, 0x11C70...0x11C71,
        0x11EF7...0x11EF8, 0x11F43...0x11F4F, 0x11FFF...0x11FFF, 0x12FF1...0x12FF2,
        0x16D6D...0x16D6F, 0x16E97...0x16E9A, 0x16FE2...0x16FE2, 0x1E5FF...0x1E5FF,
        0x1E95E...0x1E95F,
    ]

    /// Whether the character that stands for `byte` is a number.
    @inline(__always)
    private static func isNumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == 0xB2 || byte == 0xB3 || byte == 0xB9
            || byte >= 0xBC && byte <= 0xBE
    }

    @inline(__always)
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        let (kind, next) = character(text, holding: start)
        if Self.isNumeric(text[start]) { return numericEnd(in: text, from: start, kind, next) }
        if kind == .whitespace, text[start] & 0xC0 != 0x80 {
            let follows = start + 1 < text.count ? self.kind(text, start + 1).kind : .whitespace
            guard text[start] == 0x20, follows != .whitespace, follows != .punctuation else {
                let run = WhitespaceRun(tables, in: text, from: start)
                let isEnd = run.end == text.count || self.kind(text, run.end).kind == .punctuation
                return run.pieceEnd(atEndOfText: isEnd)
            }
            return runEnd(of: follows, in: text, from: start + 1)
        }
        for index in start + 1..<max(next, start + 1) where Self.isNumeric(text[index]) {
            return index
        }
        return runEnd(of: kind, in: text, from: next)
    }

    /// The kind of the character that the byte at `index` belongs to, and where that ends.
    @inline(__always)
    private func character(_ text: ByteView, holding index: Int) -> (kind: Kind, next: Int) {
        guard text[index] & 0xC0 == 0x80 else {
            let (kind, length) = kind(text, index)
            return (kind, index + length)
        }
        for distance in 1...3 where distance <= index {
            guard text[index - distance] & 0xC0 != 0x80 else { continue }
            let (kind, length) = kind(text, index - distance)
            return length > distance ? (kind, index - distance + length) : (.other, index + 1)
        }
        return (.other, index + 1)
    }

    /// The first numeric byte from `start` on, or the first character that is not of the kind.
    private func runEnd(of kind: Kind, in text: ByteView, from start: Int) -> Int {
        var index = start
        while index < text.count {
            let (found, length) = self.kind(text, index)
            guard found == kind else { break }
            for byte in index..<index + length where Self.isNumeric(text[byte]) { return byte }
            index += length
        }
        return index
    }

    /// The end of a piece whose first byte is numeric: three digits, or what there is before three.
    ///
    /// Every character of more than one byte begins with one that is not numeric, so there are only
    /// the end of one and the digits behind it.
    private func numericEnd(
        in text: ByteView, from start: Int, _ kind: Kind, _ next: Int
    ) -> Int {
        func beginsThree(_ index: Int) -> Bool {
            index + 3 <= text.count && (index..<index + 3).allSatisfy { Self.isDigit(text[$0]) }
        }
        if beginsThree(start) { return start + 3 }
        var index = start + 1
        while index < text.count, Self.isNumeric(text[index]) {
            // Digits are in one part with what ends before them only if that is a number.
            if index >= next, kind != .number || beginsThree(index) { break }
            index += 1
        }
        return index
    }
}
