import Files
import Foundation

/// Models as commands are given them: by the names that ``ModelPlace`` knows.
extension CheckpointStore {
    /// The directory of the model that `path` names, once nothing in it differs from what was
    /// written, where that is known. O(bytes), at the speed of memory.
    ///
    /// - Throws: ``TrainingError/noModel(path:hint:)``, or
    ///   ``TrainingError/damaged(path:fault:sound:)`` with the newest sound checkpoint of the run.
    package static func soundModelDirectory(at path: String) throws -> String {
        let resolved = resolved(path)
        let entries = store(ofCheckpoint: resolved)?.entries ?? []
        if let entry = entries.first(where: { $0.path == trimmed(resolved) }) {
            guard let fault = try fault(of: entry, among: entries) else { return resolved }
            throw TrainingError.damaged(
                path: resolved, fault: fault, sound: try newestSoundPath(of: entries))
        }
        let directory = try modelDirectory(at: path)
        if let fault = try fault(inDirectory: directory) {
            throw TrainingError.damaged(path: directory, fault: fault, sound: nil)
        }
        return directory
    }

    /// The directory of the model that `path` names, of which nothing else is looked at.
    ///
    /// - Throws: ``TrainingError/noModel(path:hint:)`` if no model lies there, naming one that does
    ///   if there is one near.
    package static func modelDirectory(at path: String) throws(TrainingError) -> String {
        guard !path.isEmpty else { throw .noModel(path: "\"\"", hint: ModelPlace.advice(on: path)) }
        let directory = resolved(path)
        guard FileSystem.isMissing(directory + "/config.json") else { return directory }
        // A checkpoint may be named that its run does not have.
        var run = FileSystem.parentDirectory(of: trimmed(path))
        for _ in 0..<2 {
            let store = CheckpointStore(runDirectory: run)
            if let model = store.best.map({ _ in "best" }) ?? store.latest.map({ _ in "latest" }) {
                throw .noModel(path: path, hint: "its run has \(store.directory)/\(model)")
            }
            run = FileSystem.parentDirectory(of: run)
        }
        guard !FileSystem.isMissing(path) else {
            throw .noModel(path: path, hint: ModelPlace.advice(on: path))
        }
        if !FilePointer.isDirectory(at: directory) {
            throw .noModel(
                path: path,
                hint: "it is a file, and a model is a directory with config.json and "
                    + "model.safetensors")
        }
        // The directories of vocabularies and of shards have the names of runs.
        let ownFiles = [
            "/model.safetensors", "/model.safetensors.index.json", "/training_state.json",
        ]
        if ownFiles.allSatisfy({ FileSystem.isMissing(directory + $0) }) {
            for (file, content) in [
                ("tokenizer.json", "a vocabulary"), ("manifest.json", "shards"),
            ] where !FileSystem.isMissing(directory + "/" + file) {
                throw .noModel(
                    path: path,
                    hint: "it holds \(content), and no model: " + ModelPlace.advice(on: path))
            }
        }
        // Something else lies there, and what reads it says what it lacks.
        return directory
    }
}
