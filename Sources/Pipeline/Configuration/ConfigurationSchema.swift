import Bytes
import Models
import Work

/// JSON Schema of `pipeline.json` and of comparisons, by which editors complete and check them.
///
/// It says what the declarations of the keys say, in the vocabulary of draft 2020-12
/// (<https://json-schema.org/draft/2020-12>). What concerns several keys at once is not in it, but
/// for the keys that an architecture has.
public struct ConfigurationSchema {
    private let keys = ConfigurationKeys.comparison
    /// Definition that each section refers to: that of the first with the same keys.
    private var references: [String: String] = [:]
    private var definitions: [JSONValue.Member] = []

    /// The schema of all sections.
    public init() {
        for section in keys.sections.reversed() where !section.place.isEmpty {
            // Sections within it were defined before it.
            let definition = self.definition(of: section)
            let name = section.place.replacing("[]", with: "")
            if let same = definitions.first(where: { $0.value == definition }) {
                references[section.place] = same.key
            } else {
                definitions.append(.init(key: name, value: definition))
                references[section.place] = name
            }
        }
    }

    /// The schema as a file. O(keys).
    public var text: String {
        var root: [(String, JSONValue)] = [
            ("$schema", .string("https://json-schema.org/draft/2020-12/schema")),
            ("title", .string("Quern: a pipeline, or a comparison of models")),
        ]
        if let whole = keys[""] { root += definition(of: whole).members.map { ($0.key, $0.value) } }
        let needsModels = ComparisonConfiguration.settingKeys.map(\.name).filter { $0 != "models" }
        root += [
            (
                "dependentRequired",
                .object(needsModels.map { .init(key: $0, value: .strings(["models"])) })
            ),
            // In a comparison the elements of the list may say the architecture.
            ("if", .of([("not", .of([("required", .strings(["models"]))]))])),
            ("then", .of([("properties", .of([("model", standardModel)]))])),
            ("$defs", .object(definitions.reversed())),
        ]
        var text = JSONText()
        text.value(nil, .of(root))
        return String(decoding: text.bytes, as: UTF8.self) + "\n"
    }

    private func definition(of section: ConfigurationSection) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("type", .string("object")), ("additionalProperties", .bool(false)),
            (
                "properties",
                .of(section.keys.map { ($0.description.name, property($0)) })
            ),
        ]
        if section.keys.contains(where: { !$0.variants.isEmpty }) {
            members.append(("allOf", .array(architectureRules(of: section))))
        }
        return .of(members)
    }

    private func property(_ key: ConfigurationKey) -> JSONValue {
        let description = key.description
        var text = description.meaning
        if !description.unit.isEmpty { text += " Unit: \(description.unit)." }
        if let relevance = description.relevance { text += " Matters only if \(relevance)." }
        var members: [(String, JSONValue)] = [("description", .string(text))]
        members += value(of: key)
        // A default that must be replaced, such as an empty name, is none.
        let isNone = description.isFilled && description.standard == ""
        if description.standard != .null, description.standard != .emptyObject, !isNone {
            members.append(("default", description.standard.json))
        }
        return .of(members)
    }

    /// What the value of a key may be, as members of its schema.
    private func value(of key: ConfigurationKey) -> [(String, JSONValue)] {
        let all = key.variants.isEmpty ? [key.description] : key.variants.map(\.description)
        let isOptional = all.contains(where: \.isOptional)
        func type(_ names: String...) -> (String, JSONValue) {
            let names = names + (isOptional ? ["null"] : [])
            return ("type", names.count == 1 ? .string(names[0]) : .strings(names))
        }
        // A keyword for the least count, where there must be something.
        func least(_ keyword: String) -> [(String, JSONValue)] {
            key.description.isFilled ? [(keyword, .whole(1))] : []
        }
        let reference = JSONValue.string(
            "#/$defs/\(references[key.path] ?? references[key.path + "[]"] ?? "")")
        switch key.description.kind {
        case .number(.real(let range)):
            return [type("number"), ("minimum", .real(range.lowerBound))]
                + [("maximum", .real(range.upperBound))]
        case .number(.above(let least, let most)):
            return [type("number"), ("exclusiveMinimum", .real(least)), ("maximum", .real(most))]
        case .number(.whole(let range)):
            let ranges = all.compactMap { description -> ClosedRange<Int>? in
                guard case .number(.whole(let range)) = description.kind else { return nil }
                return range
            }
            let least = ranges.map(\.lowerBound).min() ?? range.lowerBound
            let most = ranges.map(\.upperBound).max() ?? range.upperBound
            return [type("integer"), ("minimum", .whole(least)), ("maximum", .whole(most))]
        case .number(.seed):
            return [type("integer"), ("minimum", .whole(0)), ("maximum", .number("\(UInt64.max)"))]
        case .number(.size(let range)):
            return [
                type("integer", "string"), ("minimum", .whole(range.lowerBound)),
                ("maximum", .whole(range.upperBound)),
                (
                    "pattern",
                    .string(
                        "^(?=[0.]*[1-9])([0-9]+\\.?[0-9]*|\\.[0-9]+) *([kKmMgGtT][iI]?)?[bB]?$")
                ),
            ]
        case .choice(let words):
            return [("enum", .array(words.map { .string($0) } + (isOptional ? [.null] : [])))]
        case .text: return [type("string")] + least("minLength")
        case .flag: return [type("boolean")]
        case .texts:
            return [
                type("array"), ("items", .of([("type", .string("string"))] + least("minLength"))),
            ]
        case .textOrTexts:
            return [type("string", "array")] + least("minLength")
                + [("items", .of([("type", .string("string"))] + least("minLength")))]
        case .section where isOptional:
            let choices = [JSONValue.of([("$ref", reference)]), .of([("type", .string("null"))])]
            return [("anyOf", .array(choices))]
        case .section: return [("$ref", reference)]
        case .sections:
            return [type("array")] + least("minItems") + [("items", .of([("$ref", reference)]))]
        }
    }
}

// MARK: Keys that an architecture has

extension ConfigurationSchema {
    /// For each family, the keys that a section has with one of its architectures.
    private func architectureRules(of section: ConfigurationSection) -> [JSONValue] {
        var rules = ModelFamilies.all.map { family in
            Self.rule(family.architectures, keys: family.settingKeyNames)
        }
        if section["order"] != nil {
            rules.append(
                Self.rule(
                    [ComparisonConfiguration.countedArchitecture], keys: ["architecture", "order"]))
        }
        return rules
    }

    private static func rule(_ architectures: [String], keys: [String]) -> JSONValue {
        let isOne = JSONValue.of([
            ("properties", .of([("architecture", .of([("enum", .strings(architectures))]))])),
            ("required", .strings(["architecture"])),
        ])
        return .of([("if", isOne), ("then", .of([("propertyNames", names(keys))]))])
    }

    /// The keys of a section without an architecture.
    private var standardModel: JSONValue {
        let family = type(of: PipelineConfiguration().model.shape)
        let saysNone = JSONValue.of([("not", .of([("required", .strings(["architecture"]))]))])
        return .of([
            ("if", saysNone),
            ("then", .of([("propertyNames", Self.names(family.settingKeyNames))])),
        ])
    }

    private static func names(_ names: [String]) -> JSONValue { .of([("enum", .strings(names))]) }
}

extension ModelShape {
    /// The keys that a person may write.
    fileprivate static var settingKeyNames: [String] { settingKeys.map(\.name) }
}

extension JSONValue {
    fileprivate static func of(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.map { Member(key: $0.0, value: $0.1) })
    }

    fileprivate static func strings(_ texts: [String]) -> JSONValue {
        .array(texts.map { .string($0) })
    }

    fileprivate static func whole(_ number: Int) -> JSONValue { .number("\(number)") }

    fileprivate static func real(_ number: Double) -> JSONValue {
        .number(Int(exactly: number).map { "\($0)" } ?? "\(number)")
    }
}
