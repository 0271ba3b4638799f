import Bytes

/// ``SplitPattern/superbpe``: `\p{N}+`, and `(?=(\d{3})+(?!\d))` in the parts that it left.
///
/// Words and what stands between them are one piece up to the next number, and a number's digits
/// are cut in threes from the right.
struct SuperBPEScanner: PieceScanner {
    let tables: UnicodeClasses.Tables

    private let lastNumber = LastNumber()

    init(tables: UnicodeClasses.Tables) { self.tables = tables }

    @inline(__always)
    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        isNumber(text, start)
            ? endOfGroup(in: text, from: start)
            : startOfNumber(in: text, from: start, until: text.count)
    }

    /// Whether the character at `index` is a number.
    @inline(__always)
    func isNumber(_ text: ByteView, _ index: Int) -> Bool {
        tables.character(text, index).classes.isAny(.number)
    }

    /// Digits that may follow decide where a number is cut: all of one at the end is uncertain.
    func endOfCertain(in text: ByteView, from start: Int) -> Int {
        var end = text.count
        while end > start {
            var index = end - 1
            while index > start, end - index < 4, text[index] & 0xC0 == 0x80 { index -= 1 }
            let (classes, length) = tables.character(text, index)
            guard index + length == end, classes.isAny(.number) else { break }
            end = index
        }
        return end
    }

    /// The end of the piece at `start`, where a number begins or a group of its digits. O(digits),
    /// and O(length of the piece) behind the piece before.
    @inline(never)
    func endOfGroup(in text: ByteView, from start: Int) -> Int {
        var index = start
        var digitsLeft = lastNumber.digitsLeft(in: text, from: start)
        defer { lastNumber.set(digitsLeft, in: text, from: index) }
        while index < text.count {
            let (classes, length) = tables.character(text, index)
            guard classes.isAny(.number) else { break }
            guard isDigit(text, index) else {
                digitsLeft = 0
                index += length
                continue
            }
            if digitsLeft == 0 { digitsLeft = digitCount(in: text, from: index) }
            if digitsLeft % 3 == 0, index > start { return index }
            digitsLeft -= 1
            index += length
        }
        digitsLeft = 0
        return index
    }

    /// The first character from `start` on that is a number, or `limit` if none begins before it.
    @inline(__always)
    func startOfNumber(in text: ByteView, from start: Int, until limit: Int) -> Int {
        var index = start
        while index < limit {
            if index &+ 8 <= limit {
                // In the highest bit of each byte: whether it is a digit, or no ASCII.
                let word = text.word(at: index)
                let high = word | 0x8080_8080_8080_8080
                let digits =
                    (high &- 0x3030_3030_3030_3030) & ~(high &- 0x3A3A_3A3A_3A3A_3A3A)
                let marks = (digits | word) & 0x8080_8080_8080_8080
                guard marks != 0 else {
                    index &+= 8
                    continue
                }
                index &+= marks.trailingZeroBitCount / 8
            }
            let (classes, length) = tables.character(text, index)
            if classes.isAny(.number) { return index }
            index &+= length
        }
        return limit
    }

    /// The digits in a row from `start` on. O(count).
    private func digitCount(in text: ByteView, from start: Int) -> Int {
        var (index, count) = (start, 0)
        while index < text.count {
            if index &+ 8 <= text.count {
                let word = text.word(at: index)
                let carried = word &+ 0x0606_0606_0606_0606
                if (word & 0xF0F0_F0F0_F0F0_F0F0 | (carried & 0xF0F0_F0F0_F0F0_F0F0) &>> 4)
                    == 0x3333_3333_3333_3333
                {
                    index &+= 8
                    count &+= 8
                    continue
                }
            }
            guard isDigit(text, index) else { break }
            index &+= decodeCodePoint(text, index).length
            count &+= 1
        }
        return count
    }

    /// Whether the character at `index` is of general category Nd.
    private func isDigit(_ text: ByteView, _ index: Int) -> Bool {
        if text[index] < 0x80 { return 0x30...0x39 ~= text[index] }
        guard let value = decodeCodePoint(text, index).value else { return false }
        return Self.zeros.contains { $0 <= value && value < $0 + 10 }
    }

    /// The zeros of Unicode 16: each begins the ten digits of a script, and there are no others.
    private static let zeros: [UInt32] = [
        0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66,
        0xDE6, 0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90,
        0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0,
        0xFF10, 0x104A0, 0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450,
        0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0, 0x11950, 0x11BF0, 0x11C50,
        0x11D50, 0x11DA0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0, 0x1D7CE,
        0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0,
    ]
}

/// Digits behind the last piece that a scanner found, so that they are not counted again for the
/// next.
private final class LastNumber {
    // A class, because a scanner is a value that does not change.

    private var address: UInt = 0
    private var end: UInt = 0
    private var digitsLeft = 0

    /// Addresses stand for places: a scanner lives no longer than the texts that it is asked about.
    private static func place(_ text: ByteView, _ index: Int) -> UInt {
        unsafe text.withBase { unsafe UInt(bitPattern: $0) } &+ UInt(index)
    }

    /// The digits in a row from `start` on; 0 where that is not known.
    func digitsLeft(in text: ByteView, from start: Int) -> Int {
        Self.place(text, start) == address && Self.place(text, text.count) == end ? digitsLeft : 0
    }

    func set(_ count: Int, in text: ByteView, from start: Int) {
        (address, end, digitsLeft) = (
            Self.place(text, start), Self.place(text, text.count), count
        )
    }
}
