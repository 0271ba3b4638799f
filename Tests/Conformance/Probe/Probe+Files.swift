import Foundation
import Models

/// Commands that tell which files made by others are accepted.
extension Probe {
    /// Prints for each file of a list whether it is opened as safetensors, with the reason if not.
    static func openSafetensors(_ arguments: [String]) throws {
        let verdicts = try read([String].self, arguments[0]).map { path in
            do throws(ModelError) {
                _ = try SafetensorsFile(path: path)
                return ""
            } catch {
                return error.description
            }
        }
        try printJSON(verdicts)
    }
}
