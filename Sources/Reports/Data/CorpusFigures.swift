import Files
import Foundation
import Pipeline
import Refinement
import TokenShards
import Training

/// What is known of the text that a run has learned from.
struct CorpusFigures: Sendable, Equatable {
    /// Text that is left after a step of its preparation.
    struct Step: Sendable, Equatable {
        /// The step.
        var name: String
        /// Documents that are left.
        var documents: Int
        /// Bytes of their text that are left.
        var bytes: Int
        /// Documents that the step has removed.
        var removed = 0
        /// Places of some of those.
        var examples: [String] = []
    }

    /// A file or a data set, and what came of it.
    struct Source: Sendable, Equatable {
        /// Its name.
        var name: String
        /// Documents that were read; nil where nothing was removed from it.
        var read: Int?
        /// Documents that are left.
        var kept: Int
        /// Bytes of their text.
        var bytes: Int
    }

    /// A data set of several, and its part in what is learned from.
    struct Share: Sendable, Equatable {
        /// Its name.
        var name: String
        /// The weight that was asked for, as a share of all.
        var asked: Double
        /// Its share of the tokens that there are.
        var size: Double
        /// Its tokens for training.
        var tokens: Int
    }

    /// The steps, one after the other.
    var steps: [Step] = []
    /// The sources, the largest first.
    var sources: [Source] = []
    /// Number of all sources.
    var sourceCount = 0
    /// Shares of several data sets.
    var shares: [Share] = []
    /// Totals for training.
    var train = ShardManifest.Totals()
    /// Totals that are held out.
    var validation = ShardManifest.Totals()
    /// What could not be read, a sentence each.
    var notes: [String] = []
    /// Fingerprints of the data sets, by name.
    var fingerprints: [(name: String, value: String)] = []

    static func == (a: Self, b: Self) -> Bool {
        a.steps == b.steps && a.sources == b.sources && a.shares == b.shares && a.train == b.train
            && a.validation == b.validation && a.notes == b.notes
    }

    private static let (sourceLimit, exampleLimit) = (24, 3)

    /// What the manifests and the reports of refinement say of the run at `place`; nil where none
    /// is there.
    init?(_ place: RunPlace) {
        guard let data = RunData(runDirectory: place.directory) else { return nil }
        var sets: [(source: RunData.Source, manifest: ShardManifest)] = []
        for source in data.sources {
            guard let path = place.found(source.directory),
                let manifest = try? ShardManifest(directory: path)
            else { continue }
            sets.append((source, manifest))
        }
        guard !sets.isEmpty else { return nil }
        let reports = RunFiles(runDirectory: place.directory)
            .files(of: .refine, named: RefinedDirectory.reportName).sorted { $0.key < $1.key }
            .compactMap { place.found($0.value) }.compactMap(Self.report)
        addSteps(reports, sets.map(\.manifest))
        addSources(reports, sets.map(\.manifest))
        let weights = sets.reduce(0) { $0 + $1.source.weight }
        let tokens = sets.reduce(0) { $0 + $1.manifest.train.tokens }
        if sets.count > 1 {
            shares = sets.map { source, manifest in
                Share(
                    name: source.name, asked: source.weight / weights,
                    size: Double(manifest.train.tokens) / Double(max(tokens, 1)),
                    tokens: manifest.train.tokens)
            }
        }
        fingerprints = sets.map { ($0.source.name, $0.manifest.fingerprint) }
    }

    private static func report(_ path: String) -> RefinementReport? {
        guard let data = try? FileSystem.contents(path) else { return nil }
        return try? StrictJSON.decodeCounts(RefinementReport.self, from: data)
    }

    private mutating func addSteps(
        _ reports: [RefinementReport], _ manifests: [ShardManifest]
    ) {
        if !reports.isEmpty {
            let read = reports.reduce(into: (0, 0)) {
                $0.0 += $1.read.documents
                $0.1 += $1.read.bytes
            }
            steps.append(Step(name: "read", documents: read.0, bytes: read.1))
            // The steps of several sources that have the same name are one.
            var names: [String] = []
            for step in reports.flatMap(\.steps) where !names.contains(step.name) {
                names.append(step.name)
            }
            var (documents, bytes) = read
            for name in names {
                let own = reports.flatMap(\.steps).filter { $0.name == name }
                let removed = own.reduce(0) { $0 + $1.removed.documents }
                documents -= removed
                bytes -= own.reduce(0) { $0 + $1.removed.bytes }
                steps.append(
                    Step(
                        name: name, documents: documents, bytes: bytes, removed: removed,
                        examples: own.flatMap(\.examples).prefix(Self.exampleLimit).map {
                            $0.place + ($0.keptPlace.map { " (as \($0))" } ?? "")
                        }))
            }
        }
        for manifest in manifests {
            add(manifest.train, to: &train)
            add(manifest.validation, to: &validation)
            addNotes(manifest.skipped)
        }
        steps.append(
            Step(
                name: "in the shards", documents: train.documents + validation.documents,
                bytes: train.bytes + validation.bytes))
        steps.append(
            Step(name: "for training", documents: train.documents, bytes: train.bytes))
    }

    private func add(_ some: ShardManifest.Totals, to sum: inout ShardManifest.Totals) {
        sum.tokens += some.tokens
        sum.documents += some.documents
        sum.bytes += some.bytes
    }

    private mutating func addNotes(_ skipped: ShardManifest.Skipped) {
        let counts = [
            (skipped.lines, "lines could not be read"),
            (skipped.quarantinedLines ?? 0, "lines were put into quarantine"),
            (skipped.emptyDocuments, "documents were blank"),
            (skipped.invalidUTF8Documents ?? 0, "documents were not all UTF-8"),
            (skipped.brokenFiles ?? 0, "files break off or are damaged"),
        ]
        notes += counts.filter { $0.0 > 0 }.map { "\(Figure.count($0.0)) \($0.1)" }
    }

    private mutating func addSources(
        _ reports: [RefinementReport], _ manifests: [ShardManifest]
    ) {
        let all =
            reports.isEmpty
            ? manifests.flatMap(\.sources).map {
                Source(name: $0.path, kept: $0.documents, bytes: $0.bytes)
            }
            : reports.flatMap(\.sources).map {
                Source(
                    name: $0.path, read: $0.read.documents, kept: $0.kept.documents,
                    bytes: $0.kept.bytes)
            }
        sourceCount = all.count
        sources = Array(
            all.sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }.prefix(Self.sourceLimit))
    }
}
