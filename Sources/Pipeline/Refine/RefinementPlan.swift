import Bytes
import Corpora
import Files
import Foundation
import Refinement
import TokenShards

/// Plan by which several processes refine a corpus: what goes in, what becomes of it, and how the
/// work is divided.
///
/// Every process comes to the same plan by itself, since nothing in it depends on ranks, threads or
/// memory. Its fingerprint names the directory of the work, so that what was made of other files,
/// or with other settings, is never gone on with.
struct RefinementPlan: Codable, Equatable {
    typealias Input = PartJournal.Input

    static let fileName = "plan.json"

    /// The version of the layout of the work in progress.
    private(set) var version = 1
    /// What becomes of the documents, without what the result does not depend on.
    let configuration: RefinementConfiguration
    /// The fingerprint of how documents are read.
    let corpus: String
    /// The files of evaluation texts.
    let evaluations: [Input]
    /// The fingerprints of how other corpora are read.
    let others: [String]
    /// The parts of each other corpus.
    let otherPartCounts: [Int]
    /// The inputs of each part, in order: those of other corpora, and then those of the corpus.
    let parts: [[Input]]
    /// Ranges into which hashes are divided.
    let partitionCount: Int
    /// Bytes of text of a stretch of the result.
    let stretchByteCount: Int
    /// Whole path of the list of what is removed; nil for none. No part of the fingerprint.
    let removedPath: String?
    /// Whole path of what cannot be read, if that is kept. No part of the fingerprint.
    let quarantinePath: String?

    /// The plan for a corpus, whose files `inputs` are, as it is now. O(files).
    init(
        corpus: CorpusConfiguration, inputs: [String], others: [OtherCorpus] = [],
        refinement: RefinementConfiguration, removedPath: String?,
        settings: RefineStage.ShareSettings
    ) throws {
        configuration = refinement.essence
        self.corpus = try Self.fingerprint(ofReading: corpus)
        self.others = try others.map { try Self.fingerprint(ofReading: $0.reading) }
        evaluations = refinement.evaluationPaths.map(EncodingPlan.input)
        let otherParts = others.map {
            EncodingPlan.parts(
                of: $0.inputs.paths, as: $0.reading.format, partBytes: settings.partBytes)
        }
        otherPartCounts = otherParts.map(\.count)
        parts =
            otherParts.flatMap(\.self)
            + EncodingPlan.parts(of: inputs, as: corpus.format, partBytes: settings.partBytes)
        partitionCount =
            settings.partitionCount
            ?? min(max(parts.count, Self.leastPartitionCount), Self.mostPartitionCount)
        stretchByteCount = settings.stretchByteCount
        self.removedPath = removedPath.map(Self.wholePath)
        quarantinePath = corpus.keptPath.map(Self.wholePath)
    }

    private static func fingerprint(ofReading corpus: CorpusConfiguration) throws -> String {
        var key = corpus
        // Files are named by the parts.
        key.inputs = []
        key.inputsFrom = nil
        // The documents do not depend on the policy for lines that hold none.
        key.onError = .fail
        key.quarantinePath = nil
        return try StageLedger.fingerprint(key)
    }

    /// Ranges that the threads of a process can work on at once where the corpus is one part, and
    /// of which each costs some files.
    private static let leastPartitionCount = 8
    private static let mostPartitionCount = 256

    private static func wholePath(_ path: String) -> String { URL(fileURLWithPath: path).path }

    /// The plan in the file at `path`.
    ///
    /// - Throws: ``PipelineError/badRefinementPlan(path:reason:)``.
    init(path: String) throws {
        guard let data = try FileSystem.contents(path) else {
            throw PipelineError.badRefinementPlan(path: path, reason: "it is not there")
        }
        guard SealedJSON.isIntact(Array(data)) == true else {
            throw PipelineError.badRefinementPlan(
                path: path, reason: "it is not as it was written")
        }
        do {
            self = try StrictJSON.decode(RefinementPlan.self, from: data)
        } catch {
            throw PipelineError.badRefinementPlan(
                path: path, reason: "another version wrote it: \(decodingReason(error))")
        }
        guard otherPartCounts.allSatisfy({ (0..<parts.count).contains($0) }),
            otherPartCounts.reduce(0, +) < parts.count,
            otherPartCounts.count == configuration.otherPaths.count,
            partitionCount > 0, partitionCount <= 1 << 20, stretchByteCount > 0
        else {
            throw PipelineError.badRefinementPlan(path: path, reason: "its numbers make no sense")
        }
    }

    /// The inputs of the parts of the corpus itself.
    var ownParts: ArraySlice<[Input]> { parts.dropFirst(otherPartCounts.reduce(0, +)) }

    /// One value for all that the result depends on. O(files).
    var fingerprint: String {
        get throws {
            try StageLedger.fingerprint(
                Key(
                    version: version, configuration: configuration, corpus: corpus,
                    evaluations: evaluations, others: others, otherPartCounts: otherPartCounts,
                    parts: parts, partitionCount: partitionCount,
                    stretchByteCount: stretchByteCount))
        }
    }

    private struct Key: Encodable {
        var version: Int
        var configuration: RefinementConfiguration
        var corpus: String
        var evaluations: [Input]
        var others: [String]
        var otherPartCounts: [Int]
        var parts: [[Input]]
        var partitionCount: Int
        var stretchByteCount: Int
    }
}

/// The directory `OUTPUT.unfinished-FINGERPRINT` beside a result that several processes make.
struct RefinementWorkspace {
    /// The result's directory.
    let directory: String
    /// The workspace's own.
    let path: String
    let plan: RefinementPlan

    private static let unfinished = ".unfinished-"

    /// The workspace of `plan` beside `directory`, whether it is there or not.
    init(directory: String, plan: RefinementPlan) throws {
        self.directory = directory
        self.plan = plan
        path = directory + Self.unfinished + (try plan.fingerprint)
    }

    /// The workspace in the directory `path`.
    init(directory: String, path: String) throws {
        self.directory = directory
        self.path = path
        plan = try RefinementPlan(path: path + "/" + RefinementPlan.fileName)
    }

    /// The work in it.
    func work(_ configuration: RefinementConfiguration) -> SharedRefinement {
        SharedRefinement(
            path: path, configuration: configuration, partCount: plan.parts.count,
            otherPartCounts: plan.otherPartCounts,
            partitionCount: plan.partitionCount, stretchByteCount: plan.stretchByteCount)
    }

    /// The paths of unfinished work beside `directory`, sorted.
    static func all(of directory: String) -> [String] {
        let front = directory + unfinished
        let parent = FileSystem.parentDirectory(of: front)
        let name = String(front.split(separator: "/").last ?? "")
        let digits = Set("0123456789abcdef")
        return ((try? FileSystem.namesInDirectory(parent)) ?? []).filter {
            $0.hasPrefix(name) && $0.count > name.count
                && $0.dropFirst(name.count).allSatisfy(digits.contains)
        }.map { front.dropLast(name.utf8.count) + $0 }
    }

    /// Makes the directory and writes the plan, which every process writes in the same bytes.
    func open() throws {
        for other in Self.all(of: directory) where other != path {
            throw PipelineError.unfinishedWork(
                directory: other, difference: "other inputs or with other settings")
        }
        try FileSystem.makeDirectory(path)
        let planPath = path + "/" + RefinementPlan.fileName
        if (try? RefinementPlan(path: planPath)) != plan {
            try SealedJSON.write(plan, to: planPath)
        }
    }

    /// Removes the workspace, from which its name is taken first: what is left of it by a kill is
    /// no work to go on with.
    func remove(_ claim: OutputClaim) throws { try StagingDirectory.discard(path, beside: claim) }
}
