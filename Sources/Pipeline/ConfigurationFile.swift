import Foundation
import Storage

/// Reads `pipeline.json`: defaults, then the file, then settings from the command line.
///
/// A key that nothing reads is an error, and so is a value of the wrong type: a setting that is
/// silently not in force costs a day of training.
enum ConfigurationFile {
    /// The configuration at `path`, or the defaults without one.
    ///
    /// - Parameter settings: "section.key=value" each; the value is JSON, or else a string.
    static func read(path: String?, settings: [String]) throws -> PipelineConfiguration {
        var object = try object(of: PipelineConfiguration())
        if let path {
            merge(try parse(path: path), into: &object)
        }
        for setting in settings {
            try apply(setting, to: &object)
        }
        return try decode(object)
    }

    private static func parse(path: String) throws -> [String: Any] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw PipelineError.unreadable(
                path: path,
                reason: FileManager.default.fileExists(atPath: path)
                    ? "it is a folder, or reading it is not permitted" : "there is no such file")
        }
        let parsed: Any
        do {
            parsed = try JSONSerialization.jsonObject(with: data)
        } catch {
            let details = (error as NSError).userInfo["NSDebugDescription"] as? String
            throw PipelineError.unreadable(
                path: path, reason: details ?? "it is not JSON")
        }
        guard let object = parsed as? [String: Any] else {
            throw PipelineError.unreadable(path: path, reason: "it is not a JSON object")
        }
        try checkKeys(of: object)
        return object
    }

    private static func checkKeys(of object: [String: Any]) throws {
        let sections = PipelineConfiguration.keysOfSections
        let topLevel = PipelineConfiguration.CodingKeys.allCases.map(\.rawValue)
        for (key, value) in object {
            guard topLevel.contains(key) else {
                throw PipelineError.unknownKey(key: key, nearest: nearest(to: key, among: topLevel))
            }
            guard let known = sections[key] else { continue }
            guard let section = value as? [String: Any] else {
                throw PipelineError.badValue(key: key, reason: "a JSON object belongs here")
            }
            for name in section.keys.sorted() where !known.contains(name) {
                throw PipelineError.unknownKey(
                    key: "\(key).\(name)",
                    nearest: nearest(to: name, among: known).map { "\(key).\($0)" })
            }
        }
    }

    private static func apply(_ setting: String, to object: inout [String: Any]) throws {
        guard let equals = setting.firstIndex(of: "=") else {
            throw PipelineError.badValue(
                key: setting, reason: "a setting reads section.key=value")
        }
        let path = setting[..<equals].split(separator: ".").map(String.init)
        let text = String(setting[setting.index(after: equals)...])
        let value =
            (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed))
            ?? text
        guard let first = path.first, path.count <= 2 else {
            throw PipelineError.badValue(
                key: setting, reason: "a setting reads section.key=value")
        }
        let addition: [String: Any] = path.count == 1 ? [first: value] : [first: [path[1]: value]]
        try checkKeys(of: addition)
        merge(addition, into: &object)
    }

    private static func merge(_ addition: [String: Any], into object: inout [String: Any]) {
        for (key, value) in addition {
            if let section = value as? [String: Any], var old = object[key] as? [String: Any] {
                for (name, setting) in section { old[name] = setting }
                object[key] = old
            } else {
                object[key] = value
            }
        }
    }

    private static func object(of configuration: PipelineConfiguration) throws -> [String: Any] {
        let data = try JSONEncoder().encode(configuration)
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    private static func decode(_ object: [String: Any]) throws -> PipelineConfiguration {
        let data = try JSONSerialization.data(withJSONObject: object)
        do {
            return try JSONDecoder().decode(PipelineConfiguration.self, from: data)
        } catch let error as DecodingError {
            var (key, reason) = error.place
            if key.isEmpty, let number = unfitNumber(in: object) {
                (key, reason) = (number, "a whole number that is not out of range belongs here")
            }
            if case .dataCorrupted = error, let choices = PipelineConfiguration.choices[key] {
                throw PipelineError.badValue(
                    key: key, reason: "one of \(choices.joined(separator: ", ")) belongs here")
            }
            throw PipelineError.badValue(key: key, reason: reason)
        }
    }

    /// The key of a number that no field of its place can hold, such as 2.5 for a count: the decoder
    /// says that there is one, and not where.
    private static func unfitNumber(in object: [String: Any]) -> String? {
        for (section, value) in object {
            for (name, number) in value as? [String: Any] ?? [:] where number is NSNumber {
                let alone = [section: [name: number]]
                guard var rest = try? Self.object(of: PipelineConfiguration()) else { continue }
                merge(alone, into: &rest)
                guard let data = try? JSONSerialization.data(withJSONObject: rest) else { continue }
                if (try? JSONDecoder().decode(PipelineConfiguration.self, from: data)) == nil {
                    return "\(section).\(name)"
                }
            }
        }
        return nil
    }

    /// The candidate that takes the fewest edits to reach, if that is at most a third of its length.
    static func nearest(to key: String, among candidates: [String]) -> String? {
        let best = candidates.map { (editDistance(key, $0), $0) }.min { $0 < $1 }
        guard let best, best.0 <= max(2, best.1.count / 3) else { return nil }
        return best.1
    }

    /// The least number of insertions, deletions and substitutions from one to the other
    /// (Levenshtein, 1966). O(a·b).
    static func editDistance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a), Array(b))
        var row = Array(0...b.count)
        for (i, left) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, right) in b.enumerated() {
                let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (left == right ? 0 : 1))
                diagonal = row[j + 1]
                row[j + 1] = next
            }
        }
        return row[b.count]
    }
}
