package import Tokenization

/// Documents as they will stand in shards: ids in their stored width with the end-of-text tokens in
/// place, one document after the other.
///
/// The costly work of writing happens here, on any thread; a ``PartWriter`` only copies.
package struct PackedDocuments: Sendable {
    /// Record of one document.
    struct Entry: Sendable {
        var tokenCount: Int
        var byteCount: Int
        var contentHash: UInt64
        var place: DocumentPlace?
        var split: Split
        /// Tokens of it that are to be learned; nil where it is no conversation.
        var answers: [Range<Int>]?
        /// Whether its ids tell the same.
        var idsTellAnswers = true
    }

    private let format: ShardFormat
    private let marks: DocumentMarks
    // One of the two is used: which, the format says.
    private var narrow: [UInt16] = []
    private var wide: [TokenID] = []
    private(set) var entries: [Entry] = []

    /// Why the first document that could not be encoded was not: it has a byte that no token of the
    /// vocabulary stands for, and the rest of its text is left out.
    package private(set) var refusal: TokenizationError?

    /// No documents yet, to be packed as `format` says.
    ///
    /// - Parameters:
    ///   - format: the width of ids, and where the end-of-text token stands.
    ///   - textByteCount: about how much text comes, in bytes; with it, memory is mostly taken
    ///     once.
    package init(_ format: ShardFormat, textByteCount: Int = 0) {
        self.format = format
        marks = format.marks
        // A token has three bytes or more in most texts.
        if format.width == .uint16 {
            narrow.reserveCapacity(textByteCount / 3)
        } else {
            wide.reserveCapacity(textByteCount / 3)
        }
    }

    /// The number of documents.
    package var count: Int { entries.count }

    /// The bytes that the ids of all documents have in a shard.
    package var idByteCount: Int { (narrow.count + wide.count) * format.width.byteCount }

    /// Encodes one document and adds it. O(count of `text`).
    ///
    /// - Parameters:
    ///   - text: the document's bytes.
    ///   - contentHash: the XXH64 of `text`.
    ///   - place: where in its source it stood; nil if that is not known.
    ///   - split: the part of the data set it goes to.
    ///   - encoder: makes the ids, with the vocabulary that the format names.
    package mutating func append(
        _ text: Span<UInt8>, contentHash: UInt64, place: DocumentPlace?, to split: Split,
        encoder: BytePairEncoder
    ) {
        let before = narrow.count + wide.count
        if let begin = marks.begin { append(begin) }
        if format.width == .uint16 {
            encoder.encode(text, specials: format.allowSpecial, into: &narrow)
        } else {
            encoder.encode(text, specials: format.allowSpecial, into: &wide)
        }
        if refusal == nil {
            do throws(TokenizationError) { try encoder.check() } catch { refusal = error }
        }
        if let end = marks.end { append(end) }
        entries.append(
            Entry(
                tokenCount: narrow.count + wide.count - before, byteCount: text.count,
                contentHash: contentHash, place: place, split: split))
    }

    /// Adds one document of ids that are there already, without an end-of-text token. O(ids).
    mutating func append(
        _ ids: Span<TokenID>, byteCount: Int, contentHash: UInt64, place: DocumentPlace?,
        to split: Split, answers: [Range<Int>]? = nil, idsTellAnswers: Bool = true
    ) {
        let before = narrow.count + wide.count
        precondition(answers == nil || marks.isEmpty, "answers of plain documents")
        if let begin = marks.begin { append(begin) }
        for position in ids.indices { append(ids[position]) }
        if let end = marks.end { append(end) }
        entries.append(
            Entry(
                tokenCount: narrow.count + wide.count - before, byteCount: byteCount,
                contentHash: contentHash, place: place, split: split, answers: answers,
                idsTellAnswers: idsTellAnswers))
    }

    /// A hash of all documents up to and with these, in order, from that of those before.
    /// O(documents).
    package func hash(after previous: UInt64) -> UInt64 {
        entries.reduce(previous) { Self.hash(of: $1.contentHash, after: $0) }
    }

    /// A hash of all documents up to and with one, from its own and that of those before it.
    package static func hash(of contentHash: UInt64, after previous: UInt64) -> UInt64 {
        // The step of XXH64 for eight bytes; what matters is that the order counts.
        let mixed = (previous ^ contentHash) &* 0xC2B2_AE3D_27D4_EB4F
        return (mixed << 31 | mixed >> 33) &* 0x9E37_79B1_85EB_CA87 &+ contentHash
    }

    private mutating func append(_ id: TokenID) {
        if format.width == .uint16 {
            narrow.append(UInt16(truncatingIfNeeded: id.rawValue))
        } else {
            wide.append(id)
        }
    }

    /// Calls `body` with the bytes of all documents, little-endian as every processor is that Swift
    /// runs on.
    func withBytes<Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        try body(format.width == .uint16 ? unsafe narrow.span.bytes : unsafe wide.span.bytes)
    }
}
