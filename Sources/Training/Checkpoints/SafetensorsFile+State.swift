import Foundation
import Models

extension SafetensorsFile {
    /// The key of the metadata under which a state says the step that it comes after.
    static let stepKey = "step"

    /// The file of a state beside a checkpoint's model.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - step: the checkpoint's step.
    ///   - key: the key of the configuration that needs it.
    /// - Throws: ``TrainingError/badCheckpoint(path:reason:)`` where it is missing or not that of
    ///   the step, and the errors of a damaged file.
    static func state(_ path: String, after step: Int, neededBy key: String) throws
        -> SafetensorsFile
    {
        guard FileManager.default.fileExists(atPath: path) else {
            throw TrainingError.badCheckpoint(
                path: path, reason: "the file is missing, and \(key) needs it")
        }
        let file = try SafetensorsFile(path: path)
        guard file.metadata[stepKey] == "\(step)" else {
            throw TrainingError.badCheckpoint(
                path: path, reason: "it is not the state after step \(step)")
        }
        return file
    }
}
