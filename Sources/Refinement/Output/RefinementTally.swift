internal import Corpora

/// A report while it is made: counts of documents, by step and by source, and the first examples of
/// each step.
struct RefinementTally {
    /// The report so far.
    private(set) var report: RefinementReport

    /// Places of the report's lists.
    private var stepOfName: [String: Int] = [:]
    private var sourceOfPath: [String: Int] = [:]
    /// Ordinals of the examples of each step, ascending.
    private var exampleOrdinals: [[Int]] = []

    static let decontaminationStep =
        RefinementConfiguration.CodingKeys.evaluationPaths.rawValue
    static let otherStep = RefinementConfiguration.CodingKeys.otherPaths.rawValue
    static let duplicateStep = RefinementConfiguration.CodingKeys.removesDuplicates.rawValue
    static let nearDuplicateStep =
        RefinementConfiguration.CodingKeys.removesNearDuplicates.rawValue

    /// A report of nothing yet, with the steps that `configuration` asks for.
    ///
    /// - Parameter evaluations: the files of evaluation texts that were read.
    init(
        _ configuration: RefinementConfiguration, evaluations: [RefinementReport.Evaluation]?
    ) {
        report = RefinementReport(configuration: configuration)
        report.evaluations = evaluations
        let others = configuration.otherPaths.map { RefinementReport.Other(path: $0) }
        report.others = others.isEmpty ? nil : others
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
            (otherStep, !configuration.otherPaths.isEmpty),
            (duplicateStep, configuration.removesDuplicates),
            (nearDuplicateStep, configuration.removesNearDuplicates),
        ]
    }

    /// The number of a step of the report, by its name.
    func step(_ name: String) -> Int { stepOfName[name]! }

    /// Counts a document that was read, with so many bytes of text.
    mutating func count(_ origin: DocumentOrigin, byteCount: Int) {
        report.read.add(textByteCount: byteCount)
        let source = source(of: origin.path)
        report.sources[source].read.add(textByteCount: byteCount)
    }

    /// Counts a document that stays.
    mutating func keep(path: String, byteCount: Int) {
        report.kept.add(textByteCount: byteCount)
        let source = source(of: path)
        report.sources[source].kept.add(textByteCount: byteCount)
    }

    /// Counts a document for a file of evaluation texts.
    mutating func countEvaluation(_ number: Int) { report.evaluations?[number].documents += 1 }

    /// Counts documents of another corpus.
    mutating func read(_ amount: RefinementReport.Amount, ofOther number: Int) {
        report.others?[number].read += amount
    }

    /// Counts a document, which goes, for another corpus.
    mutating func countRemoved(byteCount: Int, forOther number: Int) {
        report.others?[number].removed.add(textByteCount: byteCount)
    }

    /// Counts what a rule took out of a document.
    mutating func note(_ removal: QualityInspector.Removal) {
        let step = stepOfName[removal.rule.rawValue]!
        var parts = report.steps[step].removedParts ?? RefinementReport.Parts()
        parts.lines += removal.lines
        parts.bytes += removal.bytes
        report.steps[step].removedParts = parts
    }

    /// Counts a removal. The examples are the first in the corpus, whenever they were found.
    ///
    /// - Parameter ordinal: the place of the document among all that are told of.
    mutating func remove(
        _ origin: DocumentOrigin, byteCount: Int, ordinal: Int, by name: String,
        keeping kept: DocumentOrigin? = nil
    ) {
        let step = stepOfName[name]!
        report.steps[step].removed.add(textByteCount: byteCount)
        let place = exampleOrdinals[step].firstIndex { $0 > ordinal } ?? exampleOrdinals[step].count
        guard place < RefinementReport.keptExampleCount else { return }
        exampleOrdinals[step].insert(ordinal, at: place)
        report.steps[step].examples.insert(
            RefinementReport.Example(
                place: origin.description, keptPlace: kept?.description), at: place)
        if exampleOrdinals[step].count > RefinementReport.keptExampleCount {
            exampleOrdinals[step].removeLast()
            report.steps[step].examples.removeLast()
        }
    }

    /// Whether a step has as many examples as it may have.
    func hasExamples(_ name: String) -> Bool {
        report.steps[step(name)].examples.count == RefinementReport.keptExampleCount
    }

    /// Sets what the search for near-duplicates counted.
    mutating func set(_ comparison: RefinementReport.Comparison) {
        report.nearDuplicates = comparison
    }

    private mutating func source(of path: String) -> Int {
        if let last = report.sources.indices.last, report.sources[last].path == path { return last }
        if let index = sourceOfPath[path] { return index }
        sourceOfPath[path] = report.sources.count
        report.sources.append(RefinementReport.Source(path: path))
        return report.sources.count - 1
    }
}

extension RefinementTally {
    /// The counts of a part of a corpus, in which no documents were compared yet.
    struct PartCounts: Codable, Sendable, Equatable {
        var read: RefinementReport.Amount
        var steps: [RefinementReport.Step]
        var evaluations: [RefinementReport.Evaluation]?
        /// The files in the order in which their first document was read.
        var sources: [RefinementReport.Source]
    }

    /// The counts so far.
    var partCounts: PartCounts {
        PartCounts(
            read: report.read, steps: report.steps, evaluations: report.evaluations,
            sources: report.sources)
    }

    /// Adds the counts of the next part of a corpus.
    ///
    /// - Parameter ordinal: that of the part's first document.
    mutating func add(_ counts: PartCounts, ordinal: Int) {
        report.read += counts.read
        for (index, step) in counts.steps.enumerated() {
            report.steps[index].removed += step.removed
            if let parts = step.removedParts {
                var sum = report.steps[index].removedParts ?? RefinementReport.Parts()
                sum.lines += parts.lines
                sum.bytes += parts.bytes
                report.steps[index].removedParts = sum
            }
            let room = RefinementReport.keptExampleCount - report.steps[index].examples.count
            let examples = step.examples.prefix(room)
            report.steps[index].examples += examples
            exampleOrdinals[index] += examples.map { _ in ordinal }
        }
        for (index, file) in (counts.evaluations ?? []).enumerated() {
            report.evaluations?[index].documents += file.documents
        }
        for counted in counts.sources {
            let source = source(of: counted.path)
            report.sources[source].read += counted.read
        }
    }
}

extension RefinementReport.Amount {
    /// Adds an amount of other documents.
    static func += (sum: inout Self, other: Self) {
        sum.documents += other.documents
        sum.bytes += other.bytes
    }
}
