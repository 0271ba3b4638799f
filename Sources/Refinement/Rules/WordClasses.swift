/// What the quality rules know of a character, as Python, datatrove and spaCy's English tokenizer
/// class it: see `generate-word-classes.py`.
struct WordClasses: OptionSet, Sendable {
    let rawValue: UInt16

    /// White space: `str.isspace`.
    static let space = WordClasses(rawValue: 1 << 0)
    /// A letter: `str.isalpha`.
    static let letter = WordClasses(rawValue: 1 << 1)
    /// Datatrove's punctuation, of which a word consists that is a symbol.
    static let symbol = WordClasses(rawValue: 1 << 2)
    /// What ends a line as a sentence ends, in any script.
    static let terminal = WordClasses(rawValue: 1 << 3)
    /// What ends a sentence by itself.
    static let sentenceEnd = WordClasses(rawValue: 1 << 4)
    /// Unicode's categories of punctuation.
    static let punctuation = WordClasses(rawValue: 1 << 5)
    /// A letter of a word, to the tokenizer.
    static let alpha = WordClasses(rawValue: 1 << 6)
    /// A small one, or one of a script that has no capitals.
    static let lower = WordClasses(rawValue: 1 << 7)
    /// A capital, or one of a script that has none.
    static let upper = WordClasses(rawValue: 1 << 8)
    /// A quotation mark.
    static let quote = WordClasses(rawValue: 1 << 9)
    /// A pictogram or another sign that is a word wherever it stands.
    static let icon = WordClasses(rawValue: 1 << 10)
    /// What is cut off the beginning of a word.
    static let prefix = WordClasses(rawValue: 1 << 11)
    /// What is cut off the end of a word.
    static let suffix = WordClasses(rawValue: 1 << 12)
    /// Behind it a full stop is cut off.
    static let beforeStop = WordClasses(rawValue: 1 << 13)
    /// A sign of a currency, which is cut off behind a digit.
    static let currency = WordClasses(rawValue: 1 << 14)
    /// The end of a line: `str.splitlines`.
    static let lineEnd = WordClasses(rawValue: 1 << 15)
}

/// The classes of all characters.
///
/// A class, because all that looks at texts shares the one table.
final class WordClassMap: Sendable {
    /// The one map of the process: immutable, about 60 kB.
    static let shared = WordClassMap()

    private let blocks: [UInt8]
    private let classes: [WordClasses]

    private init() {
        func bytes(_ words: [UInt64]) -> [UInt8] {
            words.flatMap { word in
                (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
            }
        }
        blocks = bytes(WordClassTable.blocks)
        classes = bytes(WordClassTable.classes).map {
            WordClasses(rawValue: WordClassTable.masks[Int($0)])
        }
    }

    /// The classes of a code point; none of what is no code point.
    @inline(__always)
    subscript(codePoint: UInt32) -> WordClasses {
        guard codePoint < 0x110000 else { return [] }
        return classes[Int(blocks[Int(codePoint >> 7)]) << 7 | Int(codePoint & 0x7F)]
    }
}

extension Span<UInt8> {
    /// The code point at `index` and its length in bytes. A byte that begins none is one by itself,
    /// beyond all of Unicode.
    @inline(__always)
    func character(at index: Int) -> (codePoint: UInt32, length: Int) {
        let first = self[index]
        if first < 0x80 { return (UInt32(first), 1) }
        let length = first < 0xC2 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 1
        guard length > 1, index + length <= count else { return (1 << 24 | UInt32(first), 1) }
        var value = UInt32(first) & (0xFF >> UInt32(length + 1))
        for place in index + 1..<index + length {
            let byte = self[place]
            guard byte & 0xC0 == 0x80 else { return (1 << 24 | UInt32(first), 1) }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        return (value, length)
    }

    /// The code point that ends before `end`, and its length in bytes.
    func character(before end: Int) -> (codePoint: UInt32, length: Int) {
        var start = end - 1
        while start > 0, end - start < 4, self[start] & 0xC0 == 0x80 { start -= 1 }
        let (codePoint, length) = character(at: start)
        return start + length == end ? (codePoint, length) : (1 << 24 | UInt32(self[end - 1]), 1)
    }

    /// The number of characters in `range`, each counted where it begins. O(bytes).
    func characterCount(of range: Range<Int>) -> Int {
        var count = 0
        for index in range {
            count &+= unsafe self[unchecked: index] & 0xC0 == 0x80 ? 0 : 1
        }
        return count
    }

    /// `range` without white space at its ends.
    func trimmed(_ range: Range<Int>, _ map: WordClassMap) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end {
            let (codePoint, length) = character(at: start)
            guard map[codePoint].contains(.space) else { break }
            start += length
        }
        while start < end {
            let (codePoint, length) = character(before: end)
            guard map[codePoint].contains(.space) else { break }
            end -= length
        }
        return start..<end
    }
}
