/// One corpus format: finds the records of an input and takes the text out of each.
///
/// A format is added here: a type that conforms, in a file or folder of its own beside this one,
/// and a case of ``CorpusFormat`` that opens it. A reader opens its ``FormatInput`` as the format
/// wants it: as a stream of bytes that a ``SegmentReader`` cuts, or as a file that is read at any
/// place, where an index stands at the end. Every call but ``advance()`` is about the record at
/// hand.
///
/// A reader has no policies. ``DocumentSource`` decides for all formats alike about blank texts,
/// bytes that are not UTF-8, and records that are refused.
protocol FormatReader: ~Copyable, Sendable {
    /// Texts are UTF-8 because the reader has refused all others; by default false, and they are
    /// checked behind it.
    var checksUTF8: Bool { get }

    /// Goes to the next record. O(its bytes).
    ///
    /// - Throws: The error of the input as a whole, of which the rest cannot be read.
    mutating func advance() throws(CorpusError) -> FormatStep

    /// The text of the record, empty where the record is blank. Called once, and once more with
    /// `repairing` after a fault that is repairable. O(bytes).
    ///
    /// - Parameter repairing: U+FFFD stands for what is no character.
    mutating func takeText(repairing: Bool) throws(RecordFault) -> [UInt8]

    /// The members of the record with these names, see ``Document/fields``; by default none. Called
    /// behind ``takeText(repairing:)`` gave a text.
    mutating func takeFields(_ names: [[UInt8]]) -> [UInt8]

    /// The bytes of the record as they stand in the input, to be mended and read again; by default
    /// nil: its text is all that a person could mend. Called last.
    mutating func takeRecord() -> [UInt8]?

    /// Stored bytes that were read from the input since the last call.
    mutating func takeStoredByteCount() -> Int
}

extension FormatReader where Self: ~Copyable {
    var checksUTF8: Bool { false }

    mutating func takeFields(_ names: [[UInt8]]) -> [UInt8] { [] }

    mutating func takeRecord() -> [UInt8]? { nil }
}

/// The end of one step from record to record.
enum FormatStep {
    /// A record, and its place.
    case record(DocumentOrigin.Position)
    /// A record above ``FormatInput/limit`` at this place; its first bytes, up to
    /// ``FormatInput/frontByteCount``.
    case tooLarge(DocumentOrigin.Position, front: [UInt8])
    /// There are no more records.
    case end
}

/// The reason why a record has no text, behind which other records may be good.
struct RecordFault: Error, Equatable {
    var reason: String
    /// The bytes of the record before the place; nil where they are not for a person to count.
    var offset: Int?
    /// The fault goes when U+FFFD stands for what is no character.
    var isRepairable = false
}
