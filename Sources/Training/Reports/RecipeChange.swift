import Foundation
package import Models

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
    public var description: String {
        let (before, after) = (before.map(Self.readable), after.map(Self.readable))
        return "\(key) \(before ?? "unset"), now \(after ?? "unset")"
    }

    /// The JSON of a value with slashes as they are, which may be written `\/` as well. O(count).
    package static func readable(_ json: String) -> String {
        var text = ""
        var isEscaped = false
        for character in json {
            if isEscaped, character == "/" { text.removeLast() }
            text.append(character)
            isEscaped = character == "\\" && !isEscaped
        }
        return text
    }

    /// Differences between two recipes, by key.
    ///
    /// - Parameter section: the section that the keys stand in, with a point behind it.
    package static func between<Recipe: Encodable & Equatable>(
        _ before: Recipe, _ after: Recipe, section: String = ""
    ) throws -> [RecipeChange] {
        guard before != after else { return [] }
        return between(try values(of: before), try values(of: after), section: section)
    }

    /// Differences between two shapes, by key. A size that follows from the others counts as unset,
    /// however it is written: `config.json` says it, and `pipeline.json` need not.
    package static func between(
        _ before: ModelConfiguration, _ after: ModelConfiguration, section: String = ""
    ) throws -> [RecipeChange] {
        guard before != after else { return [] }
        let (old, new) = (try values(of: before), try values(of: after))
        let (oldSaid, newSaid) = (try said(before, old), try said(after, new))
        return Set(old.keys).union(new.keys).sorted().filter { oldSaid[$0] != newSaid[$0] }.map {
            RecipeChange(key: section + $0, before: old[$0], after: new[$0])
        }
    }

    /// The values of a shape without those that it has by itself.
    private static func said(
        _ shape: ModelConfiguration, _ values: [String: String]
    ) throws -> [String: String] {
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(shape))
        guard let object = object as? [String: Any] else { return values }
        return values.filter { key, _ in
            let rest = try? JSONSerialization.data(
                withJSONObject: object.filter { $0.key != key })
            return rest.flatMap { try? JSONDecoder().decode(ModelConfiguration.self, from: $0) }
                != shape
        }
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
