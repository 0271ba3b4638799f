/// The expressions of a template, from `or` and `if` down to names and brackets.
extension TemplateParser {
    func node(
        _ kind: Expression.Kind, _ place: Int, _ parts: [Expression]
    ) throws(TemplateFault) -> Expression {
        let depth = 1 + (parts.map(\.depth).max() ?? 0)
        guard depth <= Self.depthLimit else {
            throw TemplateFault(
                .limit, "an expression has more than \(Self.depthLimit) levels", at: place)
        }
        return Expression(kind: kind, place: place, depth: depth)
    }

    /// Expressions with commas between are a tuple.
    mutating func tuple(hasConditions: Bool = true) throws(TemplateFault) -> Expression {
        let place = place
        let first = try hasConditions ? expression() : or()
        guard isSymbol(",") else { return first }
        var all = [first]
        while take(symbol: ",") {
            if kind() == .end || isSymbol(")") { break }
            all.append(try hasConditions ? expression() : or())
        }
        return try node(.tuple(all), place, all)
    }

    mutating func expression() throws(TemplateFault) -> Expression {
        try deeper { (parser) throws(TemplateFault) in
            let place = parser.place
            var value = try parser.or()
            while parser.take(name: "if") {
                let test = try parser.or()
                let otherwise = parser.take(name: "else") ? try parser.expression() : nil
                value = try parser.node(
                    .condition(test, then: value, otherwise: otherwise), place,
                    [value, test] + (otherwise.map { [$0] } ?? []))
            }
            return value
        }
    }

    mutating func or() throws(TemplateFault) -> Expression {
        let place = place
        var left = try and()
        while take(name: "or") {
            let right = try and()
            left = try node(.or(left, right), place, [left, right])
        }
        return left
    }

    mutating func and() throws(TemplateFault) -> Expression {
        let place = place
        var left = try not()
        while take(name: "and") {
            let right = try not()
            left = try node(.and(left, right), place, [left, right])
        }
        return left
    }

    mutating func not() throws(TemplateFault) -> Expression {
        let place = place
        guard take(name: "not") else { return try comparison() }
        return try deeper { (parser) throws(TemplateFault) in
            let value = try parser.not()
            return try parser.node(.not(value), place, [value])
        }
    }

    mutating func comparison() throws(TemplateFault) -> Expression {
        let place = place
        let left = try arithmetic(0)
        var others: [(word: String, operand: Expression)] = []
        while true {
            var word: String?
            if case .symbol(let symbol) = kind(),
                ["==", "!=", "<", "<=", ">", ">="].contains(symbol)
            {
                word = symbol
                next += 1
            } else if take(name: "in") {
                word = "in"
            } else if isName("not"), kind(1) == .name("in") {
                word = "not in"
                next += 2
            }
            guard let word else { break }
            others.append((word, try arithmetic(0)))
        }
        if others.isEmpty { return left }
        return try node(.comparison(left, others), place, [left] + others.map(\.operand))
    }

    /// Operators from those that bind least to those that bind most.
    static let operators: [Set<String>] = [
        ["+", "-"], ["~"], ["*", "/", "//", "%"], ["**"],
    ]

    mutating func arithmetic(_ level: Int) throws(TemplateFault) -> Expression {
        guard level < Self.operators.count else { return try unary(hasFilters: true) }
        let place = place
        var left = try arithmetic(level + 1)
        while case .symbol(let symbol) = kind(), Self.operators[level].contains(symbol) {
            next += 1
            let right = try arithmetic(level + 1)
            left = try node(.arithmetic(symbol, left, right), place, [left, right])
        }
        return left
    }

    mutating func unary(hasFilters: Bool) throws(TemplateFault) -> Expression {
        let place = place
        var value: Expression
        if isSymbol("-") || isSymbol("+") {
            let isNegative = isSymbol("-")
            next += 1
            value = try deeper { (parser) throws(TemplateFault) in
                let inner = try parser.unary(hasFilters: false)
                return try parser.node(
                    isNegative ? .negative(inner) : .positive(inner), place, [inner])
            }
        } else {
            value = try primary()
        }
        value = try postfix(value)
        return hasFilters ? try filtersAndTests(value) : value
    }

    mutating func primary() throws(TemplateFault) -> Expression {
        let place = place
        guard let kind = kind() else { throw syntax("an expression is missing") }
        switch kind {
        case .name(let word):
            switch word {
            case "true", "True": return try constant(.bool(true))
            case "false", "False": return try constant(.bool(false))
            case "none", "None": return try constant(.none)
            default:
                guard !Self.words.contains(word) else {
                    throw syntax("\"\(word)\" stands where a value belongs")
                }
                return try constant(.name(word))
            }
        case .integer(let number): return try constant(.integer(number))
        case .real(let number): return try constant(.real(number))
        case .string:
            var text: [TemplateText.Character] = []
            // Strings behind one another are one.
            while case .string(let scalars) = self.kind() {
                text += scalars.map { TemplateText.Character($0, .template) }
                next += 1
            }
            return try node(.text(TemplateText(text)), place, [])
        case .symbol("("):
            next += 1
            if take(symbol: ")") { return try node(.tuple([]), place, []) }
            let inner = try deeper { (parser) throws(TemplateFault) in try parser.tuple() }
            try require(symbol: ")")
            return inner
        case .symbol("["):
            next += 1
            let all = try elements(until: "]")
            return try node(.list(all), place, all)
        case .symbol("{"):
            next += 1
            return try mapping(place)
        default: throw syntax("an expression is missing")
        }
    }

    mutating func constant(_ kind: Expression.Kind) throws(TemplateFault) -> Expression {
        defer { next += 1 }
        return try node(kind, place, [])
    }

    mutating func elements(until end: String) throws(TemplateFault) -> [Expression] {
        var all: [Expression] = []
        while !take(symbol: end) {
            if !all.isEmpty {
                try require(symbol: ",")
                if take(symbol: end) { break }
            }
            all.append(try expression())
        }
        return all
    }

    mutating func mapping(_ place: Int) throws(TemplateFault) -> Expression {
        var entries: [(key: Expression, value: Expression)] = []
        while !take(symbol: "}") {
            if !entries.isEmpty {
                try require(symbol: ",")
                if take(symbol: "}") { break }
            }
            let key = try expression()
            try require(symbol: ":")
            entries.append((key, try expression()))
        }
        return try node(.mapping(entries), place, entries.flatMap { [$0.key, $0.value] })
    }

    mutating func postfix(_ value: Expression) throws(TemplateFault) -> Expression {
        var value = value
        while true {
            let place = place
            if take(symbol: ".") {
                if case .integer(let index) = kind() {
                    let number = try constant(.integer(index))
                    value = try node(.item(value, number), place, [value, number])
                } else {
                    value = try node(.attribute(value, try name()), place, [value])
                }
            } else if take(symbol: "[") {
                value = try subscription(of: value, place)
            } else if isSymbol("(") {
                let arguments = try arguments()
                value = try node(.call(value, arguments), place, [value] + arguments.all)
            } else {
                return value
            }
        }
    }

    mutating func subscription(
        of value: Expression, _ place: Int
    ) throws(TemplateFault) -> Expression {
        func ends() -> Bool { isSymbol(":") || isSymbol("]") }
        let first = ends() ? nil : try expression()
        if let first, take(symbol: "]") {
            return try node(.item(value, first), place, [value, first])
        }
        try require(symbol: ":")
        let second = ends() ? nil : try expression()
        let third = take(symbol: ":") && !ends() ? try expression() : nil
        try require(symbol: "]")
        return try node(
            .slice(value, first, second, third), place,
            [value] + [first, second, third].compactMap(\.self))
    }

    mutating func arguments() throws(TemplateFault) -> Arguments {
        try require(symbol: "(")
        var arguments = Arguments()
        var isFirst = true
        while !take(symbol: ")") {
            if !isFirst {
                try require(symbol: ",")
                if take(symbol: ")") { break }
            }
            isFirst = false
            if isSymbol("**") {
                throw TemplateFault(.unsupported, "named arguments that are unpacked", at: place)
            }
            if take(symbol: "*") {
                guard arguments.unpacked == nil else {
                    throw syntax("a second list of arguments is unpacked")
                }
                arguments.unpacked = try expression()
            } else if case .name(let name) = kind(), kind(1) == .symbol("=") {
                next += 2
                arguments.named.append((name, try expression()))
            } else {
                guard arguments.named.isEmpty, arguments.unpacked == nil else {
                    throw syntax("an argument without a name stands behind one that has one")
                }
                arguments.positional.append(try expression())
            }
        }
        return arguments
    }

    mutating func filtersAndTests(
        _ value: Expression
    ) throws(TemplateFault) -> Expression {
        var value = value
        while true {
            let place = place
            if take(symbol: "|") {
                let use = try filterUse()
                value = try node(
                    .filter(value, use.name, use.arguments), use.place,
                    [value] + use.arguments.all)
            } else if take(name: "is") {
                value = try test(of: value)
            } else if isSymbol("(") {
                let arguments = try arguments()
                value = try node(.call(value, arguments), place, [value] + arguments.all)
            } else {
                return value
            }
        }
    }

    mutating func test(of value: Expression) throws(TemplateFault) -> Expression {
        let isNegated = take(name: "not")
        let place = place
        let name = try name()
        var operands: [Expression] = []
        if isSymbol("(") {
            let arguments = try arguments()
            guard arguments.named.isEmpty, arguments.unpacked == nil else {
                throw syntax("a test has plain arguments only")
            }
            operands = arguments.positional
        } else if beginsOperand {
            operands = [try postfix(try primary())]
        }
        return try node(
            .test(value, name, operands, isNegated: isNegated), place, [value] + operands)
    }

    /// Whether what follows a test's name is its operand.
    var beginsOperand: Bool {
        switch kind() {
        case .name(let name):
            !["else", "or", "and", "if", "is", "not", "in", "recursive"].contains(name)
        case .string, .integer, .real, .symbol("["), .symbol("{"): true
        default: false
        }
    }
}
