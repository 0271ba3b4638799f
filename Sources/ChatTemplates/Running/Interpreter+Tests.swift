extension Interpreter {
    /// Whether a test holds.
    func test(
        _ value: Value, _ name: String, _ operands: [Value], at place: Int
    ) throws(TemplateFault) -> Bool {
        /// The only operand.
        func other() throws(TemplateFault) -> Value {
            guard operands.count == 1 else {
                throw TemplateFault(.failed, "the test \(name) wants one value", at: place)
            }
            return operands[0]
        }
        func whole() throws(TemplateFault) -> Int {
            guard let number = value.whole else {
                throw TemplateFault(.failed, "\(value.kind) is no whole number", at: place)
            }
            return number
        }
        switch name {
        case "defined": return !value.isUndefined
        case "undefined": return value.isUndefined
        case "none": return value.isNone
        case "string": if case .text = value { return true }
        case "mapping": if case .mapping = value { return true }
        case "iterable", "sequence":
            switch value {
            case .undefined, .text, .mapping, .list, .tuple: return true
            default: return false
            }
        case "number": return value.number != nil
        case "integer": if case .integer = value { return true }
        case "float": if case .real = value { return true }
        case "boolean": if case .bool = value { return true }
        case "true": if case .bool(true) = value { return true }
        case "false": if case .bool(false) = value { return true }
        case "odd": return try whole() & 1 == 1
        case "even": return try whole() & 1 == 0
        case "divisibleby":
            guard let divisor = try other().whole, divisor != 0 else {
                throw TemplateFault(.failed, "nothing is divided by that", at: place)
            }
            return divisor == -1 ? true : try whole() % divisor == 0
        case "eq", "equalto", "==": return try compare(value, "==", other(), at: place)
        case "ne", "!=": return try compare(value, "!=", other(), at: place)
        case "gt", "greaterthan", ">": return try compare(value, ">", other(), at: place)
        case "ge", ">=": return try compare(value, ">=", other(), at: place)
        case "lt", "lessthan", "<": return try compare(value, "<", other(), at: place)
        case "le", "<=": return try compare(value, "<=", other(), at: place)
        case "in": return try compare(value, "in", other(), at: place)
        case "sameas": return try Self.isSame(value, other())
        case "callable":
            switch value {
            case .macro, .method, .function: return true
            default: return false
            }
        case "upper": return try text(of: value, at: place).isOf("isupper")
        case "lower": return try text(of: value, at: place).isOf("islower")
        default: throw TemplateFault(.unsupported, "the test \(name.prefix(40))", at: place)
        }
        return false
    }

    /// Whether both are one thing, as far as values tell.
    private static func isSame(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.bool(let a), .bool(let b)): a == b
        case (.none, .none): true
        case (.integer(let a), .integer(let b)): a == b
        case (.text, .text): left.equals(right)
        default: false
        }
    }
}
