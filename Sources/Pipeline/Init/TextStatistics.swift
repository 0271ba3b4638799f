/// Counts over a sample of text: scripts, line ends, what could separate documents, and the signs
/// of an encoding that is not UTF-8.
struct TextStatistics {
    /// Bytes that were looked at.
    private(set) var byteCount = 0
    /// Letters of each script, by its name.
    private(set) var letters: [String: Int] = [:]
    /// Lines that end, and those of them that end in CR LF.
    private(set) var (lineCount, carriageReturnCount) = (0, 0)
    /// Runs of one or more blank lines, and those of two or more.
    private(set) var (blankRunCount, widerRunCount) = (0, 0)
    /// Page breaks (U+000C).
    private(set) var formFeedCount = 0
    /// Occurrences of `<|endoftext|>`, and those of them that have a line of their own.
    private(set) var (endOfTextCount, endOfTextLineCount) = (0, 0)
    /// Bytes that are not UTF-8, and those of them that are letters or quotes in Windows-1252
    /// alone.
    private(set) var (invalidCount, windowsCount) = (0, 0)
    /// Pairs of characters that UTF-8 makes when it is read as Latin-1 or Windows-1252, as `Ã©` for
    /// `é` and `â€` for a quotation mark.
    private(set) var mojibakeCount = 0
    /// Files that begin with a byte-order mark.
    var markCount = 0
    /// Replacement characters (U+FFFD), which stand where an earlier program met bytes that it
    /// could not read.
    private(set) var replacementCount = 0

    /// The marker that some corpora have between their texts.
    static let endOfText = Array("<|endoftext|>".utf8)

    /// Letters of scripts in descending order of their share, from 0 to 1, that have a hundredth at
    /// least.
    var scripts: [(name: String, share: Double)] {
        let total = letters.values.reduce(0, +)
        return letters.map { ($0.key, Double($0.value) / Double(max(total, 1))) }
            .filter { $0.1 >= 0.01 }
            .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    }

    /// Counts `bytes`; a character that is cut off at their end is no fault. O(count).
    mutating func add(_ bytes: [UInt8]) {
        byteCount += bytes.count
        countLines(bytes)
        var index = 0
        var latin = 0
        var previous: UInt32 = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x80 {
                let folded = byte | 0x20
                if folded >= 0x61, folded <= 0x7A { latin += 1 }
                previous = UInt32(byte)
                index += 1
                continue
            }
            guard let (scalar, length) = Self.scalar(bytes, at: index) else {
                let rest = bytes[(index + 1)...]
                if byte >= 0xC2, rest.count < 3, rest.allSatisfy({ $0 & 0xC0 == 0x80 }) { break }
                invalidCount += 1
                if byte < 0xA0 { windowsCount += 1 }
                previous = 0
                index += 1
                continue
            }
            count(scalar, after: previous)
            previous = scalar
            index += length
        }
        if latin > 0 { letters["Latin", default: 0] += latin }
    }

    private mutating func count(_ scalar: UInt32, after previous: UInt32) {
        if scalar == 0xFFFD { replacementCount += 1 }
        let isPair = (previous == 0xC3 || previous == 0xC2) && (0x80...0xBF).contains(scalar)
        if isPair || previous == 0xE2 && scalar == 0x20AC { mojibakeCount += 1 }
        if let script = Script.name(of: scalar) { letters[script, default: 0] += 1 }
    }

    /// The character at `index`, and its length in bytes; nil for what is none. Overlong forms and
    /// surrogates, which hardly any file has, are taken for characters.
    private static func scalar(_ bytes: [UInt8], at index: Int) -> (UInt32, Int)? {
        let first = bytes[index]
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first <= 0xF4, index + length <= bytes.count else { return nil }
        var scalar = UInt32(first) & (length == 4 ? 0x07 : length == 3 ? 0x0F : 0x1F)
        for offset in 1..<length {
            let next = bytes[index + offset]
            guard next & 0xC0 == 0x80 else { return nil }
            scalar = scalar << 6 | UInt32(next & 0x3F)
        }
        return (scalar, length)
    }

    private mutating func countLines(_ bytes: [UInt8]) {
        var blankCount = 0
        var isBlank = true
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case 0x0A:
                lineCount += 1
                if index > 0, bytes[index - 1] == 0x0D { carriageReturnCount += 1 }
                blankCount = isBlank ? blankCount + 1 : 0
                if blankCount == 1 { blankRunCount += 1 }
                if blankCount == 2 { widerRunCount += 1 }
                isBlank = true
            case 0x0C:
                formFeedCount += 1
            case 0x3C where bytes[index...].starts(with: Self.endOfText):
                endOfTextCount += 1
                let end = index + Self.endOfText.count
                let hasLine =
                    (index == 0 || bytes[index - 1] == 0x0A)
                    && (end == bytes.count || bytes[end] == 0x0A)
                if hasLine { endOfTextLineCount += 1 }
                isBlank = false
            case 0x20, 0x09, 0x0D: break
            default: isBlank = false
            }
        }
    }
}
