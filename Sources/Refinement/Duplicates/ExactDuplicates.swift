internal import Corpora

/// Finds documents with the same bytes, of which the first stays, in one pass and bounded memory.
///
/// A document is told by 128 bits of hash: among 10¹² documents the chance that two different ones
/// are taken for one is 10⁻¹⁵; it is no protection against a forger. The hashes seen stay in a
/// table, and what is new can go on at once. When the table is full it is still looked into, but a
/// document that it does not know is put aside with its hash; in the end the hashes are sorted,
/// which tells the first of each, and the documents are read back. They follow those that went on,
/// so the order stays.
final class ExactDuplicates {
    /// The verdict on a document.
    enum Verdict {
        /// It is the first of its kind.
        case kept
        /// The first of its kind stands there.
        case duplicate(of: OriginBook.Code)
        /// It was put aside, and ``settle(keep:drop:)`` will tell.
        case undecided
    }

    private struct Sighting: SortedRecord {
        var high: UInt64
        var low: UInt64
        var number: Int
        var origin: OriginBook.Code

        static var wordCount: Int { 3 }

        func word(_ index: Int) -> UInt64 { index == 0 ? high : index == 1 ? low : UInt64(number) }
    }

    private struct Duplicate: SortedRecord {
        var number: Int
        var first: OriginBook.Code

        static var wordCount: Int { 1 }

        func word(_: Int) -> UInt64 { UInt64(number) }
    }

    private let book: OriginBook
    private let sorterByteCount: Int
    private let scratchPath: String
    private var table: HashTable
    private var sightings: RecordSorter<Sighting>?
    private var spool: DocumentSpool?

    init(memory: RefinementMemory, scratchPath: String, book: OriginBook) {
        table = HashTable(byteCount: memory.hashTable)
        // Both sorters of the end share this.
        sorterByteCount = memory.hashSorter / 2
        self.scratchPath = scratchPath
        self.book = book
    }

    /// Takes the next document.
    func admit(_ item: MeasuredDocument) throws -> Verdict {
        let (high, low) = (item.document.contentHash, item.secondHash)
        let origin = book.code(for: item.document.origin)
        switch table.insert(high, low, origin.rawValue) {
        case .inserted: return .kept
        case .found(let first): return .duplicate(of: OriginBook.Code(rawValue: first))
        case .full: break
        }
        if spool == nil {
            spool = try DocumentSpool(beside: scratchPath, book: book)
            sightings = RecordSorter(byteCount: sorterByteCount, scratchPath: scratchPath)
        }
        try sightings!.append(
            Sighting(high: high, low: low, number: spool!.count, origin: origin))
        try spool!.append(item)
        return .undecided
    }

    /// Decides about the documents that were put aside, in order.
    func settle(
        keep: (MeasuredDocument) async throws -> Void,
        drop: (MeasuredDocument, OriginBook.Code) throws -> Void
    ) async throws {
        table = HashTable(byteCount: 0)
        guard let spool, let sightings else { return }
        let duplicates = RecordSorter<Duplicate>(
            byteCount: sorterByteCount, scratchPath: scratchPath)
        var first: Sighting?
        while let sighting = try sightings.next() {
            if let first, first.high == sighting.high, first.low == sighting.low {
                try duplicates.append(Duplicate(number: sighting.number, first: first.origin))
            } else {
                first = sighting
            }
        }
        self.sightings = nil
        var reader = try spool.reader(of: try spool.endRun())
        var number = 0
        while let duplicate = try duplicates.next() {
            while number < duplicate.number, let item = try reader.next() {
                try await keep(item)
                number += 1
            }
            if let item = try reader.next() { try drop(item, duplicate.first) }
            number += 1
        }
        while let item = try reader.next() { try await keep(item) }
        self.spool = nil
    }
}
