import Bytes

/// A plain validator of the part of JSON Schema, draft 2020-12, that the schema of `pipeline.json`
/// uses. A keyword that it does not know is a fault, so that no rule is passed over.
struct SchemaValidator {
    let schema: JSONValue

    /// The first fault of `value`; nil if it is valid.
    func fault(of value: JSONValue) throws -> String? { try fault(value, schema, "") }

    private struct UnknownKeyword: Error {
        let name: String
    }

    private func fault(_ value: JSONValue, _ schema: JSONValue, _ place: String) throws -> String? {
        for member in schema.members {
            if let reason = try fault(value, member.key, member.value, schema, place) {
                return "\(place): \(reason)"
            }
        }
        return nil
    }

    private func isValid(_ value: JSONValue, _ schema: JSONValue) throws -> Bool {
        try fault(value, schema, "") == nil
    }

    private func fault(
        _ value: JSONValue, _ keyword: String, _ rule: JSONValue, _ schema: JSONValue,
        _ place: String
    ) throws -> String? {
        switch keyword {
        case "$schema", "title", "description", "default", "$defs", "then": return nil
        case "$ref":
            let name = (rule.string ?? "").replacing("#/$defs/", with: "")
            guard let definition = self.schema["$defs"]?[name] else {
                throw UnknownKeyword(name: name)
            }
            return try fault(value, definition, place)
        case "type":
            let types = rule.array?.compactMap(\.string) ?? [rule.string ?? ""]
            return types.contains { isA($0, value) } ? nil : "no \(types)"
        case "enum": return rule.array?.contains(value) == true ? nil : "none of \(rule)"
        case "minimum", "maximum", "exclusiveMinimum":
            guard let figure = number(value), let limit = number(rule) else { return nil }
            let isGood =
                switch keyword {
                case "minimum": figure >= limit
                case "maximum": figure <= limit
                default: figure > limit
                }
            return isGood ? nil : "\(keyword) \(limit)"
        case "minLength", "minItems":
            let count = keyword == "minItems" ? value.array?.count : value.string?.count
            guard let count, let limit = number(rule) else { return nil }
            return Double(count) >= limit ? nil : "\(keyword) \(limit)"
        case "pattern":
            guard let text = value.string else { return nil }
            return try text.firstMatch(of: Regex(rule.string ?? "")) == nil ? "pattern" : nil
        case "items":
            for (index, element) in (value.array ?? []).enumerated() {
                if let reason = try fault(element, rule, "\(place)[\(index)]") { return reason }
            }
            return nil
        case "properties":
            for member in value.members {
                guard let property = rule[member.key] else { continue }
                let reason = try fault(member.value, property, place + "." + member.key)
                if let reason { return reason }
            }
            return nil
        case "additionalProperties":
            let unknown = value.members.first { schema["properties"]?[$0.key] == nil }
            return rule == .bool(false) ? unknown.map { "unknown \($0.key)" } : nil
        case "propertyNames":
            for member in value.members where try !isValid(.string(member.key), rule) {
                return "name \(member.key)"
            }
            return nil
        case "required":
            guard case .object = value else { return nil }
            return rule.array?.compactMap(\.string).first { value[$0] == nil }.map { "no \($0)" }
        case "dependentRequired":
            for member in rule.members where value[member.key] != nil {
                let missing = member.value.array?.compactMap(\.string).first { value[$0] == nil }
                if let missing { return "\(member.key) without \(missing)" }
            }
            return nil
        case "not": return try isValid(value, rule) ? "not" : nil
        case "anyOf":
            return try (rule.array ?? []).contains { try isValid(value, $0) } ? nil : "any"
        case "allOf":
            for part in rule.array ?? [] {
                if let reason = try fault(value, part, place) { return reason }
            }
            return nil
        case "if":
            guard try isValid(value, rule), let then = schema["then"] else { return nil }
            return try fault(value, then, place)
        default: throw UnknownKeyword(name: keyword)
        }
    }

    private func number(_ value: JSONValue) -> Double? {
        guard case .number(let spelling) = value else { return nil }
        return Double(spelling)
    }

    private func isA(_ type: String, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .bool), ("string", .string), ("array", .array),
            ("object", .object), ("number", .number):
            true
        case ("integer", .number): number(value).map { $0 == $0.rounded() } ?? false
        default: false
        }
    }
}
