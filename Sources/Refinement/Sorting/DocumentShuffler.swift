internal import Corpora
internal import HeapModule
import Work

/// The key by which documents stand in another order, of their ordinals.
///
/// The key of the document with ordinal n is mix(mix(seed) + n), where mix is SplitMix64's
/// finaliser: one-to-one, so no two documents have the same key, and independent of everything
/// else. Therefore neither the memory, nor what else is done with the corpus, moves documents
/// against one another.
struct OrderKey: Sendable {
    private let offset: UInt64

    /// The order that `seed` decides.
    init(seed: UInt64) { offset = SplitMix64.mix(seed) }

    /// The key of a document.
    func callAsFunction(_ ordinal: Int) -> UInt64 { SplitMix64.mix(offset &+ UInt64(ordinal)) }
}

/// Puts documents into the order of their keys, see ``OrderKey``, in bounded memory.
///
/// Documents that fit into memory are sorted there; others go to the disk in sorted runs, which are
/// merged. O(n log n).
final class DocumentShuffler {
    private struct Keyed: Comparable {
        var key: UInt64
        var item: MeasuredDocument

        static func < (left: Keyed, right: Keyed) -> Bool { left.key < right.key }
        static func == (left: Keyed, right: Keyed) -> Bool { left.key == right.key }
    }

    /// A run and its next document.
    private final class Source {
        var reader: DocumentSpoolReader

        init(_ reader: consuming DocumentSpoolReader) { self.reader = reader }
    }

    private struct Head: Comparable {
        var document: Keyed
        var source: Source

        static func < (left: Head, right: Head) -> Bool { left.document < right.document }
        static func == (left: Head, right: Head) -> Bool { left.document == right.document }
    }

    private let key: OrderKey
    private let byteCount: Int
    private let scratchPath: String
    private let book = OriginBook()
    private var documents: [Keyed] = []
    private var documentByteCount = 0
    private var spool: DocumentSpool?
    private var runs: [DocumentSpool.Run] = []

    /// The memory of a document beside its text.
    private static let overheadByteCount = 160
    /// The memory of a run while it is merged: a block, compressed and not, and a decoder's window.
    private static let runByteCount = 1 << 20

    /// A shuffler of nothing yet.
    ///
    /// - Parameters:
    ///   - seed: decides the order.
    ///   - byteCount: memory for documents.
    ///   - scratchPath: beside this path goes what does not fit.
    init(seed: UInt64, byteCount: Int, scratchPath: String) {
        key = OrderKey(seed: seed)
        self.byteCount = byteCount
        self.scratchPath = scratchPath
    }

    /// Adds a document.
    func append(_ item: MeasuredDocument) throws {
        documents.append(Keyed(key: key(item.ordinal), item: item))
        documentByteCount += item.document.text.capacity + Self.overheadByteCount
        if documentByteCount >= byteCount { try spill() }
    }

    private func spill() throws {
        let spool = try self.spool ?? DocumentSpool(beside: scratchPath, book: book)
        self.spool = spool
        documents.sort()
        for document in documents { try spool.append(document.item) }
        runs.append(try spool.endRun())
        documents.removeAll(keepingCapacity: true)
        documentByteCount = 0
    }

    /// Gives the documents away in their new order.
    func forEach(_ body: (MeasuredDocument) async throws -> Void) async throws {
        guard spool != nil else {
            documents.sort()
            for document in documents { try await body(document.item) }
            documents = []
            return
        }
        if !documents.isEmpty { try spill() }
        documents = []
        let width = max(2, byteCount / Self.runByteCount)
        while runs.count > width {
            let target = try DocumentSpool(beside: scratchPath, book: book)
            var merged: [DocumentSpool.Run] = []
            for first in stride(from: 0, to: runs.count, by: width) {
                try await merge(runs[first..<min(first + width, runs.count)]) {
                    try target.append($0)
                }
                merged.append(try target.endRun())
            }
            (spool, runs) = (target, merged)
        }
        try await merge(runs[...], body)
        spool = nil
    }

    private func merge(
        _ runs: ArraySlice<DocumentSpool.Run>, _ body: (MeasuredDocument) async throws -> Void
    ) async throws {
        var heads = Heap<Head>()
        for run in runs {
            let source = Source(try spool!.reader(of: run))
            if let item = try source.reader.next() {
                heads.insert(
                    Head(document: Keyed(key: key(item.ordinal), item: item), source: source))
            }
        }
        while let least = heads.popMin() {
            try await body(least.document.item)
            if let item = try least.source.reader.next() {
                heads.insert(
                    Head(document: Keyed(key: key(item.ordinal), item: item), source: least.source))
            }
        }
    }
}
