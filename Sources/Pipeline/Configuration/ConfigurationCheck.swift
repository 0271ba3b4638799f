package import Bytes
import Models
package import Work

/// Check of what a person says of a configuration against the declarations of its keys.
struct ConfigurationCheck {
    let keys: ConfigurationKeys

    /// Throws unless each key of `object` is known, and each value fits its key.
    ///
    /// - Parameters:
    ///   - place: the section's own key, such as "corpus.refine", with "[]" behind that of a list
    ///     whose elements are sections; empty for the whole.
    ///   - shown: the place in errors, such as "corpus.sources[1]", where that is something else.
    func check(
        _ object: JSONValue, in place: String = "", shown: String? = nil
    ) throws(PipelineError) {
        let shown = shown ?? place
        if place == "model" { try checkIsTrained(object) }
        for member in object.members {
            let name = ConfigurationKey.path(shown, member.key)
            guard let key = keys[place]?[member.key] else {
                throw .unknownKey(
                    key: name,
                    nearest: keys.nearest(to: member.key, in: place).map {
                        Self.shown($0, in: place, shown)
                    })
            }
            try check(member.value, key, name)
        }
    }

    /// Throws for a model that only an element of a comparison can be, which has keys of its own.
    private func checkIsTrained(_ model: JSONValue) throws(PipelineError) {
        let counted = ComparisonConfiguration.countedArchitecture
        guard model["architecture"]?.string == counted else { return }
        throw .badValue(
            key: "model.architecture",
            reason: "\(counted) is for comparisons, as the model of an element of their list "
                + "\"models\"; a model by itself is one of "
                + ModelFamilies.architectures.joined(separator: ", "))
    }

    /// Throws unless `value` is a section, and fits the keys of that at `place`.
    func checkSection(
        _ value: JSONValue, _ place: String, _ shown: String
    ) throws(PipelineError) {
        guard case .object = value else {
            throw .badValue(key: shown, reason: "\(SettingKind.section.wanted) belongs here")
        }
        try check(value, in: place, shown: shown)
    }

    private func check(
        _ value: JSONValue, _ key: ConfigurationKey, _ shown: String
    ) throws(PipelineError) {
        switch (key.description.kind, value) {
        case (.section, .object): try checkSection(value, key.path, shown)
        case (.sections, .array(let elements)):
            guard !elements.isEmpty || !key.description.isFilled else {
                throw .badValue(key: shown, reason: "at least one belongs here")
            }
            for (number, element) in elements.enumerated() {
                try checkSection(element, key.path + "[]", "\(shown)[\(number)]")
            }
        default:
            if let reason = key.fault(of: SettingLiteral(value)) {
                throw .badValue(key: shown, reason: reason)
            }
            guard [.texts, .textOrTexts].contains(key.description.kind) else { return }
            for (number, element) in (value.array ?? []).enumerated() {
                let place = "\(shown)[\(number)]"
                guard let text = element.string else {
                    throw .badValue(
                        key: place, reason: "\(SettingKind.text.wanted) belongs here")
                }
                guard !key.description.isFilled || !text.isEmpty else {
                    throw .badValue(key: place, reason: SettingDescription.emptyFault)
                }
            }
        }
    }

    /// The key at `path` as errors call it, which call the section at `place` `shown`: they have
    /// the number of an element where a path has "[]".
    private static func shown(_ path: String, in place: String, _ shown: String) -> String {
        guard path.contains("[]"), let list = place.firstRange(of: "[]") else { return path }
        // Behind the list both are the same.
        let rest = place[list.upperBound...]
        return String(shown.dropLast(rest.count)) + path.dropFirst(place.count - rest.count)
    }
}

extension SettingLiteral {
    /// A value of JSON; an object is no literal. O(size).
    init?(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let flag): self = .flag(flag)
        case .number(let spelling): self = .number(spelling)
        case .string(let text): self = .text(text)
        case .array(let elements): self = .list(elements.compactMap { SettingLiteral($0) })
        case .object: return nil
        }
    }

    /// The value in JSON. O(size).
    package var json: JSONValue {
        switch self {
        case .null: .null
        case .flag(let flag): .bool(flag)
        case .number(let spelling): .number(spelling)
        case .text(let text): .string(text)
        case .list(let elements): .array(elements.map(\.json))
        case .emptyObject: .object([])
        }
    }
}
