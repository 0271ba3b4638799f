import Foundation

/// A setting of a recipe, of a model or of what comes before it, whose value is another one now
/// than when a result was made.
public struct RecipeChange: Encodable, Sendable, Equatable, CustomStringConvertible {
    /// The key in `pipeline.json`, in its section.
    public var key: String
    /// The value so far, as JSON; nil where nothing was said.
    public var before: String?
    /// The value from now on, as JSON; nil where nothing is said.
    public var after: String?

    /// A change of the setting `key`.
    package init(key: String, before: String?, after: String?) {
        self.key = key
        self.before = before
        self.after = after
    }

    /// "batch_size 8, now 16".
    public var description: String { "\(key) \(before ?? "unset"), now \(after ?? "unset")" }

    /// Differences between two recipes, by key.
    ///
    /// - Parameter section: the section that the keys stand in, with a point behind it.
    package static func between<Recipe: Encodable & Equatable>(
        _ before: Recipe, _ after: Recipe, section: String = ""
    ) throws -> [RecipeChange] {
        guard before != after else { return [] }
        return between(try values(of: before), try values(of: after), section: section)
    }

    /// Differences between two sets of settings, by key. O(n log n).
    package static func between(
        _ old: [String: String], _ new: [String: String], section: String = ""
    ) -> [RecipeChange] {
        Set(old.keys).union(new.keys).sorted().compactMap { key in
            old[key] == new[key]
                ? nil : RecipeChange(key: section + key, before: old[key], after: new[key])
        }
    }

    /// The value of each key, as JSON.
    package static func values(of configuration: some Encodable) throws -> [String: String] {
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(configuration))
        return try (object as? [String: Any] ?? [:]).mapValues { value in
            let data = try JSONSerialization.data(
                withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])
            return String(decoding: data, as: UTF8.self)
        }
    }
}
