import Files
import Foundation
import Models

/// Condition of a model's files: whether they are as they were written.
public struct ModelCondition: Sendable, Equatable {
    /// The model's directory.
    public let path: String
    /// Files that the manifest names; 0 without one.
    public let fileCount: Int
    /// Their bytes.
    public let byteCount: Int
    /// What is wrong, as a clause; nil where nothing is.
    public let fault: String?

    /// Whether there is a manifest that says how the files were written.
    public var isSealed: Bool { fileCount > 0 }

    /// The conditions of what `path` names: a model, or every checkpoint of a run, the oldest
    /// first. All bytes are compared with the manifest, and every parameter must be a finite
    /// number. O(bytes), in the memory of a few rows.
    ///
    /// - Parameters:
    ///   - path: a model, a checkpoint, or a run, by its directory or its name.
    ///   - progress: takes how many bytes of the files have been compared, and how many there are;
    ///     ends the work by an error.
    /// - Throws: ``TrainingError/noModel(path:hint:)``, and what the file system refuses.
    public static func conditions(
        at path: String, progress: (_ completed: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> [ModelCondition] {
        let subjects = try subjects(at: path)
        let manifests = subjects.map { try? DirectoryManifest(directory: $0.directory) }
        let total = manifests.reduce(0) { $0 + ($1?.byteCount ?? 0) }
        var done = 0
        return try zip(subjects, manifests).map { subject, manifest in
            var fault = try subject.fault { try progress(done + $0, total) }
            done += manifest?.byteCount ?? 0
            if fault == nil {
                do { try ModelDirectory(path: subject.directory).checkFinite() } catch {
                    fault = "\(error)"
                }
            }
            return ModelCondition(
                path: subject.directory, fileCount: manifest?.files.count ?? 0,
                byteCount: manifest?.byteCount ?? 0, fault: fault)
        }
    }

    /// A directory that is looked at, as a checkpoint among others where it is one.
    private struct Subject {
        let directory: String
        var entry: CheckpointStore.Entry?
        var entries: [CheckpointStore.Entry] = []

        func fault(_ progress: (Int) throws -> Void) throws -> String? {
            guard let entry else {
                return try CheckpointStore.fault(inDirectory: directory, progress: progress)
            }
            return try CheckpointStore.fault(of: entry, among: entries, progress: progress)
        }
    }

    private static func subjects(at path: String) throws -> [Subject] {
        if FileSystem.isMissing(path + "/config.json"), let run = ModelPlace.run(named: path) {
            let run = CheckpointStore(runDirectory: run).entries
            return run.map { Subject(directory: $0.path, entry: $0, entries: run) }
        }
        let directory = try CheckpointStore.modelDirectory(at: path)
        let entries = CheckpointStore.store(ofCheckpoint: directory)?.entries ?? []
        let entry = entries.first { $0.path == CheckpointStore.trimmed(directory) }
        return [Subject(directory: directory, entry: entry, entries: entries)]
    }
}
