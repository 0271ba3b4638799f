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
    public private(set) var report: RefinementReport

    private let configuration: RefinementConfiguration
    private let book = OriginBook()
    private let exact: ExactDuplicates?
    private let near: NearDuplicates?
    private let shuffler: DocumentShuffler?
    /// Places of the report's lists.
    private var stepOfName: [String: Int] = [:]
    private var sourceOfPath: [String: Int] = [:]
    /// Ordinals of the examples of each step, ascending.
    private var exampleOrdinals: [[Int]] = []
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
        report = RefinementReport(configuration: configuration)
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
        report.evaluations = measure.evaluations?.files
        for (key, isAsked) in Self.steps(of: configuration) where isAsked {
            stepOfName[key] = report.steps.count
            report.steps.append(RefinementReport.Step(name: key))
            exampleOrdinals.append([])
        }
    }

    private static func steps(of configuration: RefinementConfiguration) -> [(String, Bool)] {
        let filter = configuration.filter
        let rules: [(DocumentFilter.CodingKeys, Bool)] = [
            (.minimumByteCount, filter.minimumByteCount != nil),
            (.maximumByteCount, filter.maximumByteCount != nil),
            (.minimumWordCount, filter.minimumWordCount != nil),
            (.maximumWordCount, filter.maximumWordCount != nil),
            (.maximumRepeatedLineShare, filter.maximumRepeatedLineShare != nil),
            (.maximumRepeatedLineByteShare, filter.maximumRepeatedLineByteShare != nil),
            (.maximumNonLetterShare, filter.maximumNonLetterShare != nil),
        ]
        let quality = (try? QualityRules(configuration.rules))?.rules ?? []
        return rules.map { ($0.rawValue, $1) } + quality.map { ($0.rawValue, true) } + [
            (decontaminationStep, !configuration.evaluationPaths.isEmpty),
            (duplicateStep, configuration.removesDuplicates),
            (nearDuplicateStep, configuration.removesNearDuplicates),
        ]
    }

    private static let decontaminationStep =
        RefinementConfiguration.CodingKeys.evaluationPaths.rawValue
    private static let duplicateStep =
        RefinementConfiguration.CodingKeys.removesDuplicates.rawValue
    private static let nearDuplicateStep =
        RefinementConfiguration.CodingKeys.removesNearDuplicates.rawValue

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
        fileprivate let evaluations: EvaluationIndex?
        private let signer: MinHash?

        /// Reads the files of evaluation texts, if the configuration names any.
        fileprivate init(_ configuration: RefinementConfiguration) throws {
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
                    finding: .refused(document, by: decontaminationStep),
                    readByteCount: byteCount, evaluations: found)
            }
            return Measured(
                finding: .passed(MeasuredDocument(document, signer: signer)),
                readByteCount: byteCount, removals: removals)
        }
    }

    /// The measure of this refiner.
    public let measure: Measure

    /// Takes the next document, and gives it to `emit` if it is known to stay.
    public func append(
        _ measured: Measured, emit: (Document) async throws -> Void
    ) async throws {
        let ordinal = report.read.documents
        switch measured.finding {
        case .refused(let document, let rule):
            count(document, byteCount: measured.readByteCount)
            for number in measured.evaluations { report.evaluations?[number].documents += 1 }
            remove(document, ordinal: ordinal, by: rule, evaluations: measured.evaluations)
        case .passed(var item):
            count(item.document, byteCount: measured.readByteCount)
            for removal in measured.removals { note(removal) }
            item.ordinal = ordinal
            guard let exact else {
                try await pass(item, emit)
                return
            }
            switch try exact.admit(item) {
            case .kept: try await pass(item, emit)
            case .duplicate(let first):
                remove(
                    item.document, ordinal: ordinal, by: Self.duplicateStep,
                    keeping: book.origin(of: first))
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
            try await pass(item, emit)
        } drop: { item, first in
            remove(
                item.document, ordinal: item.ordinal, by: Self.duplicateStep,
                keeping: book.origin(of: first))
        }
        if let near {
            let total = near.count
            try await near.settle {
                try checkpoint("comparing", $0, $1)
            } keep: { item in
                try await sort(item, emit)
                written += 1
                try show("sifting", total)
            } drop: { item, first in
                remove(
                    item.document, ordinal: item.ordinal, by: Self.nearDuplicateStep,
                    keeping: first)
                written += 1
                try show("sifting", total)
            }
            report.nearDuplicates = RefinementReport.Comparison(
                comparedPairs: near.counts.comparedPairs, clusters: near.counts.clusters)
        }
        written = 0
        try await shuffler?.forEach { item in
            try await emit(item.document)
            written += 1
            try show("shuffling", report.kept.documents)
        }
        return report
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
        report.kept.add(item.document)
        report.sources[source(of: item.document)].kept.add(item.document)
        guard let shuffler else {
            try await emit(item.document)
            return
        }
        try shuffler.append(item)
    }

    /// Counts a document that was read, with so many bytes of text.
    private func count(_ document: Document, byteCount: Int) {
        report.read.add(textByteCount: byteCount)
        report.sources[source(of: document)].read.add(textByteCount: byteCount)
    }

    /// Counts what a rule took out of a document.
    private func note(_ removal: QualityInspector.Removal) {
        let step = stepOfName[removal.rule.rawValue]!
        var parts = report.steps[step].removedParts ?? RefinementReport.Parts()
        parts.lines += removal.lines
        parts.bytes += removal.bytes
        report.steps[step].removedParts = parts
    }

    private func source(of document: Document) -> Int {
        let path = document.origin.path
        if let last = report.sources.indices.last, report.sources[last].path == path { return last }
        if let index = sourceOfPath[path] { return index }
        sourceOfPath[path] = report.sources.count
        report.sources.append(RefinementReport.Source(path: path))
        return report.sources.count - 1
    }

    /// Counts a removal. The examples are the first in the corpus, whenever they were found.
    private func remove(
        _ document: Document, ordinal: Int, by name: String, keeping kept: DocumentOrigin? = nil,
        evaluations: [Int] = []
    ) {
        let step = stepOfName[name]!
        didRemove(
            RemovedDocument(
                origin: document.origin, byteCount: document.text.count, step: name,
                keptOrigin: kept,
                evaluationPaths: evaluations.map { configuration.evaluationPaths[$0] }))
        report.steps[step].removed.add(document)
        let place = exampleOrdinals[step].firstIndex { $0 > ordinal } ?? exampleOrdinals[step].count
        guard place < RefinementReport.keptExampleCount else { return }
        exampleOrdinals[step].insert(ordinal, at: place)
        report.steps[step].examples.insert(
            RefinementReport.Example(
                place: document.origin.description, keptPlace: kept?.description), at: place)
        if exampleOrdinals[step].count > RefinementReport.keptExampleCount {
            exampleOrdinals[step].removeLast()
            report.steps[step].examples.removeLast()
        }
    }
}
