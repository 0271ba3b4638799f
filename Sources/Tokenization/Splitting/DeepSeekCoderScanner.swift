import Bytes

/// ``SplitPattern/deepseekCoder`` and ``SplitPattern/deepseekLLM``: expressions one after another,
/// each applied to the parts that the one before it left, matches and what lies between them alike.
///
/// 1. `[\r\n]`
/// 2. `\s?\p{L}+`, or letters of a list
/// 3. `\s?\p{P}+`, or punctuation of a list
/// 4. `\s+$`, for the second pattern only
/// 5. the scripts of Asia
/// 6. `\p{N}`
///
/// The last two cut all that the others left, so a piece ends at the first place that any of them
/// cuts at, and a scan along the piece finds it. What neither the second nor the third expression
/// matches is a gap, which ends where one of them would begin.
struct DeepSeekCoderScanner: PieceScanner {
    let tables: UnicodeClasses.Tables

    /// Letters and punctuation, where they are not those of Unicode.
    var lists: DeepSeekLists?

    private let forms = NormalForms.shared

    init(tables: UnicodeClasses.Tables, lists: DeepSeekLists? = nil) {
        self.tables = tables
        self.lists = lists
    }

    /// U+0800 to U+9FA5 and U+AC00 to U+D7FF, as the publisher writes it.
    static let asianExpression = "[一-龥\u{800}-一\u{AC00}-\u{D7FF}]+"

    /// What the expressions tell apart.
    private struct Character {
        var length = 1
        var isLetter = false
        var isPunctuation = false
        /// Whether it is a letter that the list of punctuation has, too: its ranges go across A-Z.
        var isListed = false
        var isSpace = false
        var isNumber = false
        var isNewline = false
        var isAsian = false
    }

    @inline(__always)
    private func character(_ text: ByteView, _ index: Int) -> Character {
        let (point, length) = decodeCodePoint(text, index)
        guard let point else { return Character() }
        let classes = tables.codePoint(point)
        let isLetter = lists?.isLetter(point) ?? classes.isAny(.letter)
        let isPunctuation = lists?.isPunctuation(point) ?? forms.isPunctuation(point)
        return Character(
            length: length, isLetter: isLetter, isPunctuation: isPunctuation && !isLetter,
            isListed: isPunctuation && isLetter,
            isSpace: classes.isAny(.whitespace), isNumber: classes.isAny(.number),
            isNewline: classes.isAny(.newline),
            isAsian: point >= 0x800 && point <= 0x9FA5 || point >= 0xAC00 && point <= 0xD7FF)
    }

    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        let first = character(text, start)
        let second = start + first.length
        if first.isNewline || first.isNumber { return second }
        if first.isLetter {
            return lettersEnd(in: text, from: second, first.isAsian, isListed: first.isListed)
        }
        guard second < text.count else { return second }
        if first.isSpace {
            let next = character(text, second)
            if next.isLetter {
                return lettersEnd(in: text, from: second, first.isAsian, isListed: next.isListed)
            }
        }
        if first.isPunctuation || first.isSpace && beginsPunctuation(text, second) {
            return punctuationEnd(in: text, from: second, first)
        }
        return gapEnd(in: text, from: start, first)
    }

    /// The end of the letters from `start` on that are, or are not, of Asia, and in the list of
    /// punctuation: the third expression cuts what the second matched.
    private func lettersEnd(
        in text: ByteView, from start: Int, _ isAsian: Bool, isListed: Bool
    ) -> Int {
        var index = start
        while index < text.count {
            let next = character(text, index)
            guard next.isLetter, next.isAsian == isAsian, next.isListed == isListed else { break }
            index += next.length
        }
        return index
    }

    /// Whether the third expression matches at `index`: a space that is punctuation may belong to a
    /// word.
    private func beginsPunctuation(_ text: ByteView, _ index: Int) -> Bool {
        let next = character(text, index)
        guard next.isPunctuation else { return false }
        let after = index + next.length
        return !next.isSpace || after == text.count || !character(text, after).isLetter
    }

    /// The end of the punctuation from `start` on that is, or is not, of Asia, behind a first
    /// character. A space at its end, which the list has, is a piece of its own.
    private func punctuationEnd(in text: ByteView, from start: Int, _ first: Character) -> Int {
        var index = start
        var space = first.isSpace ? start : nil
        while index < text.count, beginsPunctuation(text, index) {
            let next = character(text, index)
            guard next.isAsian == first.isAsian else { return index }
            if !next.isSpace { space = nil } else if space == nil { space = index }
            index += next.length
        }
        guard let space, !first.isSpace || space > start else { return index }
        return space
    }

    /// The end of what the second and the third expression leave, from a first character on.
    private func gapEnd(in text: ByteView, from start: Int, _ first: Character) -> Int {
        var index = start + first.length
        /// Where the white space at the end of what was looked at begins.
        var space = first.isSpace ? start : nil
        while index < text.count {
            let next = character(text, index)
            if next.isNumber { return index }
            if endsGap(text, index, next) { break }
            if next.isAsian != first.isAsian {
                return lists == nil || endOfSpace(text, from: index) == nil ? index : cut(space)
            }
            if !next.isSpace { space = nil } else if space == nil { space = index }
            index += next.length
        }
        return lists == nil ? index : cut(space)

        /// The end where white space at the end of the gap is a piece of its own.
        func cut(_ space: Int?) -> Int {
            guard let space, space > start else { return index }
            return space
        }
    }

    /// Whether a match of the first three expressions begins at `index`.
    private func endsGap(_ text: ByteView, _ index: Int, _ next: Character) -> Bool {
        if next.isNewline || next.isLetter || next.isPunctuation { return true }
        let after = index + next.length
        guard next.isSpace, after < text.count else { return false }
        return character(text, after).isLetter || beginsPunctuation(text, after)
    }

    /// The end of the gap if there is nothing but white space up to it; nil otherwise.
    private func endOfSpace(_ text: ByteView, from start: Int) -> Int? {
        var index = start
        while index < text.count {
            let next = character(text, index)
            if endsGap(text, index, next) { break }
            guard next.isSpace else { return nil }
            index += next.length
        }
        return index
    }
}

/// The letters and the punctuation of ``SplitPattern/deepseekLLM``, as its publisher lists them.
final class DeepSeekLists: Sendable {
    static let shared = DeepSeekLists()

    /// The letters: most of those that have a case in Unicode 11.
    private static let letterRanges: [ClosedRange<UInt32>] = [
        0x0041...0x005A, 0x0061...0x007A, 0x00B5...0x00B5, 0x00C0...0x00D6, 0x00D8...0x00F6,
        0x00F8...0x01BA, 0x01BC...0x01BF, 0x01C4...0x0293, 0x0295...0x02AF, 0x0370...0x0373,
        0x0376...0x0377, 0x037B...0x037D, 0x037F...0x037F, 0x0386...0x0386, 0x0388...0x038A,
        0x038C...0x038C, 0x038E...0x03A1, 0x03A3...0x03F5, 0x03F7...0x0481, 0x048A...0x052F,
        0x0531...0x0556, 0x10A0...0x10C5, 0x13A0...0x13F5, 0x13F8...0x13FD, 0x1C90...0x1CBA,
        0x1CBD...0x1CBF, 0x1D00...0x1D2B, 0x1D6B...0x1D77, 0x1D79...0x1D9A, 0x1E00...0x1F15,
        0x1F18...0x1F1D, 0x1F20...0x1F45, 0x1F48...0x1F4D, 0x1F50...0x1F57, 0x1F59...0x1F59,
        0x1F5B...0x1F5B, 0x1F5D...0x1F5D, 0x1F5F...0x1F7D, 0x1F80...0x1FB4, 0x1FB6...0x1FBC,
        0x1FBE...0x1FBE, 0x1FC2...0x1FC4, 0x1FC6...0x1FCC, 0x1FD0...0x1FD3, 0x1FD6...0x1FDB,
        0x1FE0...0x1FEC, 0x1FF2...0x1FF4, 0x1FF6...0x1FFC, 0x2102...0x2102, 0x2107...0x2107,
        0x210A...0x2113, 0x2115...0x2115, 0x2119...0x211D, 0x2124...0x2124, 0x2126...0x2126,
        0x2128...0x2128, 0x212A...0x212D, 0x212F...0x2134, 0x2139...0x2139, 0x213C...0x213F,
        0x2145...0x2149, 0x214E...0x214E, 0x2183...0x2184, 0x2C00...0x2C7B, 0x2C7E...0x2CE4,
        0x2CEB...0x2CEE, 0x2CF2...0x2CF3, 0xA640...0xA66D, 0xA680...0xA69B, 0xA722...0xA76F,
        0xA771...0xA787, 0xA78B...0xA78E, 0xAB70...0xABBF, 0xFB00...0xFB06, 0xFB13...0xFB17,
        0xFF21...0xFF3A, 0xFF41...0xFF5A, 0x10400...0x1044F, 0x104B0...0x104D3, 0x104D8...0x104FB,
        0x10C80...0x10CB2, 0x10CC0...0x10CF2, 0x118A0...0x118DF, 0x1E900...0x1E943,
    ]

    private static let punctuationRanges: [ClosedRange<UInt32>] = [
        0x21...0x2F, 0x3A...0x7E, 0xFF01...0xFF0F, 0xFF1A...0xFF5E, 0x2018...0x201F,
        0x3000...0x3002,
    ]

    /// The insides of the classes, as their publisher writes them.
    static let letters = expression(letterRanges)
    static let punctuation = expression(punctuationRanges)

    private let sortedPunctuation = punctuationRanges.sorted { $0.lowerBound < $1.lowerBound }

    private init() {}

    /// The ranges as the inside of a class.
    private static func expression(_ ranges: [ClosedRange<UInt32>]) -> String {
        var scalars = String.UnicodeScalarView()
        for range in ranges {
            let ends = [range.lowerBound, range.upperBound].compactMap(Unicode.Scalar.init)
            scalars.append(contentsOf: ends.prefix(1))
            if range.count > 2 { scalars.append("-") }
            if range.count > 1 { scalars.append(contentsOf: ends.suffix(1)) }
        }
        return String(scalars)
    }

    func isLetter(_ point: UInt32) -> Bool {
        if point < 0x80 { return point | 0x20 >= 0x61 && point | 0x20 <= 0x7A }
        return Self.contains(Self.letterRanges, point)
    }

    func isPunctuation(_ point: UInt32) -> Bool {
        if point < 0x80 {
            return point >= 0x21 && point <= 0x2F || point >= 0x3A && point <= 0x7E
        }
        return Self.contains(sortedPunctuation, point)
    }

    private static func contains(_ ranges: [ClosedRange<UInt32>], _ point: UInt32) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < point { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(point)
    }
}
