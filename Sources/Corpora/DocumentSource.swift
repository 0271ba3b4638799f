/// The documents of one input, one after another.
struct DocumentSource: ~Copyable {
    /// What ``next()`` came to.
    enum Outcome {
        case document(Document)
        /// Nothing but ASCII white space stood there.
        case blank
        /// What stood there cannot be read, but what follows it may be.
        case refused(CorpusError)
        /// There is no more.
        case end
    }

    private let path: String
    private let limit: Int
    /// Takes the text out of a line; nil when the segments are the texts.
    private let extractor: JSONFieldExtractor?
    private var segments: SegmentReader
    /// Segments so far.
    private var segmentCount = 0

    /// Opens an input. Its errors, and those of ``next()``, are of the file as a whole.
    init(
        _ source: SourceList.Source, _ configuration: CorpusConfiguration, bufferByteCount: Int
    ) throws(CorpusError) {
        let isLines = source.format == .jsonl
        let separator = configuration.textSeparator.map { Array($0.utf8) } ?? []
        let bytes = try ByteSource(path: source.path, bufferByteCount: bufferByteCount)
        path = source.path
        limit = configuration.maximumDocumentByteCount
        extractor = isLines ? JSONFieldExtractor(field: configuration.textField) : nil
        segments = SegmentReader(
            source: bytes, delimiter: isLines ? [UInt8(ascii: "\n")] : separator,
            limit: configuration.maximumDocumentByteCount, bufferByteCount: bufferByteCount)
    }

    /// How many stored bytes were read from the input since the last call.
    mutating func takeStoredByteCount() -> Int { segments.takeStoredByteCount() }

    /// Goes to the next document. O(its bytes).
    mutating func next() throws(CorpusError) -> Outcome {
        let outcome = try segments.advance()
        if outcome == .end { return .end }
        segmentCount += 1
        let origin = DocumentOrigin(
            path: path, position: extractor == nil ? .part(segmentCount) : .line(segmentCount))
        if outcome == .tooLarge { return .refused(.documentTooLarge(origin: origin, limit: limit)) }
        guard let extractor else {
            if segments.withSegment({ isBlank($0) }) { return .blank }
            return .document(Document(text: segments.takeSegment(), origin: origin))
        }
        let isFirst = segmentCount == 1
        do throws(JSONLineFault) {
            let text = try segments.withSegment { line throws(JSONLineFault) -> [UInt8]? in
                try Self.text(in: line, isFirst: isFirst, extractor)
            }
            return text.map { .document(Document(text: $0, origin: origin)) } ?? .blank
        } catch {
            return .refused(
                .malformedLine(
                    origin: origin, column: error.offset + 1, reason: "\(error.reason)"))
        }
    }

    /// The text in a line; nil if the line or the text is blank.
    private static func text(
        in line: Span<UInt8>, isFirst: Bool, _ extractor: JSONFieldExtractor
    ) throws(JSONLineFault) -> [UInt8]? {
        // Some editors mark a file as UTF-8 with three bytes at its start.
        let isMarked =
            isFirst && line.count >= 3 && line[0] == 0xEF && line[1] == 0xBB && line[2] == 0xBF
        let markCount = isMarked ? 3 : 0
        let line = line.extracting(droppingFirst: markCount)
        if isBlank(line) { return nil }
        do throws(JSONLineFault) {
            let text = try extractor.text(in: line)
            return isBlank(text.span) ? nil : text
        } catch {
            throw JSONLineFault(reason: error.reason, offset: error.offset + markCount)
        }
    }
}

/// Whether there is nothing but ASCII white space. O(count), but mostly O(1).
private func isBlank(_ bytes: Span<UInt8>) -> Bool {
    for index in bytes.indices {
        let byte = bytes[index]
        guard byte == 0x20 || (0x09...0x0D).contains(byte) else { return false }
    }
    return true
}
