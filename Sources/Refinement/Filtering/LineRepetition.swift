import Bytes

/// The share of lines in a document that stood in it before.
struct LineRepetition {
    /// Lines that are not blank.
    private(set) var lineCount = 0
    /// Those of them that stood before.
    private(set) var repeatedCount = 0
    /// Bytes of all lines, without white space around them.
    private(set) var byteCount = 0
    /// Bytes of those that stood before.
    private(set) var repeatedByteCount = 0

    /// The share of lines; 0 where there are none.
    var share: Double { lineCount == 0 ? 0 : Double(repeatedCount) / Double(lineCount) }

    /// The share of bytes; 0 where there are none.
    var byteShare: Double { byteCount == 0 ? 0 : Double(repeatedByteCount) / Double(byteCount) }

    /// Compares the lines of `text` by their hashes. O(bytes).
    init(_ text: Span<UInt8>) {
        var seen: Set<UInt64> = []
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count, text[end] != 0x0A { end += 1 }
            let next = end + 1
            while start < end, isASCIISpace(text[start]) { start += 1 }
            while start < end, isASCIISpace(text[end - 1]) { end -= 1 }
            if start < end {
                let isNew = seen.insert(XXH64.hash(of: text.extracting(start..<end))).inserted
                lineCount += 1
                byteCount += end - start
                repeatedCount += isNew ? 0 : 1
                repeatedByteCount += isNew ? 0 : end - start
            }
            start = next
        }
    }
}

private func isASCIISpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 9 < 5 }
