public import Corpora

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
        return rules.map { ($0.rawValue, $1) } + [
            (duplicateStep, configuration.removesDuplicates),
            (nearDuplicateStep, configuration.removesNearDuplicates),
        ]
    }

    private static let duplicateStep =
        RefinementConfiguration.CodingKeys.removesDuplicates.rawValue
    private static let nearDuplicateStep =
        RefinementConfiguration.CodingKeys.removesNearDuplicates.rawValue

    /// A document after what can be said about it alone: the part of the work that many threads can
    /// share.
    public struct Measured: Sendable {
        enum Finding: Sendable {
            /// It breaks a rule of the filter.
            case refused(Document, by: DocumentFilter.CodingKeys)
            /// It keeps the rules.
            case passed(MeasuredDocument)
        }

        let finding: Finding
    }

    /// The part of the work that is the same for each document alone, for use on any thread.
    public struct Measure: Sendable {
        private let filter: DocumentFilter
        private let signer: MinHash?

        fileprivate init(_ configuration: RefinementConfiguration) {
            filter = configuration.filter
            signer =
                configuration.removesNearDuplicates
                ? MinHash(configuration.nearDuplicates) : nil
        }

        /// Measures one document. O(bytes).
        public func callAsFunction(_ document: Document) -> Measured {
            if let rule = filter.brokenRule(of: document.text.span) {
                return Measured(finding: .refused(document, by: rule))
            }
            return Measured(finding: .passed(MeasuredDocument(document, signer: signer)))
        }
    }

    /// The measure of this refiner.
    public var measure: Measure { Measure(configuration) }

    /// Takes the next document, and gives it to `emit` if it is known to stay.
    public func append(
        _ measured: Measured, emit: (Document) async throws -> Void
    ) async throws {
        let ordinal = report.read.documents
        switch measured.finding {
        case .refused(let document, let rule):
            count(document)
            remove(document, ordinal: ordinal, by: rule.rawValue)
        case .passed(var item):
            count(item.document)
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

    private func count(_ document: Document) {
        report.read.add(document)
        report.sources[source(of: document)].read.add(document)
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
        _ document: Document, ordinal: Int, by name: String, keeping kept: DocumentOrigin? = nil
    ) {
        let step = stepOfName[name]!
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
