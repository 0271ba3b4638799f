/// The documents of one input, one after another.
struct DocumentSource: ~Copyable, Sendable {
    /// What ``next()`` came to.
    enum Outcome {
        /// A document; it has, or had, bytes that are not UTF-8.
        case document(Document, hasInvalidUTF8: Bool)
        /// Nothing but ASCII white space stood there.
        case blank
        /// What stood there cannot be read, but what follows it may be; its bytes, if they were kept.
        case refused(CorpusError, bytes: [UInt8]?)
        /// There is no more.
        case end
    }

    /// How the text is taken out of a segment.
    private enum Content {
        /// It is the text.
        case part
        /// It is the text, a line.
        case line
        /// Lines are joined up to a blank one.
        case paragraph
        case jsonLine(JSONFieldExtractor)
        case jsonItem(JSONFieldExtractor)
        case record(TableRecord)
    }

    /// The column of a table that holds the text.
    private struct Column {
        var index: Int
        var count: Int
    }

    private let path: String
    private let limit: Int
    private let invalidUTF8: InvalidUTF8Policy
    private let field: FieldPath
    /// Whether the bytes of what is refused are wanted.
    private let keepsRefused: Bool
    private let content: Content
    private var column: Column?
    private var segments: SegmentReader
    /// Segments so far.
    private var segmentCount = 0
    /// The lines of a table that were passed before the present record.
    private var lineCount = 0

    /// Opens an input. Its errors, and those of ``next()``, are of the file as a whole.
    init(
        _ source: SourceList.Source, _ configuration: CorpusConfiguration, sizes: ReadingSizes
    ) throws(CorpusError) {
        path = source.path
        limit = configuration.maximumDocumentByteCount
        invalidUTF8 = configuration.invalidUTF8
        keepsRefused = configuration.onError == .quarantine && configuration.quarantinePath != nil
        let field = FieldPath(configuration.textField)
        self.field = field
        let line = [UInt8(ascii: "\n")]
        let cutter: SegmentCutter
        switch source.format {
        case .auto, .text:
            if let separator = configuration.textSeparator {
                (content, cutter) = (.part, .delimiter(Array(separator.utf8)))
            } else {
                switch configuration.documents {
                case .file: (content, cutter) = (.part, .whole)
                case .line: (content, cutter) = (.line, .delimiter(line))
                case .blankLine: (content, cutter) = (.paragraph, .delimiter(line))
                }
            }
        case .jsonl:
            content = .jsonLine(JSONFieldExtractor(field: field))
            cutter = .delimiter(line)
        case .json:
            content = .jsonItem(JSONFieldExtractor(field: field, acceptsStrings: true))
            cutter = .json(JSONCutter())
        case .csv, .tsv:
            let delimiter = source.format == .csv ? UInt8(ascii: ",") : UInt8(ascii: "\t")
            content = .record(TableRecord(delimiter: delimiter))
            cutter = .table(TableCutter(delimiter: delimiter))
        }
        let bytes = try InputBytes(
            path: source.path, byteCount: source.byteCount,
            maximumWindowLog: configuration.maximumWindowLog, sizes: sizes)
        segments = SegmentReader(
            source: bytes, path: source.path, cutter: cutter, limit: limit,
            bufferByteCount: sizes.bufferByteCount,
            frontByteCount: keepsRefused ? Quarantine.frontByteCount : 0)
    }

    /// How many stored bytes were read from the input since the last call.
    mutating func takeStoredByteCount() -> Int { segments.takeStoredByteCount() }

    /// Goes to the next document. O(its bytes).
    mutating func next() throws(CorpusError) -> Outcome {
        if case .paragraph = content { return try nextParagraph() }
        if case .record(let record) = content, column == nil {
            guard let found = try readHeader(record) else { return .end }
            column = found
        }
        let outcome = try segments.advance()
        if outcome == .end { return .end }
        segmentCount += 1
        let origin = DocumentOrigin(path: path, position: position)
        lineCount = passedLineCount
        if outcome == .tooLarge {
            return tooLarge(origin, front: segments.front)
        }
        switch content {
        case .part:
            if segments.withSegment({ isBlank($0) }) { return .blank }
            return checked(segments.takeSegment(), origin)
        case .line, .paragraph:
            if segments.withSegment({ isBlank($0) }) { return .blank }
            var line = segments.takeSegment()
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            return checked(line, origin)
        case .jsonLine(let extractor), .jsonItem(let extractor):
            return extracted(origin, extractor)
        case .record(let record):
            return taken(origin, record)
        }
    }

    /// What is above the limit; `front` are its first bytes, if they were kept.
    private func tooLarge(_ origin: DocumentOrigin, front: [UInt8]) -> Outcome {
        .refused(
            .documentTooLarge(origin: origin, limit: limit), bytes: keepsRefused ? front : nil)
    }

    /// The place of the present segment.
    private var position: DocumentOrigin.Position {
        switch content {
        case .part: .part(segmentCount)
        case .line, .paragraph, .jsonLine: .line(segmentCount)
        case .jsonItem: .item(segmentCount)
        case .record: .line(lineCount + 1)
        }
    }

    /// The lines of a table that were passed up to the end of the present record.
    private var passedLineCount: Int {
        if case .table(let cutter) = segments.cutter { cutter.lineCount } else { 0 }
    }

    /// A document of `text`, as far as its bytes are allowed.
    private func checked(_ text: [UInt8], _ origin: DocumentOrigin) -> Outcome {
        let end = endOfValidUTF8(text.span, from: 0)
        if end == text.count {
            return .document(Document(text: text, origin: origin), hasInvalidUTF8: false)
        }
        switch invalidUTF8 {
        case .fail:
            return .refused(
                .invalidUTF8(origin: origin, column: end + 1), bytes: keepsRefused ? text : nil)
        case .keep:
            return .document(Document(text: text, origin: origin), hasInvalidUTF8: true)
        case .replace:
            return .document(
                Document(text: repairedUTF8(text.span) ?? text, origin: origin),
                hasInvalidUTF8: true)
        }
    }
}

// MARK: JSON

extension DocumentSource {
    /// The document in a line or element of JSON.
    private mutating func extracted(
        _ origin: DocumentOrigin, _ extractor: JSONFieldExtractor
    ) -> Outcome {
        // Some editors mark a file as UTF-8 with three bytes at its start.
        let markCount = segmentCount == 1 ? segments.withSegment { byteOrderMarkLength(of: $0) } : 0
        do throws(JSONLineFault) {
            let text = try segments.withSegment { line throws(JSONLineFault) -> [UInt8]? in
                let line = line.extracting(droppingFirst: markCount)
                return isBlank(line) ? nil : try extractor.text(in: line)
            }
            return document(text, origin, hasInvalidUTF8: false)
        } catch {
            if invalidUTF8 == .replace,
                error.reason == .invalidUTF8 || error.reason == .loneSurrogate
            {
                return repaired(origin, extractor, markCount)
            }
            return refused(origin, error, markCount)
        }
    }

    /// The same of a line with U+FFFD for what is not text.
    private mutating func repaired(
        _ origin: DocumentOrigin, _ extractor: JSONFieldExtractor, _ markCount: Int
    ) -> Outcome {
        do throws(JSONLineFault) {
            let text = try segments.withSegment { line throws(JSONLineFault) -> [UInt8] in
                let line = line.extracting(droppingFirst: markCount)
                let bytes = repairedUTF8(line) ?? Array(copying: line)
                return try extractor.text(in: bytes.span, replacesLoneSurrogates: true)
            }
            return document(text, origin, hasInvalidUTF8: true)
        } catch {
            return refused(origin, error, markCount)
        }
    }

    private func document(
        _ text: [UInt8]?, _ origin: DocumentOrigin, hasInvalidUTF8: Bool
    ) -> Outcome {
        guard let text, !isBlank(text.span) else { return .blank }
        return .document(
            Document(text: text, origin: origin), hasInvalidUTF8: hasInvalidUTF8)
    }

    private mutating func refused(
        _ origin: DocumentOrigin, _ fault: JSONLineFault, _ markCount: Int
    ) -> Outcome {
        .refused(
            .malformedLine(
                origin: origin, column: fault.offset + markCount + 1, reason: "\(fault.reason)"),
            bytes: keepsRefused ? segments.takeSegment() : nil)
    }
}

// MARK: Tables

extension DocumentSource {
    /// Reads the first record, which names the columns; nil if there is none.
    private mutating func readHeader(_ record: TableRecord) throws(CorpusError) -> Column? {
        let outcome = try segments.advance()
        if outcome == .end { return nil }
        lineCount = passedLineCount
        let origin = DocumentOrigin(path: path, position: .line(1))
        if outcome == .tooLarge { throw .documentTooLarge(origin: origin, limit: limit) }
        let names: [[UInt8]]
        do throws(TableRecord.Fault) {
            names = try segments.withSegment { line throws(TableRecord.Fault) -> [[UInt8]] in
                try record.fields(line.extracting(droppingFirst: byteOrderMarkLength(of: line)))
            }
        } catch {
            throw .malformedLine(origin: origin, column: error.offset + 1, reason: error.reason)
        }
        let name = field.columnName
        guard let index = names.firstIndex(of: name) else {
            let known = names.map { "\"\(String(decoding: $0, as: UTF8.self))\"" }
                .joined(separator: ", ")
            throw .malformedFile(
                path: path,
                reason: "the header has no column \"\(field.text)\", only \(known); "
                    + "name one with --text-field (corpus.text_field)")
        }
        guard names.lastIndex(of: name) == index else {
            throw .malformedFile(
                path: path,
                reason: "the header has more than one column \"\(field.text)\", and nothing says "
                    + "which is meant; give the others another name")
        }
        return Column(index: index, count: names.count)
    }

    /// The document in a record.
    private mutating func taken(_ origin: DocumentOrigin, _ record: TableRecord) -> Outcome {
        guard let column, !segments.withSegment({ isBlank($0) }) else { return .blank }
        do throws(TableRecord.Fault) {
            let text = try segments.withSegment { line throws(TableRecord.Fault) -> [UInt8] in
                try record.field(at: column.index, of: column.count, line)
            }
            if isBlank(text.span) { return .blank }
            let outcome = checked(text, origin)
            if case .refused(let error, _) = outcome {
                return .refused(error, bytes: keepsRefused ? segments.takeSegment() : nil)
            }
            return outcome
        } catch {
            return .refused(
                .malformedLine(origin: origin, column: error.offset + 1, reason: error.reason),
                bytes: keepsRefused ? segments.takeSegment() : nil)
        }
    }
}

// MARK: Paragraphs

extension DocumentSource {
    /// The lines up to the next blank one. Blank lines before them are passed over.
    private mutating func nextParagraph() throws(CorpusError) -> Outcome {
        var text: [UInt8] = []
        var firstLine = 0
        var isTooLarge = false
        /// The first bytes of what is above the limit.
        var front: [UInt8] = []
        func keepFront() {
            if keepsRefused, front.isEmpty {
                front = Array(text.prefix(min(Quarantine.frontByteCount, limit)))
            }
        }
        while true {
            let outcome = try segments.advance()
            if outcome != .end { segmentCount += 1 }
            if outcome == .segment, !segments.withSegment({ isBlank($0) }) {
                if firstLine == 0 { firstLine = segmentCount } else { text.append(10) }
                segments.withSegment { text.append(copying: $0) }
                if text.count > limit {
                    keepFront()
                    isTooLarge = true
                }
                if isTooLarge { text = [] }
            } else if outcome == .tooLarge {
                if firstLine == 0 { firstLine = segmentCount } else { text.append(10) }
                text += segments.front
                keepFront()
                (text, isTooLarge) = ([], true)
            } else if firstLine > 0 {
                let origin = DocumentOrigin(path: path, position: .line(firstLine))
                if isTooLarge { return tooLarge(origin, front: front) }
                if text.last == UInt8(ascii: "\r") { text.removeLast() }
                return checked(text, origin)
            } else if outcome == .end {
                return .end
            }
        }
    }
}

/// The length of the byte order mark that `bytes` begin with.
private func byteOrderMarkLength(of bytes: Span<UInt8>) -> Int {
    bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF ? 3 : 0
}

/// Whether there is nothing but ASCII white space. O(count), but mostly O(1).
private func isBlank(_ bytes: Span<UInt8>) -> Bool {
    for index in bytes.indices {
        let byte = bytes[index]
        guard byte == 0x20 || (0x09...0x0D).contains(byte) else { return false }
    }
    return true
}
