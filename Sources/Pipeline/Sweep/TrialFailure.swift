import Bytes
import Files
import Foundation

/// A training that came to nothing, such as one whose loss became infinite, kept beside its run so
/// that it is not tried again.
struct TrialFailure: Codable {
    /// Fingerprint of what went into it.
    var inputs: String
    /// The reason.
    var reason: String
    /// Seconds that it took.
    var seconds: Double

    static let fileName = "failure.json"

    /// The failure that was recorded in `directory` for the same inputs; nil where there is none.
    static func recorded(in directory: String, inputs: String) -> TrialFailure? {
        guard let data = FileSystem.contentsIfReadable(directory + "/" + fileName),
            let failure = try? StrictJSON.decode(TrialFailure.self, from: data),
            failure.inputs == inputs
        else { return nil }
        return failure
    }

    /// Records it in `directory`.
    func write(toDirectory directory: String) throws {
        try FileReplacement.writeJSON(self, to: directory + "/" + Self.fileName)
    }
}
