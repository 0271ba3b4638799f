import Bytes
import Files
import Foundation

extension SmallYAML {
    /// The value in the file at `path`; nil if there is none. O(bytes).
    ///
    /// - Throws: ``PipelineError/badTask(place:reason:)`` with the line.
    static func value(inFile path: String) throws -> JSONValue? {
        guard let data = try FileSystem.contents(path) else { return nil }
        guard data.count <= TaskLimits.settingsByteCount,
            let text = String(data: data, encoding: .utf8)
        else {
            throw PipelineError.badTask(
                place: path, reason: "it is no text in UTF-8 of at most 4 MiB")
        }
        do throws(Fault) {
            return try value(of: text)
        } catch {
            throw PipelineError.badTask(
                place: "\(path), line \(error.line)", reason: error.reason)
        }
    }
}
