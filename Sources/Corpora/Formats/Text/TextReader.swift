import Bytes

/// Opens an input of plain text, cut as the configuration says.
func openText(_ input: FormatInput) throws(CorpusError) -> any FormatReader & ~Copyable {
    if let separator = input.configuration.textSeparator {
        return try TextReader(input, separator: Array(separator.utf8))
    }
    return switch input.configuration.documents {
    case .file: try TextReader(input, separator: [])
    case .line: try TextReader(lines: input)
    case .blankLine: try ParagraphReader(input)
    }
}

/// Reads plain text: all of it, its lines, or the parts between separators.
struct TextReader: FormatReader, ~Copyable {
    private var segments: SegmentReader<DelimiterCutter>
    private let isOfLines: Bool

    /// The parts between separators; all of the text if there are none.
    init(_ input: FormatInput, separator: [UInt8]) throws(CorpusError) {
        segments = try input.openSegments(DelimiterCutter(separator))
        isOfLines = false
    }

    /// Lines without their ends, LF or CR LF.
    init(lines input: FormatInput) throws(CorpusError) {
        segments = try input.openSegments(.lineEnd)
        isOfLines = true
    }

    mutating func advance() throws(CorpusError) -> FormatStep {
        isOfLines ? try segments.step { .line($0) } : try segments.step { .part($0) }
    }

    mutating func takeText(repairing: Bool) -> [UInt8] {
        var text = segments.takeSegment()
        if isOfLines, text.last == UInt8(ascii: "\r") { text.removeLast() }
        return text
    }

    mutating func takeStoredByteCount() -> Int { segments.takeStoredByteCount() }
}

/// Reads paragraphs of plain text: lines up to a blank one.
struct ParagraphReader: FormatReader, ~Copyable {
    private var lines: SegmentReader<DelimiterCutter>
    private let limit: Int
    private let endsAboveLimit: Bool
    private let frontByteCount: Int
    private var text: [UInt8] = []

    init(_ input: FormatInput) throws(CorpusError) {
        lines = try input.openSegments(.lineEnd)
        limit = input.limit
        endsAboveLimit = input.endsAboveLimit
        frontByteCount = input.frontByteCount
    }

    /// Joins the lines up to the next blank one. Blank lines before them are passed over.
    mutating func advance() throws(CorpusError) -> FormatStep {
        text = []
        var firstLine = 0
        var isTooLarge = false
        /// The first bytes of what is above the limit.
        var front: [UInt8] = []
        while true {
            let outcome = try lines.advance()
            let isBlankLine = outcome == .segment && lines.withSegment { isBlank($0) }
            if outcome == .end || isBlankLine {
                guard firstLine == 0 else { break }
                if outcome == .end { return .end }
                continue
            }
            if firstLine == 0 {
                firstLine = lines.segmentCount
            } else {
                text.append(UInt8(ascii: "\n"))
            }
            if outcome == .segment {
                lines.withSegment { text.append(copying: $0) }
            } else {
                text += lines.front
            }
            if outcome == .tooLarge || text.count > limit {
                if front.isEmpty { front = Array(text.prefix(frontByteCount)) }
                isTooLarge = true
            }
            if isTooLarge {
                text = []
                if endsAboveLimit { break }
            }
        }
        if text.last == UInt8(ascii: "\r") { text.removeLast() }
        return isTooLarge
            ? .tooLarge(.line(firstLine), front: front) : .record(.line(firstLine))
    }

    mutating func takeText(repairing: Bool) -> [UInt8] {
        defer { text = [] }
        return text
    }

    mutating func takeStoredByteCount() -> Int { lines.takeStoredByteCount() }
}
