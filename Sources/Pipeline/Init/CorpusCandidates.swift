import Corpora
import Files
import Foundation

/// The corpora that the current directory may hold, for a person who names none.
public struct CorpusCandidates: Sendable {
    /// Inputs that belong together, and what they are.
    public struct Candidate: Sendable, Equatable {
        /// The inputs, as `CorpusConfiguration.inputs` has them.
        public var inputs: [String]
        /// What there is, for a person: "12 .md".
        public var description: String
    }

    /// The candidates: the texts, each format of records, and each folder that holds either.
    public private(set) var candidates: [Candidate] = []

    /// Directories of what a pipeline makes.
    private static let outputs: Set = ["vocab", "shards", "runs", "refined"]
    /// Texts about the other files rather than a corpus.
    private static let notices = ["readme", "license", "changelog", "contributing", "security"]

    /// Looks into the current directory. O(files).
    public init() throws {
        let names = try FileSystem.namesInDirectory(".").filter { !$0.hasPrefix(".") }.sorted()
        var files: [SurveyedFiles.Kind: [String]] = [:]
        var folders: [Candidate] = []
        for name in names {
            var isFolder: ObjCBool = false
            _ = unsafe FileManager.default.fileExists(atPath: name, isDirectory: &isFolder)
            if isFolder.boolValue {
                guard !Self.outputs.contains(name),
                    let found = try? CorpusConfiguration(inputs: [name]).findInputs()
                else { continue }
                folders.append(Self.candidate([name], found.paths))
            } else if !name.hasSuffix(".json"), SurveyedFiles.Kind(path: name) != .other,
                !Self.notices.contains(where: { name.lowercased().hasPrefix($0) })
            {
                files[SurveyedFiles.Kind(path: name), default: []].append(name)
            }
        }
        for names in files.values.sorted(by: { $0[0] < $1[0] }) {
            let endings = Set(names.map(SurveyedFiles.ending(of:))).sorted()
            // A pattern would take in the notices, and a name is clearer where it is the only one.
            candidates.append(
                Self.candidate(names.count > 8 ? endings.map { "*" + $0 } : names, names))
        }
        candidates += folders
    }

    private static func candidate(_ inputs: [String], _ paths: [String]) -> Candidate {
        Candidate(
            inputs: inputs, description: SurveyedFiles(paths: paths).endings.prefix(3).described)
    }

    /// The inputs of the only candidate.
    ///
    /// - Throws: ``PipelineError/badValue(key:reason:)`` where there is none, or more than one.
    public func only() throws -> [String] {
        if candidates.count == 1 { return candidates[0].inputs }
        let list = candidates.map { "\($0.inputs.joined(separator: " ")) (\($0.description))" }
        throw PipelineError.badValue(
            key: "corpus.inputs",
            reason: candidates.isEmpty
                ? "the current directory holds no text that tells itself by its name: name the "
                    + "files or the folder to learn from"
                : "there are several corpora here: name one of \(list.joined(separator: ", "))")
    }
}
