public import Corpora
import Work

/// Decides which documents of a corpus stay, and in which order.
///
/// Documents come in the order of the corpus, measured by ``measure-swift.property``, which may be
/// called on any thread; those that stay go to a closure as soon as that is known: at once where
/// only filters and exact duplicates are asked for, and in ``finish(checkpoint:emit:)`` otherwise.
/// Memory is that of the ``RefinementMemory``; what does not fit is put aside in files without
/// names.
///
/// The result depends on the documents and the configuration alone.
public final class Refiner {
    /// The report so far.
    public var report: RefinementReport { tally.report }

    private var tally: RefinementTally
    private let configuration: RefinementConfiguration
    private let book = OriginBook()
    private let exact: ExactDuplicates?
    private let near: NearDuplicates?
    private let shuffler: DocumentShuffler?
    /// For each of the first files of the book, which are of other corpora, the number of that.
    private var otherOfFile: [Int] = []
    /// Told of each document that is removed, when that is known.
    public var didRemove: (RemovedDocument) -> Void = { _ in }

    /// A refiner that has seen nothing.
    ///
    /// - Parameters:
    ///   - configuration: rules of what stays, and in which order.
    ///   - memory: how much memory each part of the work may use.
    ///   - scratchPath: beside this path goes what does not fit into memory.
    public init(
        _ configuration: RefinementConfiguration, memory: RefinementMemory, scratchPath: String
    ) throws {
        self.configuration = configuration
        measure = try Measure(configuration)
        tally = RefinementTally(configuration, evaluations: measure.evaluations?.files)
        exact =
            configuration.removesDuplicates
            ? ExactDuplicates(memory: memory, scratchPath: scratchPath, book: book) : nil
        near =
            configuration.removesNearDuplicates
            ? try NearDuplicates(
                configuration.nearDuplicates, memory: memory, scratchPath: scratchPath, book: book)
            : nil
        shuffler =
            configuration.shuffles
            ? DocumentShuffler(
                seed: configuration.shuffleSeed, byteCount: memory.documents,
                scratchPath: scratchPath) : nil
    }

    /// A document after what can be said about it alone: the part of the work that many threads can
    /// share.
    public struct Measured: Sendable {
        enum Finding: Sendable {
            /// It breaks a rule, which is named as the step of the report.
            case refused(Document, by: String)
            /// It keeps the rules.
            case passed(MeasuredDocument)
        }

        let finding: Finding
        /// The document as it was read.
        let readByteCount: Int
        /// What rules took out of a document that keeps them.
        var removals: [QualityInspector.Removal] = []
        /// The numbers of the files of evaluation texts of which something stands in it.
        var evaluations: [Int] = []
    }

    /// The part of the work that is the same for each document alone, for use on any thread.
    public struct Measure: Sendable {
        private let filter: DocumentFilter
        private let inspector: QualityInspector?
        let evaluations: EvaluationIndex?
        private let signer: MinHash?

        /// Reads the files of evaluation texts, if the configuration names any.
        init(_ configuration: RefinementConfiguration) throws {
            filter = configuration.filter
            let rules = try QualityRules(configuration.rules)
            evaluations =
                configuration.evaluationPaths.isEmpty
                ? nil
                : try EvaluationIndex(
                    configuration.evaluationPaths, wordCount: configuration.evaluationWordCount,
                    byteCount: configuration.memory.byteCount / 4)
            inspector = rules.isEmpty ? nil : QualityInspector(rules)
            signer =
                configuration.removesNearDuplicates
                ? MinHash(configuration.nearDuplicates) : nil
        }

        /// Measures one document. O(bytes).
        public func callAsFunction(_ document: Document) -> Measured {
            let byteCount = document.text.count
            if let rule = filter.brokenRule(of: document.text.span) {
                return Measured(
                    finding: .refused(document, by: rule.rawValue), readByteCount: byteCount)
            }
            var document = document
            var removals: [QualityInspector.Removal] = []
            if var inspector {
                let verdict = inspector.verdict(of: document.text.span)
                if let rule = verdict.brokenRule {
                    return Measured(
                        finding: .refused(document, by: rule.rawValue), readByteCount: byteCount)
                }
                if let text = verdict.text {
                    let fields = document.fields
                    document = Document(text: text, origin: document.origin)
                    document.fields = fields
                }
                removals = verdict.removals
            }
            if let found = evaluations?.files(in: document.text.span), !found.isEmpty {
                return Measured(
                    finding: .refused(document, by: RefinementTally.decontaminationStep),
                    readByteCount: byteCount, evaluations: found)
            }
            return Measured(
                finding: .passed(MeasuredDocument(document, signer: signer)),
                readByteCount: byteCount, removals: removals)
        }

        /// Measures a document of another corpus, which rules do not change. O(bytes).
        public func callAsFunction(other document: Document) -> Measured {
            var item = MeasuredDocument(document, signer: signer)
            item.isOther = true
            return Measured(finding: .passed(item), readByteCount: document.text.count)
        }
    }

    /// The measure of this refiner.
    public let measure: Measure

    /// Takes the next document of another corpus; all of these come before those of this one.
    ///
    /// - Parameters:
    ///   - measured: the document, by ``Measure/callAsFunction(other:)``.
    ///   - number: the place of that corpus in the configuration.
    public func append(other measured: Measured, of number: Int) throws {
        precondition(tally.report.read.documents == 0, "other corpora come first")
        guard case .passed(let item) = measured.finding else { return }
        tally.read(
            RefinementReport.Amount(documents: 1, bytes: measured.readByteCount), ofOther: number)
        // A file that is in two of them is of the first.
        if book.code(for: item.document.origin).file == otherOfFile.count {
            otherOfFile.append(number)
        }
        if let exact {
            guard case .kept = try exact.admit(item) else { return }
        }
        try near?.append(item)
    }

    /// Takes the next document, and gives it to `emit` if it is known to stay.
    public func append(
        _ measured: Measured, emit: (Document) async throws -> Void
    ) async throws {
        let ordinal = tally.report.read.documents
        switch measured.finding {
        case .refused(let document, let rule):
            tally.count(document.origin, byteCount: measured.readByteCount)
            for number in measured.evaluations { tally.countEvaluation(number) }
            remove(document, ordinal: ordinal, by: rule, evaluations: measured.evaluations)
        case .passed(var item):
            tally.count(item.document.origin, byteCount: measured.readByteCount)
            for removal in measured.removals { tally.note(removal) }
            item.ordinal = ordinal
            guard let exact else {
                try await pass(item, emit)
                return
            }
            switch try exact.admit(item) {
            case .kept: try await pass(item, emit)
            case .duplicate(let first):
                remove(
                    item.document, ordinal: ordinal, by: RefinementTally.duplicateStep,
                    keeping: first)
            case .undecided: break
            }
        }
    }

    /// Ends the work: gives `emit` the documents of which it was not known before that they stay.
    ///
    /// - Parameters:
    ///   - checkpoint: told what is going on, and how much of how much is done; may throw to end
    ///     the work.
    ///   - emit: takes each document that stays.
    /// - Returns: the report, without what was skipped in reading and without parts.
    public func finish(
        checkpoint: (_ activity: String, _ done: Int, _ total: Int) throws -> Void,
        emit: (Document) async throws -> Void
    ) async throws -> RefinementReport {
        var written = 0
        func show(_ activity: String, _ total: Int) throws {
            if written & 0x3FF == 0 || written == total { try checkpoint(activity, written, total) }
        }
        try await exact?.settle { item in
            if item.isOther {
                try near?.append(item)
            } else {
                try await pass(item, emit)
            }
        } drop: { item, first in
            guard !item.isOther else { return }
            remove(
                item.document, ordinal: item.ordinal, by: RefinementTally.duplicateStep,
                keeping: first)
        }
        if let near {
            let total = near.count
            try await near.settle {
                try checkpoint("comparing", $0, $1)
            } keep: { item in
                try await sort(item, emit)
                written += 1
                try show("sifting", total)
            } drop: { item, kept in
                remove(
                    item.document, ordinal: item.ordinal, by: RefinementTally.nearDuplicateStep,
                    keeping: kept.origin, similarity: kept.similarity)
                written += 1
                try show("sifting", total)
            }
            tally.set(
                RefinementReport.Comparison(
                    comparedPairs: near.counts.comparedPairs, clusters: near.counts.clusters))
        }
        written = 0
        try await shuffler?.forEach { item in
            try await emit(item.document)
            written += 1
            try show("shuffling", tally.report.kept.documents)
        }
        return tally.report
    }

    /// Takes a document on from the search for exact duplicates.
    private func pass(
        _ item: MeasuredDocument, _ emit: (Document) async throws -> Void
    ) async throws {
        guard let near else {
            try await sort(item, emit)
            return
        }
        try near.append(item)
    }

    /// Takes a document on from the search for near-duplicates.
    private func sort(
        _ item: MeasuredDocument, _ emit: (Document) async throws -> Void
    ) async throws {
        tally.keep(path: item.document.origin.path, byteCount: item.document.text.count)
        guard let shuffler else {
            try await emit(item.document)
            return
        }
        try shuffler.append(item)
    }

    /// Counts a removal and tells of it. What goes for a document of another corpus goes by the
    /// step of these, whatever `name` says.
    private func remove(
        _ document: Document, ordinal: Int, by name: String,
        keeping code: OriginBook.Code? = nil, similarity: Double? = nil, evaluations: [Int] = []
    ) {
        let byteCount = document.text.count
        let kept = code.map { book.origin(of: $0) }
        var name = name
        if let code, code.file < otherOfFile.count {
            name = RefinementTally.otherStep
            tally.countRemoved(byteCount: byteCount, forOther: otherOfFile[code.file])
        }
        didRemove(
            RemovedDocument(
                origin: document.origin, byteCount: byteCount, step: name, keptOrigin: kept,
                similarity: similarity,
                evaluationPaths: evaluations.map { configuration.evaluationPaths[$0] }))
        tally.remove(
            document.origin, byteCount: byteCount, ordinal: ordinal, by: name, keeping: kept)
    }
}
