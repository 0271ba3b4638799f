/// Reads the documents of a corpus one after another.
///
/// Memory is that of the reading buffers, one document and the list of inputs. A value has one
/// owner and may move to another thread.
///
/// ```swift
/// var reader = try CorpusReader(CorpusConfiguration(inputs: ["corpora/kjv.txt.zst"]))
/// while let document = try reader.next() {
///     print(document.origin, document.text.count)
/// }
/// ```
public struct CorpusReader: ~Copyable, Sendable {
    /// How far the reader has come. After an error it tells where that was.
    public private(set) var progress: CorpusProgress

    private let configuration: CorpusConfiguration
    private let bufferByteCount: Int
    private let extractor: JSONFieldExtractor
    private let sources: [SourceList.Source]
    /// The number of sources that were opened.
    private var openedCount = 0
    private var segments: SegmentReader?
    /// Segments of the present source so far.
    private var segmentCount = 0
    private var failure: CorpusError?

    /// Finds the inputs of a configuration; reads none of them yet.
    public init(_ configuration: CorpusConfiguration) throws(CorpusError) {
        try self.init(configuration, bufferByteCount: 256 << 10)
    }

    /// A reader with buffers of a chosen size, for tests of what lies across their ends.
    init(_ configuration: CorpusConfiguration, bufferByteCount: Int) throws(CorpusError) {
        try configuration.validate()
        let sources = try SourceList(configuration).sources
        var progress = CorpusProgress()
        progress.sources = sources.map { CorpusProgress.Source(path: $0.path) }
        progress.totalBytes = 0
        for source in sources {
            guard let total = progress.totalBytes, let count = source.byteCount else {
                progress.totalBytes = nil
                break
            }
            progress.totalBytes = total + count
        }
        self.progress = progress
        self.configuration = configuration
        self.bufferByteCount = bufferByteCount
        self.sources = sources
        extractor = JSONFieldExtractor(field: configuration.textField)
    }

    /// The next document; nil behind the last. O(its bytes).
    ///
    /// After an error the reader is spent: every further call throws the same.
    public mutating func next() throws(CorpusError) -> Document? {
        if let failure { throw failure }
        do throws(CorpusError) {
            return try readDocument()
        } catch {
            failure = error
            throw error
        }
    }

    /// The next documents, of about `byteCount` bytes of text together; nil behind the last.
    ///
    /// There is at least one, and no more than needed to reach `byteCount`. O(their bytes).
    public mutating func nextChunk(
        byteCount: Int = 1 << 20
    ) throws(CorpusError) -> [Document]? {
        var documents: [Document] = []
        var total = 0
        while total < byteCount || documents.isEmpty, let document = try next() {
            total += document.text.count
            documents.append(document)
        }
        return documents.isEmpty ? nil : documents
    }

    private mutating func readDocument() throws(CorpusError) -> Document? {
        while true {
            if segments == nil {
                guard openedCount < sources.count else { return nil }
                try open(sources[openedCount])
            }
            let outcome = try segments!.advance()
            progress.bytesRead += segments!.takeStoredByteCount()
            if outcome == .end {
                segments = nil
                continue
            }
            segmentCount += 1
            do throws(CorpusError) {
                if outcome == .tooLarge {
                    throw .documentTooLarge(
                        origin: origin, limit: configuration.maximumDocumentByteCount)
                }
                if let document = try makeDocument() { return document }
                progress.emptyDocuments += 1
            } catch {
                guard configuration.onError == .skip else { throw error }
                progress.skippedLines += 1
                if progress.skipped.count < CorpusProgress.keptErrorCount {
                    progress.skipped.append(error)
                }
            }
        }
    }

    private mutating func open(_ source: SourceList.Source) throws(CorpusError) {
        openedCount += 1
        segmentCount = 0
        let separator = configuration.textSeparator.map { Array($0.utf8) } ?? []
        segments = SegmentReader(
            source: try ByteSource(path: source.path, bufferByteCount: bufferByteCount),
            delimiter: source.format == .jsonl ? [UInt8(ascii: "\n")] : separator,
            limit: configuration.maximumDocumentByteCount, bufferByteCount: bufferByteCount)
    }

    /// The place of the present segment.
    private var origin: DocumentOrigin {
        let source = sources[openedCount - 1]
        return DocumentOrigin(
            path: source.path,
            position: source.format == .jsonl ? .line(segmentCount) : .part(segmentCount))
    }

    /// The document in the present segment; nil if there is none in it.
    private mutating func makeDocument() throws(CorpusError) -> Document? {
        var text: [UInt8]? = nil
        if sources[openedCount - 1].format == .jsonl {
            text = try extractText()
        } else if !segments!.withSegment({ isBlank($0) }) {
            text = segments!.takeSegment()
        }
        guard let text else { return nil }
        progress.documents += 1
        progress.textBytes += text.count
        progress.sources[openedCount - 1].documents += 1
        progress.sources[openedCount - 1].textBytes += text.count
        return Document(text: text, origin: origin)
    }

    /// The text in the present line; nil if the line or the text is blank.
    private func extractText() throws(CorpusError) -> [UInt8]? {
        do throws(JSONLineFault) {
            return try segments!.withSegment { line throws(JSONLineFault) -> [UInt8]? in
                // Some editors mark a file as UTF-8 with three bytes at its start.
                let isMarked =
                    segmentCount == 1 && line.count >= 3 && line[0] == 0xEF && line[1] == 0xBB
                    && line[2] == 0xBF
                let line = line.extracting(droppingFirst: isMarked ? 3 : 0)
                if isBlank(line) { return nil }
                let text = try extractor.text(in: line)
                return isBlank(text.span) ? nil : text
            }
        } catch {
            throw .malformedLine(
                origin: origin, column: error.offset + 1, reason: "\(error.reason)")
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
