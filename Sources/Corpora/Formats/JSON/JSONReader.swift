import Bytes

/// Reads the text field of JSON objects, one a line.
///
/// Not one generic type with ``JSONReader``: its witnesses would look up their metadata at each
/// call, which costs a tenth of reading short lines.
struct JSONLinesReader: FormatReader, ~Copyable {
    private var segments: SegmentReader<DelimiterCutter>
    private let extractor: JSONFieldExtractor

    /// The scanner refuses all else.
    var checksUTF8: Bool { true }

    init(_ input: FormatInput) throws(CorpusError) {
        segments = try input.openSegments(.lineEnd)
        extractor = JSONFieldExtractor(field: input.field)
    }

    mutating func advance() throws(CorpusError) -> FormatStep { try segments.step { .line($0) } }

    mutating func takeText(repairing: Bool) throws(RecordFault) -> [UInt8] {
        try extractor.text(of: segments, repairing: repairing)
    }

    mutating func takeFields(_ names: [[UInt8]]) -> [UInt8] {
        extractor.fields(names, of: segments)
    }

    mutating func takeRecord() -> [UInt8]? { segments.takeSegment() }

    mutating func takeStoredByteCount() -> Int { segments.takeStoredByteCount() }
}

/// Reads the values of a JSON file: the elements of an array, which may be the texts themselves, or
/// the text field of objects one after another.
struct JSONReader: FormatReader, ~Copyable {
    private var segments: SegmentReader<JSONCutter>
    private let extractor: JSONFieldExtractor
    private let givesObjects: Bool

    /// The scanner refuses all else, where it is asked.
    var checksUTF8: Bool { !givesObjects }

    init(_ input: FormatInput) throws(CorpusError) {
        segments = try input.openSegments(JSONCutter())
        extractor = JSONFieldExtractor(field: input.field, acceptsStrings: true)
        givesObjects = input.configuration.givesObjects
    }

    mutating func advance() throws(CorpusError) -> FormatStep { try segments.step { .item($0) } }

    mutating func takeText(repairing: Bool) throws(RecordFault) -> [UInt8] {
        if givesObjects { return segments.withSegment { Array(copying: $0) } }
        return try extractor.text(of: segments, repairing: repairing)
    }

    mutating func takeFields(_ names: [[UInt8]]) -> [UInt8] {
        extractor.fields(names, of: segments)
    }

    mutating func takeRecord() -> [UInt8]? { segments.takeSegment() }

    mutating func takeStoredByteCount() -> Int { segments.takeStoredByteCount() }
}

extension JSONFieldExtractor {
    /// The text in the segment at hand, empty if that is blank. O(its bytes).
    fileprivate func text<Cutter>(
        of segments: borrowing SegmentReader<Cutter>, repairing: Bool
    ) throws(RecordFault) -> [UInt8] {
        let isFirst = segments.segmentCount == 1
        return try segments.withSegment { record throws(RecordFault) in
            try text(ofRecord: record, isFirst: isFirst, repairing: repairing)
        }
    }

    /// The members with these names of the object in the segment at hand. O(its bytes).
    fileprivate func fields<Cutter>(
        _ names: [[UInt8]], of segments: borrowing SegmentReader<Cutter>
    ) -> [UInt8] {
        let isFirst = segments.segmentCount == 1
        return segments.withSegment { fields(names, ofRecord: $0, isFirst: isFirst) }
    }

    /// The text in a record, empty if that is blank. O(its bytes).
    ///
    /// - Parameters:
    ///   - isFirst: it is the first of its file, and may begin with a byte order mark.
    ///   - repairing: U+FFFD stands for what is no character.
    func text(
        ofRecord record: Span<UInt8>, isFirst: Bool, repairing: Bool
    ) throws(RecordFault) -> [UInt8] {
        let markCount = isFirst ? byteOrderMarkLength(of: record) : 0
        do throws(JSONError) {
            let record = record.extracting(droppingFirst: markCount)
            guard repairing else { return isBlank(record) ? [] : try text(in: record) }
            let bytes = repairedUTF8(record) ?? Array(copying: record)
            return try text(in: bytes.span, replacesLoneSurrogates: true)
        } catch {
            let isRepairable = error.reason == .invalidUTF8 || error.reason == .loneSurrogate
            let hint = "; corpus.invalid_utf8 = replace puts U+FFFD for it"
            throw RecordFault(
                reason: "\(error.reason)" + (isRepairable ? hint : ""),
                offset: error.offset + markCount, isRepairable: isRepairable)
        }
    }

    /// The members with these names of the object in a record. O(its bytes).
    func fields(_ names: [[UInt8]], ofRecord record: Span<UInt8>, isFirst: Bool) -> [UInt8] {
        let record = record.extracting(
            droppingFirst: isFirst ? byteOrderMarkLength(of: record) : 0)
        guard let repaired = repairedUTF8(record) else { return fields(names, in: record) }
        return fields(names, in: repaired.span)
    }
}
