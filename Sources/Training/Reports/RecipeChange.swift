import Foundation

/// A setting of a recipe or of a model that a run is to go on with and that it did not begin with.
public struct RecipeChange: Encodable, Sendable, Equatable, CustomStringConvertible {
    /// The key in `pipeline.json`, in its section.
    public var key: String
    /// The value so far, as JSON; nil where nothing was said.
    public var before: String?
    /// The value from now on, as JSON; nil where nothing is said.
    public var after: String?

    /// "batch_size 8, now 16".
    public var description: String { "\(key) \(before ?? "unset"), now \(after ?? "unset")" }

    /// Differences between two recipes, by key.
    static func between<Recipe: Encodable & Equatable>(
        _ before: Recipe, _ after: Recipe
    ) throws -> [RecipeChange] {
        guard before != after else { return [] }
        let (old, new) = (try values(of: before), try values(of: after))
        return Set(old.keys).union(new.keys).sorted().compactMap { key in
            old[key] == new[key] ? nil : RecipeChange(key: key, before: old[key], after: new[key])
        }
    }

    /// The value of each key, as JSON.
    private static func values(of configuration: some Encodable) throws -> [String: String] {
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(configuration))
        return try (object as? [String: Any] ?? [:]).mapValues { value in
            let data = try JSONSerialization.data(
                withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])
            return String(decoding: data, as: UTF8.self)
        }
    }
}
