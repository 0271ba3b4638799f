import Bytes

/// Reads the text field of JSON objects, one a line, on threads of their own before they are asked
/// for.
///
/// What comes out is that of ``JSONLinesReader``, in the same order. The threads take turns at
/// reading blocks of lines, and each looks through its own. Memory is a block for each thread and
/// two more, and the texts in them.
struct JSONLinesAhead: FormatReader, ~Copyable {
    private let parsing: LineParsing
    private let extractor: JSONFieldExtractor
    private var block = LineParsing.Parsed()
    private var recordInBlock = -1
    /// Lines in blocks before this one.
    private var lineCount = 0
    private var storedByteCount = 0

    /// The scanner refuses all else.
    var checksUTF8: Bool { true }

    init(_ input: FormatInput) throws(CorpusError) {
        extractor = JSONFieldExtractor(field: input.field)
        parsing = LineParsing(try LineBlocks(input), input, extractor)
        for _ in 0..<input.sizes.threadCount { parsing.start() }
    }

    // No wait for the threads: one may be in a read.
    deinit { parsing.stop() }

    mutating func advance() throws(CorpusError) -> FormatStep {
        recordInBlock += 1
        while recordInBlock == block.records.count {
            lineCount += block.records.count
            parsing.reuse(block.bytes)
            block = LineParsing.Parsed()
            recordInBlock = 0
            guard let next = parsing.next() else { return .end }
            block = next
            storedByteCount += next.storedByteCount
            if let error = next.error { throw error }
        }
        let position = DocumentOrigin.Position.line(lineCount + recordInBlock + 1)
        if case .tooLarge(let front) = block.records[recordInBlock].content {
            return .tooLarge(position, front: front)
        }
        return .record(position)
    }

    mutating func takeText(repairing: Bool) throws(RecordFault) -> [UInt8] {
        if repairing {
            return try extractor.text(
                ofRecord: block.bytes.span.extracting(block.records[recordInBlock].range),
                isFirst: lineCount + recordInBlock == 0, repairing: true)
        }
        switch block.records[recordInBlock].content {
        case .text(let text):
            // Given away, so that the text is not shared with the block.
            block.records[recordInBlock].content = .text([])
            return text
        case .fault(let fault): throw fault
        case .tooLarge: return []
        }
    }

    mutating func takeFields(_ names: [[UInt8]]) -> [UInt8] {
        extractor.fields(
            names, ofRecord: block.bytes.span.extracting(block.records[recordInBlock].range),
            isFirst: lineCount + recordInBlock == 0)
    }

    mutating func takeRecord() -> [UInt8]? {
        Array(block.bytes[block.records[recordInBlock].range])
    }

    mutating func takeStoredByteCount() -> Int {
        defer { storedByteCount = 0 }
        return storedByteCount
    }
}
