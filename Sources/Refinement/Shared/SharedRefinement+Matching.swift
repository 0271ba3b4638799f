import Bytes
import Files
import Work

extension SharedRefinement {
    /// Finds documents with the same bytes in a range of hashes: all but the first of each kind go.
    ///
    /// - Parameters:
    ///   - partition: the number of the range.
    ///   - byteCount: memory for sorting.
    ///   - checkpoint: called now and then; may throw to end the work.
    package func matchExact(
        _ partition: Int, byteCount: Int, checkpoint: () throws -> Void
    ) throws {
        let journals = try measureJournals()
        let numbers = PartNumbers(journals)
        try FileSystem.makeDirectory(directory(.exact, partition))
        let sorter = RecordSorter<HashRecord>(
            byteCount: byteCount, scratchPath: scratchPath(.exact, partition))
        for (part, journal) in journals.enumerated() {
            let base = UInt64(numbers.starts[part])
            try journal.hashes?.forEach(
                path: file(MeasureJournal.hashesName, .measure, part), width: HashRecord.width,
                partition: partition, of: partitionCount
            ) { words in
                try checkpoint()
                for place in stride(from: 0, to: words.count, by: HashRecord.width) {
                    try sorter.append(
                        HashRecord(
                            high: words[place], low: words[place + 1],
                            number: base + words[place + 2]))
                }
            }
        }
        let pairs = try StoredFileWriter(path: file(PairJournal.name, .exact, partition))
        var first: HashRecord?
        while let record = try sorter.next() {
            if let first, first.high == record.high, first.low == record.low {
                try pairs.append(record.number)
                try pairs.append(first.number)
            } else {
                first = record
            }
        }
        try finish(PairJournal(pairs: try pairs.commit()), .exact, partition)
    }

    /// The documents that go because others have the same bytes. Memory is a bit for each document.
    ///
    /// - Parameter byteCount: the most memory that they may take.
    package func duplicates(byteCount: Int) throws -> DocumentSet {
        let count = PartNumbers(try measureJournals()).count
        guard count / 8 <= byteCount else {
            throw RefinementError.tooManyDocuments(
                count: count, needed: ByteSize(byteCount: count).roundedUp)
        }
        var set = DocumentSet(count: count)
        guard configuration.removesDuplicates else { return set }
        for partition in 0..<partitionCount {
            let journal = try doneJournal(PairJournal.self, .exact, partition)
            var rows = try RowReader(
                path: file(PairJournal.name, .exact, partition), journal.pairs,
                width: PairJournal.width)
            while try rows.advance() {
                guard rows.word(0) < UInt64(count) else {
                    throw RefinementError.damagedUnit(path: directory(.exact, partition))
                }
                set.insert(Int(rows.word(0)))
            }
        }
        return set
    }

    /// Compares documents that share a band, in a range of keys.
    ///
    /// The pairs are those that one process would compare that had seen no other range, in the same
    /// order. What is united there is united as well where other ranges were seen before, so the
    /// pairs that are compared in the end are among them.
    ///
    /// - Parameters:
    ///   - partition: the number of the range.
    ///   - duplicates: documents that are there no more.
    ///   - byteCount: memory for sorting.
    ///   - clusterByteCount: the most memory for what is united.
    ///   - checkpoint: called now and then; may throw to end the work.
    package func compareBands(
        _ partition: Int, without duplicates: DocumentSet, byteCount: Int, clusterByteCount: Int,
        checkpoint: () throws -> Void
    ) throws {
        let journals = try measureJournals()
        let numbers = PartNumbers(journals)
        try FileSystem.makeDirectory(directory(.bands, partition))
        let sorter = RecordSorter<BandRecord>(
            byteCount: byteCount, scratchPath: scratchPath(.bands, partition))
        for (part, journal) in journals.enumerated() {
            let base = UInt64(numbers.starts[part])
            try journal.bands?.forEach(
                path: file(MeasureJournal.bandsName, .measure, part), width: BandRecord.width,
                partition: partition, of: partitionCount
            ) { words in
                try checkpoint()
                for place in stride(from: 0, to: words.count, by: BandRecord.width) {
                    let number = base + words[place + 1]
                    guard number < UInt64(numbers.count) else {
                        throw RefinementError.damagedUnit(path: directory(.measure, part))
                    }
                    guard !duplicates.contains(Int(number)) else { continue }
                    try sorter.append(BandRecord(key: words[place], number: number))
                }
            }
        }
        let pairs = try StoredFileWriter(path: file(PairJournal.name, .bands, partition))
        let otherCount = UInt64(numbers.starts[otherPartCount])
        var signatures = SharedSignatures(self, numbers)
        var clusters = SparseUnionFind()
        var group: [UInt64] = []
        var groupKey: UInt64 = 0
        var count = 0
        while let band = try sorter.next() {
            if count & 0xFFF == 0 { try checkpoint() }
            count += 1
            if band.key != groupKey { group.removeAll(keepingCapacity: true) }
            groupKey = band.key
            for other in group
            where band.number >= otherCount
                && clusters.root(of: other) != clusters.root(of: band.number)
            {
                let one = try signatures.signature(of: other)
                let isNear =
                    MinHash.similarity(one, try signatures.signature(of: band.number))
                    >= configuration.nearDuplicates.similarity
                try pairs.append(other)
                try pairs.append(band.number << 1 | (isNear ? 1 : 0))
                guard isNear else { continue }
                clusters.unite(other, band.number)
                try check(clusters, clusterByteCount, numbers.count)
            }
            if group.count < NearDuplicates.comparisonLimit { group.append(band.number) }
        }
        try finish(PairJournal(pairs: try pairs.commit()), .bands, partition)
    }

    /// Throws when what was united takes more memory than it may.
    func check(_ clusters: SparseUnionFind, _ byteCount: Int, _ count: Int) throws {
        guard clusters.byteCount <= byteCount || clusters.members.count < 1 << 10 else {
            throw RefinementError.tooManyDocuments(
                count: count, needed: ByteSize(byteCount: 16 * clusters.byteCount).roundedUp)
        }
    }
}

/// A set of documents, by their numbers.
package struct DocumentSet: Sendable {
    private var words: [UInt64]

    init(count: Int) { words = Array(repeating: 0, count: (count + 63) / 64) }

    mutating func insert(_ number: Int) { words[number >> 6] |= 1 << UInt64(number & 63) }

    func contains(_ number: Int) -> Bool { words[number >> 6] >> UInt64(number & 63) & 1 == 1 }
}

/// Signatures of documents in the files of all parts, of which those read last stay in memory.
struct SharedSignatures {
    private let paths: [String]
    private let numbers: PartNumbers
    private let finder = RowFinder()
    private let valueCount: Int
    private var keys: [UInt64]
    private var values: [[UInt32]]

    private static let entryCount = 1 << 10

    init(_ shared: SharedRefinement, _ numbers: PartNumbers) {
        paths = (0..<shared.partCount).map {
            shared.file(MeasureJournal.signaturesName, .measure, $0)
        }
        self.numbers = numbers
        valueCount = shared.configuration.nearDuplicates.permutationCount
        keys = Array(repeating: .max, count: Self.entryCount)
        values = Array(repeating: [], count: Self.entryCount)
    }

    mutating func signature(of number: UInt64) throws -> [UInt32] {
        let entry = Int(number) % Self.entryCount
        if keys[entry] == number { return values[entry] }
        let (part, local) = numbers.part(of: Int(number))
        let byteCount = 4 * valueCount + 8
        let bytes = try finder.bytes(local * byteCount, count: byteCount, path: paths[part])
        let words = unsafe bytes.withUnsafeBytes {
            unsafe Array($0.bindMemory(to: UInt32.self))
        }
        let hash = UInt64(words[valueCount]) | UInt64(words[valueCount + 1]) << 32
        let signature = bytes.span.extracting(first: 4 * valueCount)
        guard XXH64.hash(of: signature) == hash else {
            throw RefinementError.damagedUnit(path: paths[part])
        }
        values[entry] = Array(words.prefix(valueCount))
        keys[entry] = number
        return values[entry]
    }
}
