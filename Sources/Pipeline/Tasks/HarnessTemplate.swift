import Bytes

/// The part of Jinja in which simple tasks of the harness say what a record becomes: text with
/// `{{path}}` in it, where a path leads into the record (`choices.text`, `answers[0]`), and may end
/// with `.strip()` or `.index(path)`. A text that is the name of a member alone stands for it.
struct HarnessTemplate: Equatable {
    /// Reason for which a template, or what it makes of a record, is refused.
    struct Fault: Error, Equatable {
        let reason: String
    }

    private enum Part: Equatable {
        case text(String)
        case value(Expression)
    }

    private struct Expression: Equatable {
        enum Step: Equatable {
            case member(String)
            case element(Int)
        }

        var path: [Step]
        var strips = false
        /// The path of what is looked for in the list.
        var wanted: [Step]?
        let spelling: String
    }

    private let parts: [Part]
    private let source: String

    init(_ source: String) throws(Fault) {
        self.source = source
        var parts: [Part] = []
        var rest = Substring(source)
        while let open = rest.firstRange(of: "{") {
            let mark = rest[open.lowerBound...].prefix(2)
            if mark == "{%" || mark == "{#" {
                throw Fault(reason: "\"\(source)\" has more of Jinja in it than {{field}}")
            }
            guard mark == "{{" else {
                parts.append(.text(String(rest[..<open.upperBound])))
                rest = rest[open.upperBound...]
                continue
            }
            guard let close = rest[open.lowerBound...].firstRange(of: "}}") else {
                throw Fault(reason: "in \"\(source)\" {{ is not closed")
            }
            parts.append(.text(String(rest[..<open.lowerBound])))
            let inner = rest[rest.index(open.lowerBound, offsetBy: 2)..<close.lowerBound]
            parts.append(.value(try Self.expression(String(inner))))
            rest = rest[close.upperBound...]
        }
        parts.append(.text(String(rest)))
        self.parts = parts.filter { $0 != .text("") }
    }

    // MARK: Reading

    private static func expression(_ text: String) throws(Fault) -> Expression {
        let unknown = Fault(
            reason: """
                {{\(text)}} is not known here; a template holds fields such as {{question}}, \
                {{choices.text}}, {{answers[0]}}, {{text.strip()}} and \
                {{choices.label.index(answerKey)}}
                """)
        var trimmed = Substring(PythonText.stripped(text))
        var strips = false
        var wanted: [Expression.Step]?
        if trimmed.hasSuffix(".strip()") {
            strips = true
            trimmed = trimmed.dropLast(".strip()".count)
        } else if trimmed.hasSuffix(")"), let call = trimmed.firstRange(of: ".index(") {
            guard let path = path(trimmed[call.upperBound...].dropLast()) else { throw unknown }
            wanted = path
            trimmed = trimmed[..<call.lowerBound]
        }
        guard let path = path(trimmed) else { throw unknown }
        return Expression(path: path, strips: strips, wanted: wanted, spelling: text)
    }

    /// The steps of `choices.text`, `answers[0]` or `row['a']`; nil for anything else.
    private static func path(_ text: Substring) -> [Expression.Step]? {
        var steps: [Expression.Step] = []
        var rest = text
        func isName(_ name: Substring) -> Bool {
            guard let first = name.first, !first.isNumber else { return false }
            return name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
        }
        while !rest.isEmpty {
            if rest.first == "[" {
                guard !steps.isEmpty, let close = rest.firstIndex(of: "]") else { return nil }
                let inner = rest[rest.index(after: rest.startIndex)..<close]
                if let number = Int(inner), number >= 0 {
                    steps.append(.element(number))
                } else if inner.count > 2, let quote = inner.first, quote == "'" || quote == "\"",
                    inner.last == quote
                {
                    steps.append(.member(String(inner.dropFirst().dropLast())))
                } else {
                    return nil
                }
                rest = rest[rest.index(after: close)...]
            } else {
                if !steps.isEmpty {
                    guard rest.first == "." else { return nil }
                    rest = rest.dropFirst()
                }
                let name = rest.prefix { $0 != "." && $0 != "[" }
                guard isName(name) else { return nil }
                steps.append(.member(String(name)))
                rest = rest[name.endIndex...]
            }
        }
        return steps.isEmpty ? nil : steps
    }

    // MARK: Rendering

    /// The value that the template is of a record: the member of its name, or the value of its only
    /// expression; otherwise its text.
    func value(of record: JSONValue) throws(Fault) -> JSONValue {
        if let member = record[source] { return member }
        if parts.count == 1, case .value(let expression) = parts[0] {
            return try value(of: expression, in: record)
        }
        return .string(try text(of: record))
    }

    /// The text that the template makes of a record.
    func text(of record: JSONValue) throws(Fault) -> String {
        if let member = record[source] { return try Self.text(member, source) }
        var result = ""
        for part in parts {
            switch part {
            case .text(let text): result += text
            case .value(let expression):
                result += try Self.text(value(of: expression, in: record), expression.spelling)
            }
        }
        return result
    }

    /// Whether the template names a member of the record, whose value then stands as it is.
    func isMember(of record: JSONValue) -> Bool { record[source] != nil }

    private static func text(_ value: JSONValue, _ name: String) throws(Fault) -> String {
        switch value {
        case .string(let text): return text
        // A whole number is written alike everywhere.
        case .number(let text) where Int(text).map({ "\($0)" == text }) == true: return text
        default: throw Fault(reason: "\"\(name)\" is neither a text nor a whole number")
        }
    }

    private func value(
        of expression: Expression, in record: JSONValue
    ) throws(Fault) -> JSONValue {
        let found = try Self.follow(expression.path, in: record, expression.spelling)
        if let wanted = expression.wanted {
            let key = try Self.follow(wanted, in: record, expression.spelling)
            guard let index = found.array?.firstIndex(of: key) else {
                throw Fault(reason: "{{\(expression.spelling)}} finds nothing")
            }
            return .number("\(index)")
        }
        guard expression.strips else { return found }
        return .string(PythonText.stripped(try Self.text(found, expression.spelling)))
    }

    private static func follow(
        _ path: [Expression.Step], in record: JSONValue, _ name: String
    ) throws(Fault) -> JSONValue {
        var value = record
        for step in path {
            let next: JSONValue? =
                switch step {
                case .member(let key): value[key]
                case .element(let index):
                    value.array.flatMap { index < $0.count ? $0[index] : nil }
                }
            guard let next else { throw Fault(reason: "it has no \"\(name)\"") }
            value = next
        }
        return value
    }
}
