import Bytes

/// ``SplitPattern/kimi``: ``SplitPattern/o200k`` but that runs of the script Han are pieces of
/// their own, and that punctuation takes line breaks behind it and no slash.
struct KimiScanner: PieceScanner {
    let tables: UnicodeClasses.Tables
    private let forms = NormalForms.shared

    init(tables: UnicodeClasses.Tables) { self.tables = tables }

    /// The expression as its publisher writes it.
    static let expression: String = {
        let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"#
        let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"#
        let contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        let prefix = #"[^\r\n\p{L}\p{N}]?"#
        return [
            #"[\p{Han}]+"#, prefix + upper + "*" + lower + "+" + contraction,
            prefix + upper + "+" + lower + "*" + contraction, #"\p{N}{1,3}"#,
            #" ?[^\s\p{L}\p{N}]+[\r\n]*"#, #"\s*[\r\n]+"#, #"\s+(?!\S)"#, #"\s+"#,
        ].joined(separator: "|")
    }()

    /// The classes of the character at `index`, its length, and whether it is Han.
    @inline(__always)
    private func character(
        _ text: ByteView, _ index: Int
    ) -> (classes: UnicodeClass, length: Int, isHan: Bool) {
        let first = text[index]
        if first < 0x80 { return (tables.ascii(first), 1, false) }
        let (point, length) = decodeCodePoint(text, index)
        guard let point else { return ([], 1, false) }
        return (tables.codePoint(point), length, forms.isHan(point))
    }

    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        let (classes, length, isHan) = character(text, start)
        let second = start + length
        if isHan {
            var index = second
            while index < text.count {
                let next = character(text, index)
                guard next.isHan else { break }
                index += next.length
            }
            return index
        }
        if classes.isAny(.letter) {
            return text.endOfContraction(from: wordEnd(in: text, from: start).end, anyCase: true)
        }
        if classes.isAny(.number) {
            return tables.endOfNumber(longest: 3, in: text, from: second)
        }
        if !classes.isAny(.newline) {
            var (end, isOfCapitals) = wordEnd(in: text, from: second)
            // As in `O200KScanner`: a mark is a word in itself before one of nothing but capitals.
            if classes.isAny(.mark), isOfCapitals { end = second }
            if end > second || classes.isAny(.mark) {
                return text.endOfContraction(from: end, anyCase: true)
            }
        }
        if !classes.isAny(.whitespace) { return punctuationEnd(in: text, from: second) }
        if text[start] == UInt8(ascii: " "), second < text.count {
            let next = character(text, second)
            // Han without a class of letters or numbers is punctuation behind a space.
            if !next.classes.isAny([.whitespace, .letter, .number]) {
                return punctuationEnd(in: text, from: second + next.length)
            }
        }
        let run = WhitespaceRun(tables, in: text, from: start)
        return run.pieceEndAfterNewlines(atEndOfText: run.end == text.count)
    }

    /// As `wordEnd` of `O200KScanner`, up to a character of Han.
    private func wordEnd(in text: ByteView, from start: Int) -> (end: Int, isOfCapitals: Bool) {
        var index = start
        var afterCaseless = start
        var isLower = false
        while index < text.count {
            let (classes, length, isHan) = character(text, index)
            guard classes.isAny([.letter, .mark]), !isHan else { break }
            if isLower, classes.isAny(.uppercase) { break }
            index += length
            if classes.isAny(.lowercase) {
                isLower = true
            } else if !classes.isAny(.uppercase) {
                afterCaseless = index
            }
        }
        if isLower { return (index, false) }
        return afterCaseless > start ? (afterCaseless, false) : (index, true)
    }

    private func punctuationEnd(in text: ByteView, from start: Int) -> Int {
        text.endOfNewlines(
            from: tables.endOfRun(
                outside: [.whitespace, .letter, .number], in: text, from: start))
    }
}
