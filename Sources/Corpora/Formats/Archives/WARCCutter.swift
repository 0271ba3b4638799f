import Bytes

/// Finds the texts in a web archive: the blocks of its records that are plain text.
///
/// Source: ISO 28500 (WARC 1.0 and 1.1): a record is lines of a header, a blank line, as many bytes
/// as `Content-Length` says, and two line ends.
struct WARCCutter: SegmentCutter {
    /// What the header of a record says.
    struct Header {
        /// Its lines, in their order; names in the letters that they have there.
        var lines: [(name: [UInt8], value: [UInt8])] = []

        /// The value of the first line with a name, in whatever letters.
        subscript(name: String) -> [UInt8]? {
            let wanted = Array(name.lowercased().utf8)
            return lines.first { lowercased($0.name) == wanted }?.value
        }
    }

    private enum Place {
        case betweenRecords
        /// In a text, of which so many bytes are still to come.
        case inText(Int)
        /// In what is no text.
        case inOther(Int)
    }

    /// The header of the last record that began.
    private(set) var header = Header()
    /// Records that began.
    private(set) var recordCount = 0
    /// Those of them that are texts.
    private(set) var textCount = 0

    private var place = Place.betweenRecords
    /// A header began of which the end is not known yet.
    private var isInHeader = false

    /// The longest header that is read.
    static let headerLimit = 1 << 16
    /// The records that hold texts: what was made of a page, and what was stored as it is.
    private static let textTypes = ["conversion", "resource"].map { Array($0.utf8) }

    var reach: Int { Self.headerLimit }

    var faultAtEnd: String? {
        guard case .betweenRecords = place else { return "it ends inside record \(recordCount)" }
        return isInHeader ? "it ends inside the header of record \(recordCount + 1)" : nil
    }

    mutating func look(through bytes: Span<UInt8>) -> SegmentFinding {
        switch place {
        case .inText(let count) where count <= bytes.count:
            place = .betweenRecords
            return .end(count, next: count)
        case .inText(let count):
            place = .inText(count - bytes.count)
            return .inside(kept: 0)
        case .inOther(let count):
            guard bytes.count > 0 || count == 0 else { return .inside(kept: 0) }
            let passed = min(count, bytes.count)
            place = passed == count ? .betweenRecords : .inOther(count - passed)
            return passed == 0 ? look(through: bytes) : .before(passed)
        case .betweenRecords:
            return lookForHeader(bytes)
        }
    }

    private mutating func lookForHeader(_ bytes: Span<UInt8>) -> SegmentFinding {
        var start = 0
        while start < bytes.count, bytes[start] == 0x0D || bytes[start] == 0x0A { start += 1 }
        guard start == 0 else { return .before(start) }
        let version = Array("WARC/".utf8)
        for index in 0..<min(version.count, bytes.count) where bytes[index] != version[index] {
            return .fault(offset: index, reason: "expected a record, which begins \"WARC/1.0\"")
        }
        guard let end = endOfHeader(bytes) else {
            guard bytes.count < Self.headerLimit else {
                return .fault(
                    offset: 0, reason: "the header of a record is above \(Self.headerLimit) bytes")
            }
            isInHeader = bytes.count > 0
            return .inside(kept: bytes.count)
        }
        isInHeader = false
        header = Self.header(bytes.extracting(first: end))
        guard let length = header["Content-Length"],
            let count = Int(String(decoding: length, as: UTF8.self)), count >= 0
        else {
            return .fault(
                offset: 0, reason: "the record has no Content-Length, so that its end is unknown")
        }
        recordCount += 1
        if isText {
            textCount += 1
            place = .inText(count)
        } else {
            place = .inOther(count)
        }
        return .before(end)
    }

    /// Whether the record at hand is one of text.
    private var isText: Bool {
        guard let type = header["WARC-Type"], Self.textTypes.contains(lowercased(type)) else {
            return false
        }
        guard let content = header["Content-Type"] else { return true }
        return lowercased(content).starts(with: Array("text/plain".utf8))
    }

    /// The place behind the blank line that ends a header; nil if there is none.
    private func endOfHeader(_ bytes: Span<UInt8>) -> Int? {
        var start = 0
        while let line = firstOffset(
            of: UInt8(ascii: "\n"), in: bytes.extracting(droppingFirst: start))
        {
            start += line + 1
            if start < bytes.count, bytes[start] == 0x0A { return start + 1 }
            if start + 1 < bytes.count, bytes[start] == 0x0D, bytes[start + 1] == 0x0A {
                return start + 2
            }
        }
        return nil
    }

    private static func header(_ bytes: Span<UInt8>) -> Header {
        var header = Header()
        for line in Array(copying: bytes).split(separator: 0x0A).dropFirst() {
            let text = trimmed(line)
            if line.first == 0x20 || line.first == 0x09, !header.lines.isEmpty {
                // A line that begins with a space goes on with the one before.
                header.lines[header.lines.count - 1].value += [0x20] + text
            } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
                header.lines.append(
                    (trimmed(text[..<colon]), trimmed(text[(colon + 1)...])))
            }
        }
        return header
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        guard let first = bytes.firstIndex(where: { !isSpace($0) }),
            let last = bytes.lastIndex(where: { !isSpace($0) })
        else { return [] }
        return Array(bytes[first...last])
    }

    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] { trimmed(bytes[...]) }
}

private func lowercased(_ bytes: [UInt8]) -> [UInt8] {
    bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
}
