import Corpora
import Files
import Foundation

/// The corpora that the current directory may hold, for a person who names none.
public struct CorpusCandidates: Sendable {
    /// Inputs that belong together: the texts, each format of records, and each folder that holds
    /// either.
    public private(set) var candidates: [[String]] = []
    /// What can be named, for a person: files, patterns of many, and folders.
    private var names: [String] = []

    /// Directories of what a pipeline makes.
    private static let outputs: Set = ["vocab", "shards", "runs", "refined"]
    /// Texts about the other files rather than a corpus.
    private static let notices = ["readme", "license", "changelog", "contributing", "security"]
    /// Files of one kind that are named one by one.
    private static let listedCount = 8

    /// Looks into the current directory. O(files).
    public init() throws {
        let names = try FileSystem.namesInDirectory(".").filter { !$0.hasPrefix(".") }
        var files: [SurveyedFiles.Kind: [String]] = [:]
        var (folders, json, notices): ([(String, String)], [String], [String]) = ([], [], [])
        for name in names {
            if FileSystem.isDirectory(name) {
                guard !Self.outputs.contains(name),
                    let found = try? CorpusConfiguration(inputs: [name]).findInputs()
                else { continue }
                let endings = SurveyedFiles(paths: found.paths).endings
                folders.append((name, endings.described))
            } else if name.hasSuffix(".json") {
                json.append(name)
            } else if SurveyedFiles.Kind(path: name) != .other {
                if Self.notices.contains(where: { name.lowercased().hasPrefix($0) }) {
                    notices.append(name)
                } else {
                    files[SurveyedFiles.Kind(path: name), default: []].append(name)
                }
            }
        }
        // Many programs keep their settings in JSON: it is a corpus where nothing else is.
        if files.isEmpty, folders.isEmpty {
            for name in json where !OwnFiles.isDescription(name) {
                files[.records(.json), default: []].append(name)
            }
        }
        for group in files.values.sorted(by: { $0[0] < $1[0] }) {
            let endings = Set(group.map(SurveyedFiles.ending(of:))).sorted()
            // A pattern would take in the notices, and a name is clearer where it is the only one.
            let isMany = group.count > Self.listedCount
            candidates.append(isMany ? endings.map { "*" + $0 } : group)
            self.names += isMany ? endings.map { "'*\($0)'" } : group
        }
        candidates += folders.map { [$0.0] }
        self.names += notices + folders.map { "\($0.0) (\($0.1))" }
    }

    /// The inputs of the only candidate.
    ///
    /// - Throws: ``PipelineError/noProposal(reason:)`` where there is none, or more than one.
    public func only() throws -> [String] {
        if candidates.count == 1 { return candidates[0] }
        throw PipelineError.noProposal(
            reason: candidates.isEmpty
                ? "the current directory holds no text that tells itself by its name: name the "
                    + "files or the folder to learn from"
                : "there are several corpora here: name one of \(names.joined(separator: ", "))")
    }
}
