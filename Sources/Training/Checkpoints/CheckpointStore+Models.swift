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
        // A run of the name may be meant that something else of the same name hides.
        let hidden = ModelPlace.runsDirectory + "/" + trimmed(path)
        if !path.hasPrefix("/"), ModelPlace.directory(of: hidden) != nil {
            throw .noModel(path: path, hint: "the run of this name is \(hidden)")
        }
        // Something else lies there, and what reads it says what it lacks.
        return directory
    }
}
