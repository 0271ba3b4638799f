import Corpora
import Files

extension SharedRefinement {
    /// The report of the result, whose stages must all be done. O(parts).
    package func report() throws -> RefinementReport {
        let order = try orderJournal()
        var report = RefinementReport(configuration: configuration)
        report.read = order.counts.read
        report.skipped = order.skipped
        report.steps = order.counts.steps
        report.evaluations = order.counts.evaluations
        report.others = order.others
        report.nearDuplicates = order.comparison
        report.kept = order.kept
        report.sources = order.counts.sources
        report.parts = try (0..<unitCount(of: .assemble)).map {
            try doneJournal(AssembleJournal.self, .assemble, $0).part
        }
        return report
    }

    /// Whether the result has its name already: its files are done, and lie here no more.
    package var isPublished: Bool {
        guard FileSystem.isMissing(resultPath), let count = try? unitCount(of: .assemble) else {
            return false
        }
        return (0..<count).allSatisfy { journal(AssembleJournal.self, .assemble, $0) != nil }
    }

    /// The numbers of the parts that put something into a quarantine.
    package func partsWithQuarantine() throws -> [Int] {
        try (0..<partCount).filter {
            try doneJournal(MeasureJournal.self, .measure, $0).hasQuarantine
        }
    }

    /// Calls `body` with each document that was removed, as a ``Refiner`` with memory enough tells
    /// of them: what rules removed and what has the same bytes in the order of the corpus, and then
    /// what is nearly the same. O(documents).
    package func forEachRemoved(_ body: (RemovedDocument) throws -> Void) throws {
        let journals = try measureJournals()
        let numbers = PartNumbers(journals)
        let order = try orderJournal()
        let finder = RowFinder()
        let books = journals.map { OriginBook(paths: $0.counts.sources.map(\.path)) }
        /// A document that keeps the rules: its bytes, its place, and its place among all of its
        /// part.
        func passed(
            _ number: UInt64
        ) throws -> (part: Int, byteCount: Int, origin: DocumentOrigin, ordinal: UInt64) {
            let (part, local) = numbers.part(of: Int(number))
            let row = try finder.row(
                local, width: MeasureJournal.width,
                path: file(MeasureJournal.passedName, .measure, part))
            return (
                part, Int(truncatingIfNeeded: row[0]),
                books[part].origin(of: OriginBook.Code(rawValue: row[1])), row[2]
            )
        }
        func removedRows() throws -> RowReader {
            try RowReader(
                path: file(OrderJournal.removedName, .order, 0), order.removed,
                width: OrderJournal.removedWidth)
        }
        var rows = try removedRows()
        /// The next document with the bytes of another one.
        func nextDuplicate() throws -> (number: UInt64, kept: UInt64)? {
            while try rows.advance() {
                guard rows.word(0) & 1 == 1 else { return (rows.word(0) >> 1, rows.word(1)) }
            }
            return nil
        }
        var duplicate = try nextDuplicate()
        for (part, journal) in journals.enumerated().dropFirst(otherPartCount) {
            func tellDuplicates(before ordinal: UInt64) throws {
                while let found = duplicate {
                    let document = try passed(found.number)
                    guard document.part == part, document.ordinal < ordinal else { return }
                    try body(
                        RemovedDocument(
                            origin: document.origin, byteCount: document.byteCount,
                            step: step(isNear: false, keeping: found.kept, numbers),
                            keptOrigin: try passed(found.kept).origin))
                    duplicate = try nextDuplicate()
                }
            }
            try forEachRefused(of: part, journal, books[part]) { document, ordinal in
                try tellDuplicates(before: ordinal)
                try body(document)
            }
            try tellDuplicates(before: .max)
        }
        rows = try removedRows()
        var signatures = SharedSignatures(self, numbers)
        while try rows.advance() {
            guard rows.word(0) & 1 == 1 else { continue }
            let (number, kept) = (rows.word(0) >> 1, rows.word(1))
            let document = try passed(number)
            let one = try signatures.signature(of: kept)
            let similarity = MinHash.similarity(one, try signatures.signature(of: number))
            try body(
                RemovedDocument(
                    origin: document.origin, byteCount: document.byteCount,
                    step: step(isNear: true, keeping: kept, numbers),
                    keptOrigin: try passed(kept).origin, similarity: similarity))
        }
    }

    /// Calls `body` with each document of a part that rules refused, and its place in the part.
    private func forEachRefused(
        of part: Int, _ journal: MeasureJournal, _ book: OriginBook,
        _ body: (RemovedDocument, UInt64) throws -> Void
    ) throws {
        let path = file(MeasureJournal.refusedName, .measure, part)
        try journal.refused.check(path: path)
        // From here on steps and files are numbers of lists.
        var rows = try RowReader(path: path, journal.refused, width: MeasureJournal.width)
        let evaluationsPath = file(MeasureJournal.evaluationsName, .measure, part)
        try journal.evaluations.check(path: evaluationsPath)
        var evaluations = try RowReader(path: evaluationsPath, journal.evaluations, width: 1)
        func nextEvaluation() throws -> Int {
            guard try evaluations.advance(), let value = Int(exactly: evaluations.word(0)) else {
                throw RefinementError.damagedUnit(path: directory(.measure, part))
            }
            return value
        }
        while try rows.advance() {
            let step = journal.counts.steps[Int(rows.word(0) >> MeasureJournal.stepShift)].name
            var document = RemovedDocument(
                origin: book.origin(of: OriginBook.Code(rawValue: rows.word(1))),
                byteCount: Int(rows.word(0) & (1 << MeasureJournal.stepShift - 1)), step: step)
            if step == RefinementTally.decontaminationStep {
                let count = try nextEvaluation()
                document.evaluationPaths = try (0..<count).map { _ in
                    configuration.evaluationPaths[try nextEvaluation()]
                }
            }
            try body(document, rows.word(2))
        }
    }
}
