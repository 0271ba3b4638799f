internal import Corpora
import Files
import Work

/// Finds documents that are nearly the same, of which the first stays; see ``NearDuplicateRule``.
///
/// Documents are put aside, compressed, while the bands of their signatures are sorted on the disk.
/// Those that share a band are compared by their whole signatures. Near-duplicates of
/// near-duplicates are one cluster, and of each cluster the document that was read first stays.
///
/// In a band that more than ``comparisonLimit`` documents share, each is compared with the first
/// that many only, so that the work does not grow with the square of a boilerplate's popularity. A
/// document without words has no near-duplicates.
///
/// Documents of other corpora, which come first, are compared with those of this one and not with
/// one another.
///
/// Memory is 5 bytes a document, and the sorter's. On the disk a document takes its text,
/// compressed, 4 bytes a value of its signature, 16 a band, and 8 for its place.
final class NearDuplicates {
    /// The counts that the report gives.
    struct Counts: Equatable {
        /// Pairs of signatures that were compared.
        var comparedPairs = 0
        /// Sets of two or more documents of which one stays.
        var clusters = 0
    }

    /// The document that stays in the stead of one that goes.
    struct Kept {
        /// Its place.
        var origin: OriginBook.Code
        /// The share of values in which the signatures of the two agree.
        var similarity: Double
    }

    /// The number of documents of a band with which each other one is compared.
    static let comparisonLimit = 64

    private let rule: NearDuplicateRule
    private let signer: MinHash
    private let memory: RefinementMemory
    private let book: OriginBook
    private let spool: DocumentSpool
    private let signatures: ScratchFile
    private var pendingSignatures: [UInt32] = []
    private let places: ScratchFile
    private var pendingPlaces: [UInt64] = []
    /// The documents of other corpora.
    private var otherCount = 0
    private let bands: RecordSorter<BandRecord>
    private(set) var counts = Counts()
    /// The number of documents.
    var count: Int { spool.count }

    init(
        _ rule: NearDuplicateRule, memory: RefinementMemory, scratchPath: String, book: OriginBook
    ) throws {
        self.rule = rule
        self.memory = memory
        self.book = book
        signer = MinHash(rule)
        spool = try DocumentSpool(beside: scratchPath, book: book)
        signatures = try ScratchFile(beside: scratchPath)
        places = try ScratchFile(beside: scratchPath)
        bands = RecordSorter(byteCount: memory.bandSorter, scratchPath: scratchPath)
    }

    /// Takes the next document.
    func append(_ item: MeasuredDocument) throws {
        let number = spool.count
        var item = item
        let signature = item.signature
        item.signature = []
        try spool.append(item)
        if item.isOther { otherCount += 1 }
        pendingPlaces.append(book.code(for: item.document.origin).rawValue)
        // A document without words keeps its place with zeros.
        pendingSignatures += signature
        pendingSignatures += repeatElement(0, count: rule.permutationCount - signature.count)
        if pendingSignatures.count >= 1 << 18 { try flushSignatures() }
        guard !signature.isEmpty else { return }
        for band in 0..<rule.bandCount {
            try bands.append(
                BandRecord(
                    key: signer.key(ofBand: band, in: signature), number: UInt64(number)))
        }
    }

    private func flushSignatures() throws(FileError) {
        try signatures.append(pendingSignatures)
        pendingSignatures.removeAll(keepingCapacity: true)
        try places.append(pendingPlaces)
        pendingPlaces.removeAll(keepingCapacity: true)
    }

    /// Decides about all documents, in order.
    ///
    /// - Parameter checkpoint: told now and then how many bands of how many were looked at; may
    ///   throw to end the work.
    func settle(
        checkpoint: (Int, Int) throws -> Void,
        keep: (MeasuredDocument) async throws -> Void,
        drop: (MeasuredDocument, Kept) throws -> Void
    ) async throws {
        var clusters = try findClusters(checkpoint)
        var hasMembers = [Bool](repeating: false, count: spool.count)
        for number in otherCount..<spool.count {
            let root = clusters.root(of: number)
            guard root != number else { continue }
            counts.clusters += hasMembers[root] ? 0 : 1
            hasMembers[root] = true
        }
        var cache = SignatureCache(signatures, valueCount: rule.permutationCount)
        var place = [UInt8](repeating: 0, count: 8)
        var reader = try spool.reader(of: try spool.endRun())
        var number = 0
        while let item = try reader.next() {
            defer { number += 1 }
            guard !item.isOther else { continue }
            let root = clusters.root(of: number)
            guard root != number else {
                try await keep(item)
                continue
            }
            try places.read(into: &place, at: 8 * root)
            let code = unsafe place.withUnsafeBytes {
                unsafe $0.loadUnaligned(as: UInt64.self)
            }
            let one = try cache.signature(of: root)
            let similarity = MinHash.similarity(one, try cache.signature(of: number))
            try drop(
                item, Kept(origin: OriginBook.Code(rawValue: code), similarity: similarity))
        }
    }

    private func findClusters(_ checkpoint: (Int, Int) throws -> Void) throws -> UnionFind {
        try flushSignatures()
        let needed = 5 * spool.count
        guard needed <= memory.clusters, spool.count < UInt32.max else {
            throw RefinementError.tooManyDocuments(
                count: spool.count, needed: ByteSize(byteCount: 8 * needed).roundedUp)
        }
        var clusters = UnionFind(count: spool.count)
        var cache = SignatureCache(signatures, valueCount: rule.permutationCount)
        let leastEqual = rule.similarity
        var group: [Int] = []
        var groupKey: UInt64 = 0
        let bandTotal = bands.count
        var bandCount = 0
        while let band = try bands.next() {
            if bandCount & 0xFFFF == 0 { try checkpoint(bandCount, bandTotal) }
            bandCount += 1
            let number = Int(band.number)
            if band.key != groupKey { group.removeAll(keepingCapacity: true) }
            groupKey = band.key
            for other in group
            where number >= otherCount
                && clusters.root(of: other) != clusters.root(of: number)
            {
                counts.comparedPairs += 1
                let one = try cache.signature(of: other)
                if MinHash.similarity(one, try cache.signature(of: number)) >= leastEqual {
                    clusters.unite(other, number)
                }
            }
            if group.count < Self.comparisonLimit { group.append(number) }
        }
        try checkpoint(bandTotal, bandTotal)
        return clusters
    }
}

/// Signatures of a file, of which the last few read stay in memory.
private struct SignatureCache {
    private let file: ScratchFile
    private let valueCount: Int
    private var numbers: [Int]
    private var values: [[UInt32]]
    private var buffer: [UInt8]

    init(_ file: ScratchFile, valueCount: Int) {
        self.file = file
        self.valueCount = valueCount
        let entryCount = 256
        numbers = Array(repeating: -1, count: entryCount)
        values = Array(repeating: [], count: entryCount)
        buffer = Array(repeating: 0, count: 4 * valueCount)
    }

    mutating func signature(of number: Int) throws(FileError) -> [UInt32] {
        let entry = number % numbers.count
        if numbers[entry] == number { return values[entry] }
        try file.read(into: &buffer, at: number * buffer.count)
        values[entry] = unsafe buffer.withUnsafeBytes { bytes in
            unsafe Array(bytes.bindMemory(to: UInt32.self))
        }
        numbers[entry] = number
        return values[entry]
    }
}

/// Disjoint sets of numbers, each named by its least member (Tarjan, 1975, with path halving).
///
/// Memory is 4 bytes a number.
struct UnionFind {
    private var parents: [UInt32]

    /// `count` sets of one number each.
    init(count: Int) {
        parents = (0..<UInt32(count)).map { $0 }
    }

    /// The least member of the set of `number`. Nearly O(1).
    mutating func root(of number: Int) -> Int {
        var number = number
        while true {
            let parent = Int(parents[number])
            if parent == number { return number }
            parents[number] = parents[parent]
            number = Int(parents[number])
        }
    }

    /// Makes the sets of two numbers one.
    mutating func unite(_ one: Int, _ other: Int) {
        let (one, other) = (root(of: one), root(of: other))
        parents[max(one, other)] = UInt32(min(one, other))
    }
}
