/// Value that a template is given: what JSON can say, with the origin of its texts.
public indirect enum TemplateValue: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case text(TemplateText)
    case list([TemplateValue])
    /// Members in their order; a name that comes again counts as it comes last.
    case object([Member])

    /// A name and its value.
    public struct Member: Sendable {
        /// The name.
        public var name: TemplateText
        /// The value.
        public var value: TemplateValue

        /// A member whose name is the template's own word.
        public init(_ name: String, _ value: TemplateValue) {
            self.init(name: TemplateText(name), value: value)
        }

        /// A member.
        public init(name: TemplateText, value: TemplateValue) {
            (self.name, self.value) = (name, value)
        }
    }

    /// Text of one origin.
    public static func text(_ text: String, _ origin: TemplateText.Origin = .template)
        -> TemplateValue
    { .text(TemplateText(text, origin)) }
}

/// Value within a running template.
enum Value {
    /// Something that has not been defined, by its name.
    case undefined(String)
    case none
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case text(TemplateText)
    case list([Value])
    /// A list that is printed with round brackets.
    case tuple([Value])
    case mapping(Mapping)
    case space(Namespace)
    case loop(Loop)
    case macro(Macro)
    /// A method, with what it is of.
    case method(Method)
    /// A function that every template has.
    case function(GlobalFunction)

    /// What a template is given. O(size).
    init(_ value: TemplateValue) {
        switch value {
        case .none: self = .none
        case .bool(let flag): self = .bool(flag)
        case .integer(let number): self = .integer(number)
        case .real(let number): self = .real(number)
        case .text(let text): self = .text(text)
        case .list(let elements): self = .list(elements.map { Value($0) })
        case .object(let members):
            var mapping = Mapping()
            for member in members { mapping[.text(member.name)] = Value(member.value) }
            self = .mapping(mapping)
        }
    }

    static func text(_ string: String) -> Value { .text(TemplateText(string)) }

    /// A value and one of its methods.
    final class Method {
        let value: Value
        let name: String
        init(_ value: Value, _ name: String) { (self.value, self.name) = (value, name) }
    }

    /// What Python calls the value's kind.
    var kind: String {
        switch self {
        case .undefined: "undefined"
        case .none: "None"
        case .bool: "bool"
        case .integer: "int"
        case .real: "float"
        case .text: "str"
        case .list: "list"
        case .tuple: "tuple"
        case .mapping: "dict"
        case .space: "namespace"
        case .loop: "loop"
        case .macro: "macro"
        case .method, .function: "function"
        }
    }

    /// Whether Python takes it for true.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let flag): flag
        case .integer(let number): number != 0
        case .real(let number): number != 0
        case .text(let text): text.count > 0
        case .list(let elements), .tuple(let elements): !elements.isEmpty
        case .mapping(let mapping): mapping.count > 0
        case .loop(let loop): loop.items.count > 0
        case .space, .macro, .method, .function: true
        }
    }

    /// The number, for which true and false count too; nil for anything else.
    var number: Double? {
        switch self {
        case .bool(let flag): flag ? 1 : 0
        case .integer(let number): Double(number)
        case .real(let number): number
        default: nil
        }
    }

    /// The whole number, for which true and false count too.
    var whole: Int? {
        switch self {
        case .bool(let flag): flag ? 1 : 0
        case .integer(let number): number
        default: nil
        }
    }

    /// The elements of a list or tuple.
    var elements: [Value]? {
        switch self {
        case .list(let elements), .tuple(let elements): elements
        default: nil
        }
    }

    var isUndefined: Bool {
        if case .undefined = self { true } else { false }
    }

    var isNone: Bool {
        if case .none = self { true } else { false }
    }
}

extension Value {
    /// Whether Python finds both equal. O(size).
    func equals(_ other: Value) -> Bool {
        switch (self, other) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.text(let left), .text(let right)): return left.hasScalars(of: right)
        case (.integer(let left), .integer(let right)): return left == right
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.equals($1) }
        case (.mapping(let left), .mapping(let right)):
            return left.count == right.count
                && left.entries.allSatisfy { right[$0.key]?.equals($0.value) == true }
        case (.space(let left), .space(let right)): return left === right
        case (.macro(let left), .macro(let right)): return left === right
        default:
            guard let left = number, let right = other.number else { return false }
            return left == right
        }
    }

    /// Whether it comes before `other`; nil where Python does not compare the two. O(size).
    func precedes(_ other: Value) -> Bool? {
        if let left = number, let right = other.number { return left < right }
        switch (self, other) {
        case (.text(let left), .text(let right)): return left.precedes(right)
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            for (a, b) in zip(left, right) where !a.equals(b) { return a.precedes(b) }
            return left.count < right.count
        default: return nil
        }
    }
}

/// Values by their keys, in the order in which the keys came.
struct Mapping {
    /// What keys are told apart by.
    private enum Identity: Hashable {
        case scalars([UInt32])
        case number(Double)
        case none

        init?(_ value: Value) {
            switch value {
            case .text(let text): self = .scalars(text.scalars)
            case .none: self = .none
            default:
                guard let number = value.number else { return nil }
                self = .number(number)
            }
        }
    }

    private(set) var entries: [(key: Value, value: Value)] = []
    private var places: [Identity: Int] = [:]

    var count: Int { entries.count }

    /// Whether a value may be a key.
    static func isKey(_ value: Value) -> Bool { Identity(value) != nil }

    /// The value of a key. O(length of the key).
    subscript(key: Value) -> Value? {
        get {
            guard let identity = Identity(key), let place = places[identity] else { return nil }
            return entries[place].value
        }
        set {
            guard let identity = Identity(key), let newValue else { return }
            if let place = places[identity] {
                entries[place].value = newValue
            } else {
                places[identity] = entries.count
                entries.append((key, newValue))
            }
        }
    }

    subscript(name: String) -> Value? { self[.text(name)] }
}

/// What `namespace()` makes: the one thing that a template can change from within a loop.
final class Namespace {
    var values: [String: Value] = [:]
}

/// Names that are set, within those of what surrounds them.
final class Scope {
    var values: [String: Value] = [:]
    let parent: Scope?

    init(in parent: Scope? = nil) { self.parent = parent }

    /// The value of a name, here or around. O(depth).
    func value(of name: String) -> Value? {
        var scope: Scope? = self
        while let current = scope {
            if let value = current.values[name] { return value }
            scope = current.parent
        }
        return nil
    }
}

/// Loop at work, which its body calls `loop`.
final class Loop {
    let items: [Value]
    var index = 0

    init(_ items: [Value]) { self.items = items }
}

/// Macro, with the names around its definition.
final class Macro {
    let definition: MacroDefinition
    let scope: Scope

    init(_ definition: MacroDefinition, in scope: Scope) {
        (self.definition, self.scope) = (definition, scope)
    }
}

/// Functions that every template has.
enum GlobalFunction: String, CaseIterable {
    case range, dict, namespace
    case raiseException = "raise_exception"
    case strftimeNow = "strftime_now"
}
