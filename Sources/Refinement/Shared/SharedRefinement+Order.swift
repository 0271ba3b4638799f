import Corpora
import Files
import Work

/// A document that goes because another one stays, as the rows of ``OrderJournal`` have it.
private struct Removal: SortedRecord {
    /// Twice the document's number, plus one for a near-duplicate.
    let code: UInt64
    /// The number of the one that stays.
    let kept: UInt64

    init(number: UInt64, kept: UInt64, isNear: Bool) {
        code = number << 1 | (isNear ? 1 : 0)
        self.kept = kept
    }

    var number: UInt64 { code >> 1 }
    var isNear: Bool { code & 1 == 1 }

    static var wordCount: Int { 1 }

    func word(_: Int) -> UInt64 { code }
}

/// The key of a document in another order, and the bytes of its text.
private struct KeyedLength: SortedRecord {
    var key: UInt64
    var byteCount: UInt64

    static var wordCount: Int { 1 }

    func word(_: Int) -> UInt64 { key }
}

/// Finds where blocks of documents begin in the result, and stretches of whole blocks.
private struct StretchLayout {
    let blockByteCount: Int
    let stretchByteCount: Int
    private var blockBytes = 0
    private var stretchBytes = 0
    private var beginsBlock = true
    private var hasStretch = false

    init(blockByteCount: Int, stretchByteCount: Int) {
        self.blockByteCount = blockByteCount
        self.stretchByteCount = stretchByteCount
    }

    /// Takes the next document; whether a stretch begins with it.
    mutating func append(byteCount: Int) -> Bool {
        let begins = beginsBlock && (!hasStretch || stretchBytes >= stretchByteCount)
        if begins { stretchBytes = 0 }
        hasStretch = true
        stretchBytes += byteCount
        blockBytes += byteCount
        beginsBlock = blockBytes >= blockByteCount
        if beginsBlock { blockBytes = 0 }
        return begins
    }
}

extension RefinementConfiguration {
    /// Bytes of text at which a block of the result ends.
    package var blockByteCount: Int { min(DocumentBlock.textByteCount, partByteCount) }
}

extension SharedRefinement {
    /// Decides about all documents and counts them: which of them go, and where in the result the
    /// others stand.
    ///
    /// Memory is that of what is united, and of sorters; all documents are passed over once.
    ///
    /// - Parameter checkpoint: told how many of all documents were decided about; may throw to end
    ///   the work.
    package func decide(
        memory: RefinementMemory, checkpoint: (_ done: Int, _ total: Int) throws -> Void
    ) throws {
        let journals = try measureJournals()
        let numbers = PartNumbers(journals)
        try FileSystem.makeDirectory(directory(.order, 0))
        let scratchPath = scratchPath(.order, 0)
        var walk = DecisionWalk(self, journals, numbers, memory: memory, scratchPath: scratchPath)
        let removals = RecordSorter<Removal>(
            byteCount: memory.bandSorter + memory.hashSorter, scratchPath: scratchPath)
        let comparison = try findRemovals(removals, numbers, memory, checkpoint)
        let removed = try StoredFileWriter(path: file(OrderJournal.removedName, .order, 0))
        while let removal = try removals.next() {
            guard removal.number < UInt64(numbers.count), removal.kept < removal.number else {
                throw RefinementError.damagedUnit(path: directory(.order, 0))
            }
            try walk.keep(upTo: Int(removal.number), checkpoint)
            try walk.remove(removal)
            try removed.append(removal.code)
            try removed.append(removal.kept)
        }
        try walk.keep(upTo: numbers.count, checkpoint)
        try walk.finish()
        let stretches = try StoredFileWriter(path: file(OrderJournal.stretchesName, .order, 0))
        if configuration.shuffles {
            var layout = walk.emptyLayout
            while let length = try walk.lengths.next() {
                if layout.append(byteCount: Int(length.byteCount)) {
                    try stretches.append(length.key)
                }
            }
        } else {
            try stretches.append(walk.starts)
        }
        var skipped = RefinementReport.Skipped()
        let own = journals.dropFirst(otherPartCount)
        for journal in own { skipped += journal.skipped }
        skipped.examples = Array(
            (own.flatMap(\.brokenExamples).prefix(CorpusProgress.keptErrorCount)
                + own.flatMap(\.skippedExamples).prefix(CorpusProgress.keptErrorCount))
                .prefix(CorpusProgress.keptErrorCount))
        let counts = walk.tally.partCounts
        let journal = OrderJournal(
            counts: counts, others: walk.tally.report.others, kept: walk.tally.report.kept,
            comparison: comparison, skipped: skipped, removed: try removed.commit(),
            stretches: try stretches.commit())
        try finish(journal, .order, 0)
    }

    /// Gives a sorter what goes, and returns what comparing counted, where there was any.
    private func findRemovals(
        _ removals: RecordSorter<Removal>, _ numbers: PartNumbers, _ memory: RefinementMemory,
        _ checkpoint: (Int, Int) throws -> Void
    ) throws -> RefinementReport.Comparison? {
        func rows(_ stage: SharedStage, _ partition: Int) throws -> RowReader {
            let journal = try doneJournal(PairJournal.self, stage, partition)
            return try RowReader(
                path: file(PairJournal.name, stage, partition), journal.pairs,
                width: PairJournal.width)
        }
        let otherCount = UInt64(numbers.starts[otherPartCount])
        for partition in 0..<partitionCount where configuration.removesDuplicates {
            var rows = try rows(.exact, partition)
            while try rows.advance() {
                guard rows.word(0) >= otherCount else { continue }
                try removals.append(
                    Removal(number: rows.word(0), kept: rows.word(1), isNear: false))
            }
        }
        guard configuration.removesNearDuplicates else { return nil }
        var comparison = RefinementReport.Comparison(comparedPairs: 0, clusters: 0)
        var clusters = SparseUnionFind()
        // The ranges in order are the keys in order, so that each pair is compared, or is not, as
        // by one process that goes through all keys.
        for partition in 0..<partitionCount {
            try checkpoint(0, numbers.count)
            var rows = try rows(.bands, partition)
            while try rows.advance() {
                let (one, other) = (rows.word(0), rows.word(1) >> 1)
                guard clusters.root(of: one) != clusters.root(of: other) else { continue }
                comparison.comparedPairs += 1
                guard rows.word(1) & 1 == 1 else { continue }
                clusters.unite(one, other)
                try check(clusters, memory.hashTable + memory.clusters, numbers.count)
            }
        }
        // Each set has a document of this corpus, since no two others were compared.
        for member in clusters.members {
            let root = clusters.root(of: member)
            guard root != member else {
                comparison.clusters += 1
                continue
            }
            guard member >= otherCount else { continue }
            try removals.append(Removal(number: member, kept: root, isNear: true))
        }
        return comparison
    }
}

/// Goes through the documents of all parts in order, counts them, and lays out those that stay.
private struct DecisionWalk {
    private(set) var tally: RefinementTally
    /// Numbers of the documents with which stretches begin, in the order of the corpus.
    private(set) var starts: [UInt64] = []
    /// Documents in another order.
    let lengths: RecordSorter<KeyedLength>
    let emptyLayout: StretchLayout

    private let shared: SharedRefinement
    private let journals: [MeasureJournal]
    private let numbers: PartNumbers
    private let finder = RowFinder()
    private let orderKey: OrderKey?
    private var layout: StretchLayout
    private var part: Int
    private var book = OriginBook()
    private var rows: RowReader?
    /// The number of the next document.
    private var number: Int
    private var ordinalStart = 0
    private var readCount = 0

    init(
        _ shared: SharedRefinement, _ journals: [MeasureJournal], _ numbers: PartNumbers,
        memory: RefinementMemory, scratchPath: String
    ) {
        self.shared = shared
        self.journals = journals
        self.numbers = numbers
        let configuration = shared.configuration
        let evaluations = journals[0].counts.evaluations?.map { file in
            var file = file
            file.documents = 0
            return file
        }
        tally = RefinementTally(configuration, evaluations: evaluations)
        orderKey = configuration.shuffles ? OrderKey(seed: configuration.shuffleSeed) : nil
        lengths = RecordSorter(byteCount: memory.documents, scratchPath: scratchPath)
        emptyLayout = StretchLayout(
            blockByteCount: configuration.blockByteCount,
            stretchByteCount: shared.stretchByteCount)
        layout = emptyLayout
        for part in 0..<shared.otherPartCount {
            tally.read(journals[part].counts.read, ofOther: shared.other(ofPart: part)!)
        }
        part = shared.otherPartCount - 1
        number = numbers.starts[shared.otherPartCount]
    }

    /// Keeps all documents before the one with the number `end`.
    mutating func keep(
        upTo end: Int, _ checkpoint: (Int, Int) throws -> Void
    ) throws {
        while number < end {
            if number & 0xFFFF == 0 { try checkpoint(number, numbers.count) }
            let row = try next()
            tally.keep(path: book.origin(of: row.code).path, byteCount: row.byteCount)
            if let orderKey {
                let key = orderKey(ordinalStart + row.ordinal)
                try lengths.append(KeyedLength(key: key, byteCount: UInt64(row.byteCount)))
            } else if layout.append(byteCount: row.byteCount) {
                starts.append(UInt64(number - 1))
            }
        }
    }

    /// Counts the next document as removed.
    mutating func remove(_ removal: Removal) throws {
        let row = try next()
        let step = shared.step(isNear: removal.isNear, keeping: removal.kept, numbers)
        if let other = shared.other(ofPart: numbers.part(of: Int(removal.kept)).part) {
            tally.countRemoved(byteCount: row.byteCount, forOther: other)
        }
        // Only an example names the document that stays.
        let kept = tally.hasExamples(step) ? nil : try origin(of: Int(removal.kept))
        tally.remove(
            book.origin(of: row.code), byteCount: row.byteCount, ordinal: number - 1, by: step,
            keeping: kept)
    }

    /// Counts what is left of the parts, which has no documents.
    mutating func finish() throws {
        while part < journals.count - 1 { try openNext() }
        _ = try rows?.advance()
    }

    private func origin(of number: Int) throws -> DocumentOrigin {
        try shared.origin(of: number, journals, numbers, finder)
    }

    private mutating func next() throws -> (byteCount: Int, code: OriginBook.Code, ordinal: Int) {
        while try rows?.advance() != true { try openNext() }
        number += 1
        return (
            Int(truncatingIfNeeded: rows!.word(0)), OriginBook.Code(rawValue: rows!.word(1)),
            Int(truncatingIfNeeded: rows!.word(2))
        )
    }

    private mutating func openNext() throws {
        part += 1
        let journal = journals[part]
        ordinalStart = readCount
        readCount += journal.counts.read.documents
        tally.add(journal.counts, ordinal: ordinalStart)
        book = OriginBook(paths: journal.counts.sources.map(\.path))
        let path = shared.file(MeasureJournal.passedName, .measure, part)
        // From here on single rows are asked for, too.
        try shared.checked.check(journal.passed, path: path)
        rows = try RowReader(path: path, journal.passed, width: MeasureJournal.width)
    }
}

extension SharedRefinement {
    /// The step by which a document goes in whose stead the one with the number `kept` stays.
    func step(isNear: Bool, keeping kept: UInt64, _ numbers: PartNumbers) -> String {
        if kept < UInt64(numbers.starts[otherPartCount]) { return RefinementTally.otherStep }
        return isNear ? RefinementTally.nearDuplicateStep : RefinementTally.duplicateStep
    }

    /// The place of a document that keeps the rules.
    func origin(
        of number: Int, _ journals: [MeasureJournal], _ numbers: PartNumbers, _ finder: RowFinder
    ) throws -> DocumentOrigin {
        let (part, local) = numbers.part(of: number)
        let row = try finder.row(
            local, width: MeasureJournal.width,
            path: file(MeasureJournal.passedName, .measure, part))
        let book = OriginBook(paths: journals[part].counts.sources.map(\.path))
        return book.origin(of: OriginBook.Code(rawValue: row[1]))
    }
}

extension RefinementReport.Skipped {
    /// Adds what was skipped elsewhere, but for examples.
    static func += (sum: inout Self, other: Self) {
        sum.lines += other.lines
        sum.emptyDocuments += other.emptyDocuments
        if let count = other.brokenFiles { sum.brokenFiles = (sum.brokenFiles ?? 0) + count }
        if let count = other.damagedMembers {
            sum.damagedMembers = (sum.damagedMembers ?? 0) + count
        }
    }
}
