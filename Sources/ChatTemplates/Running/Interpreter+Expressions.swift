extension Interpreter {
    /// The value of an expression.
    func value(of expression: Expression, in scope: Scope) throws(TemplateFault) -> Value {
        try spend(1, at: expression.place)
        return try deeper(at: expression.place) { () throws(TemplateFault) in
            if let value = try simpleValue(of: expression, in: scope) { return value }
            return try otherValue(of: expression, in: scope)
        }
    }

    /// The value of an expression of the first kinds; nil for others. (In parts, for the stack.)
    private func simpleValue(
        of expression: Expression, in scope: Scope
    ) throws(TemplateFault) -> Value? {
        switch expression.kind {
        case .none: return Value.none
        case .bool(let flag): return .bool(flag)
        case .integer(let number): return .integer(number)
        case .real(let number): return .real(number)
        case .text(let text): return .text(text)
        case .name(let name): return scope.value(of: name) ?? .undefined(name)
        case .list(let elements): return .list(try values(of: elements, in: scope))
        case .tuple(let elements): return .tuple(try values(of: elements, in: scope))
        case .mapping(let entries): return try mapping(entries, in: scope)
        case .attribute(let owner, let name):
            let owner = try value(of: owner, in: scope)
            return try attribute(name, of: owner, at: expression.place)
        case .item(let owner, let key):
            let owner = try value(of: owner, in: scope)
            let key = try value(of: key, in: scope)
            return try item(key, of: owner, at: expression.place)
        default: return nil
        }
    }

    private func otherValue(
        of expression: Expression, in scope: Scope
    ) throws(TemplateFault) -> Value {
        let place = expression.place
        switch expression.kind {
        case .slice(let owner, let lower, let upper, let step):
            return try slice(owner, lower, upper, step, in: scope, at: place)
        case .call(let callee, let arguments):
            return try call(callee, arguments, in: scope, at: place)
        case .filter(let operand, let name, let arguments):
            let value = try value(of: operand, in: scope)
            return try filter(value, name, try self.arguments(arguments, in: scope), at: place)
        case .test(let operand, let name, let operands, let isNegated):
            let value = try value(of: operand, in: scope)
            let others = try values(of: operands, in: scope)
            return .bool(try test(value, name, others, at: place) != isNegated)
        case .not(let operand): return .bool(!(try value(of: operand, in: scope).isTrue))
        case .and(let left, let right):
            let value = try value(of: left, in: scope)
            return value.isTrue ? try self.value(of: right, in: scope) : value
        case .or(let left, let right):
            let value = try value(of: left, in: scope)
            return value.isTrue ? value : try self.value(of: right, in: scope)
        case .condition(let test, let then, let otherwise):
            if try value(of: test, in: scope).isTrue { return try value(of: then, in: scope) }
            guard let otherwise else { return .undefined("the value of an if without else") }
            return try value(of: otherwise, in: scope)
        case .negative(let operand):
            return try arithmetic(
                "-", .integer(0), try value(of: operand, in: scope), at: place)
        case .positive(let operand):
            return try arithmetic(
                "+", .integer(0), try value(of: operand, in: scope), at: place)
        case .arithmetic(let symbol, let left, let right):
            let left = try value(of: left, in: scope)
            return try arithmetic(symbol, left, try value(of: right, in: scope), at: place)
        case .comparison(let first, let others):
            var left = try value(of: first, in: scope)
            for (word, operand) in others {
                let right = try value(of: operand, in: scope)
                guard try compare(left, word, right, at: place) else { return .bool(false) }
                left = right
            }
            return .bool(true)
        default: preconditionFailure("an expression of a kind that was handled before")
        }
    }

    func values(of expressions: [Expression], in scope: Scope) throws(TemplateFault) -> [Value] {
        var values: [Value] = []
        for expression in expressions { values.append(try value(of: expression, in: scope)) }
        return values
    }

    func arguments(
        _ arguments: Arguments, in scope: Scope
    ) throws(TemplateFault) -> CallArguments {
        var result = CallArguments()
        result.positional = try values(of: arguments.positional, in: scope)
        if let unpacked = arguments.unpacked {
            let list = try value(of: unpacked, in: scope)
            result.positional += try elements(of: list, at: unpacked.place)
        }
        for (name, expression) in arguments.named {
            result.named.append((name, try value(of: expression, in: scope)))
        }
        return result
    }

    private func mapping(
        _ entries: [(key: Expression, value: Expression)], in scope: Scope
    ) throws(TemplateFault) -> Value {
        var mapping = Mapping()
        for entry in entries {
            let key = try value(of: entry.key, in: scope)
            guard Mapping.isKey(key) else {
                throw TemplateFault(.failed, "\(key.kind) is no key", at: entry.key.place)
            }
            mapping[key] = try value(of: entry.value, in: scope)
        }
        return .mapping(mapping)
    }

    // MARK: Parts

    /// What Jinja finds for `owner.name`.
    func attribute(_ name: String, of owner: Value, at place: Int) throws(TemplateFault) -> Value {
        switch owner {
        case .undefined(let what):
            throw TemplateFault(.failed, "\(what) is undefined", at: place)
        case .mapping(let mapping):
            if Self.mappingMethods.contains(name) { return .method(.init(owner, name)) }
            return mapping[name] ?? .undefined(name)
        case .text where Self.textMethods.contains(name): return .method(.init(owner, name))
        case .list where Self.listMethods.contains(name),
            .tuple where Self.listMethods.contains(name):
            return .method(.init(owner, name))
        case .space(let space): return space.values[name] ?? .undefined(name)
        case .loop(let loop): return try self.loop(loop, name, at: place)
        default: return .undefined(name)
        }
    }

    private func loop(_ loop: Loop, _ name: String, at place: Int) throws(TemplateFault) -> Value {
        let (index, count) = (loop.index, loop.items.count)
        switch name {
        case "index": return .integer(index + 1)
        case "index0": return .integer(index)
        case "revindex": return .integer(count - index)
        case "revindex0": return .integer(count - index - 1)
        case "first": return .bool(index == 0)
        case "last": return .bool(index + 1 == count)
        case "length": return .integer(count)
        case "previtem":
            return index > 0 ? loop.items[index - 1] : .undefined("loop.previtem")
        case "nextitem":
            return index + 1 < count ? loop.items[index + 1] : .undefined("loop.nextitem")
        case "cycle": return .method(.init(.loop(loop), name))
        default: throw TemplateFault(.unsupported, "loop.\(name.prefix(40))", at: place)
        }
    }

    /// What Jinja finds for `owner[key]`.
    func item(_ key: Value, of owner: Value, at place: Int) throws(TemplateFault) -> Value {
        switch owner {
        case .undefined(let what):
            throw TemplateFault(.failed, "\(what) is undefined", at: place)
        case .mapping(let mapping):
            if let value = mapping[key] { return value }
        case .list(let elements), .tuple(let elements):
            if let index = key.whole { return element(index, of: elements) }
        case .text(let text):
            if let index = key.whole {
                return element(index, of: text.characters).map { .text(TemplateText([$0])) }
                    ?? .undefined("a character that is not there")
            }
        default: break
        }
        guard case .text(let name) = key else {
            return .undefined("an element of \(owner.kind)")
        }
        return try attribute(name.string, of: owner, at: place)
    }

    private func element(_ index: Int, of elements: [Value]) -> Value {
        element(index, of: elements) as Value? ?? .undefined("an element that is not there")
    }

    private func element<Element>(_ index: Int, of elements: [Element]) -> Element? {
        let place = index < 0 ? index.addingReportingOverflow(elements.count).partialValue : index
        return elements.indices.contains(place) ? elements[place] : nil
    }

    private func slice(
        _ owner: Expression, _ lower: Expression?, _ upper: Expression?, _ step: Expression?,
        in scope: Scope, at place: Int
    ) throws(TemplateFault) -> Value {
        let owner = try value(of: owner, in: scope)
        func bound(_ expression: Expression?) throws(TemplateFault) -> Int? {
            guard let expression else { return nil }
            let value = try value(of: expression, in: scope)
            if value.isNone { return nil }
            guard let number = value.whole else {
                throw TemplateFault(.failed, "\(value.kind) bounds a slice", at: place)
            }
            return number
        }
        let bounds = (try bound(lower), try bound(upper), try bound(step) ?? 1)
        guard bounds.2 != 0, bounds.2 != .min else {
            throw TemplateFault(.failed, "a slice has the step 0", at: place)
        }
        switch owner {
        case .text(let text):
            let part = Self.slice(text.characters, bounds.0, bounds.1, bounds.2)
            try spend(part.count, at: place)
            return .text(TemplateText(part))
        case .list(let elements):
            try spend(elements.count, at: place)
            return .list(Self.slice(elements, bounds.0, bounds.1, bounds.2))
        case .tuple(let elements):
            try spend(elements.count, at: place)
            return .tuple(Self.slice(elements, bounds.0, bounds.1, bounds.2))
        case .undefined(let what):
            throw TemplateFault(.failed, "\(what) is undefined", at: place)
        default: throw TemplateFault(.failed, "\(owner.kind) has no slices", at: place)
        }
    }

    /// A slice by Python's rules.
    private static func slice<Element>(
        _ elements: [Element], _ lower: Int?, _ upper: Int?, _ step: Int
    ) -> [Element] {
        let count = elements.count
        func placed(_ bound: Int, _ least: Int, _ most: Int) -> Int {
            let place = bound < 0 ? bound.addingReportingOverflow(count).partialValue : bound
            return min(max(place, least), most)
        }
        if step > 0 {
            let start = lower.map { placed($0, 0, count) } ?? 0
            let end = upper.map { placed($0, 0, count) } ?? count
            if step == 1 { return start < end ? Array(elements[start..<end]) : [] }
            return stride(from: start, to: end, by: min(step, count + 1)).map { elements[$0] }
        }
        let start = lower.map { placed($0, -1, count - 1) } ?? count - 1
        let end = upper.map { placed($0, -1, count - 1) } ?? -1
        return stride(from: start, to: end, by: max(step, -count - 1)).map { elements[$0] }
    }

    /// What a loop goes through.
    func elements(of value: Value, at place: Int) throws(TemplateFault) -> [Value] {
        switch value {
        case .undefined: return []
        case .list(let elements), .tuple(let elements): return elements
        case .mapping(let mapping): return mapping.entries.map(\.key)
        case .text(let text):
            try spend(text.count, at: place)
            return text.characters.map { .text(TemplateText([$0])) }
        default: throw TemplateFault(.failed, "\(value.kind) has no elements", at: place)
        }
    }

    // MARK: Operators

    func compare(
        _ left: Value, _ word: String, _ right: Value, at place: Int
    ) throws(TemplateFault) -> Bool {
        switch word {
        case "==": return left.equals(right)
        case "!=": return !left.equals(right)
        case "in": return try contains(right, left, at: place)
        case "not in": return !(try contains(right, left, at: place))
        default: break
        }
        func before(_ a: Value, _ b: Value) throws(TemplateFault) -> Bool {
            guard let result = a.precedes(b) else {
                throw TemplateFault(
                    .failed, "\(a.kind) and \(b.kind) cannot be compared", at: place)
            }
            return result
        }
        switch word {
        case "<": return try before(left, right)
        case ">": return try before(right, left)
        case "<=": return try !before(right, left)
        default: return try !before(left, right)
        }
    }

    private func contains(
        _ whole: Value, _ part: Value, at place: Int
    ) throws(TemplateFault) -> Bool {
        switch whole {
        case .undefined: return false
        case .text(let text):
            guard case .text(let wanted) = part else {
                throw TemplateFault(.failed, "\(part.kind) is looked for in a text", at: place)
            }
            try spend(text.count, at: place)
            return text.place(of: wanted) != nil
        case .list(let elements), .tuple(let elements):
            try spend(elements.count, at: place)
            return elements.contains { $0.equals(part) }
        case .mapping(let mapping): return mapping[part] != nil
        default:
            throw TemplateFault(.failed, "nothing can be in \(whole.kind)", at: place)
        }
    }

    func arithmetic(
        _ symbol: String, _ left: Value, _ right: Value, at place: Int
    ) throws(TemplateFault) -> Value {
        switch (symbol, left, right) {
        case ("~", _, _):
            let text = try text(of: left, at: place) + text(of: right, at: place)
            try spend(text.count, at: place)
            return .text(text)
        case ("+", .text(let first), .text(let second)):
            try spend(first.count + second.count, at: place)
            guard first.isMarkup || second.isMarkup else { return .text(first + second) }
            // What is called safe makes what it is joined with so too, as in Python.
            return .text((first.escaped + second.escaped).markup)
        case ("+", .list(let first), .list(let second)):
            try spend(first.count + second.count, at: place)
            return .list(first + second)
        case ("+", .tuple(let first), .tuple(let second)):
            try spend(first.count + second.count, at: place)
            return .tuple(first + second)
        case ("*", .text(let text), _) where right.whole != nil:
            return .text(TemplateText(try repeated(text.characters, right.whole ?? 0, at: place)))
        case ("*", _, .text(let text)) where left.whole != nil:
            return .text(TemplateText(try repeated(text.characters, left.whole ?? 0, at: place)))
        case ("*", .list(let list), _) where right.whole != nil:
            return .list(try repeated(list, right.whole ?? 0, at: place))
        case ("%", .text, _):
            throw TemplateFault(.unsupported, "a format by %", at: place)
        case (_, .undefined(let what), _), (_, _, .undefined(let what)):
            throw TemplateFault(.failed, "\(what) is undefined", at: place)
        default: return try numbers(symbol, left, right, at: place)
        }
    }

    private func repeated<Element>(
        _ elements: [Element], _ count: Int, at place: Int
    ) throws(TemplateFault) -> [Element] {
        guard count > 0 else { return [] }
        let (total, overflows) = elements.count.multipliedReportingOverflow(by: count)
        try spend(overflows ? .max : total, at: place)
        return Array(repeatElement(elements, count: elements.isEmpty ? 0 : count).joined())
    }

    private func numbers(
        _ symbol: String, _ left: Value, _ right: Value, at place: Int
    ) throws(TemplateFault) -> Value {
        guard let x = left.number, let y = right.number else {
            throw TemplateFault(
                .failed, "\(left.kind) \(symbol) \(right.kind) means nothing", at: place)
        }
        if "/ // %".split(separator: " ").contains(Substring(symbol)), y == 0 {
            throw TemplateFault(.failed, "a number is divided by 0", at: place)
        }
        if let a = left.whole, let b = right.whole, symbol != "/" {
            guard let number = Self.whole(symbol, a, b) else {
                throw TemplateFault(.limit, "a number has more than 64 bits", at: place)
            }
            return .integer(number)
        }
        switch symbol {
        case "+": return .real(x + y)
        case "-": return .real(x - y)
        case "*": return .real(x * y)
        case "/": return .real(x / y)
        case "//": return .real((x / y).rounded(.down))
        case "%": return .real(x - y * (x / y).rounded(.down))
        default: throw TemplateFault(.unsupported, "a power of what is not whole", at: place)
        }
    }

    /// Python's arithmetic of whole numbers; nil beyond 64 bits.
    private static func whole(_ symbol: String, _ a: Int, _ b: Int) -> Int? {
        func checked(_ result: (partialValue: Int, overflow: Bool)) -> Int? {
            result.overflow ? nil : result.partialValue
        }
        switch symbol {
        case "+": return checked(a.addingReportingOverflow(b))
        case "-": return checked(a.subtractingReportingOverflow(b))
        case "*": return checked(a.multipliedReportingOverflow(by: b))
        case "//":
            guard let quotient = checked(a.dividedReportingOverflow(by: b)) else { return nil }
            return quotient - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0)
        case "%":
            if b == -1 { return 0 }
            let rest = a % b
            return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
        default:
            guard b >= 0 else { return nil }
            var power = 1
            if a == 0 || a == 1 { return b == 0 ? 1 : a }
            guard b < 64 else { return nil }
            for _ in 0..<b {
                guard let next = checked(power.multipliedReportingOverflow(by: a)) else {
                    return nil
                }
                power = next
            }
            return power
        }
    }

    // MARK: Calls

    private func call(
        _ callee: Expression, _ arguments: Arguments, in scope: Scope, at place: Int
    ) throws(TemplateFault) -> Value {
        let function = try value(of: callee, in: scope)
        let arguments = try self.arguments(arguments, in: scope)
        switch function {
        case .macro(let macro): return try call(macro, arguments, at: place)
        case .method(let method): return try call(method, arguments, at: place)
        case .function(let function): return try call(function, arguments, at: place)
        case .undefined(let name):
            throw TemplateFault(.failed, "\(name) is undefined, and cannot be called", at: place)
        case .loop: throw TemplateFault(.unsupported, "a recursive loop", at: place)
        default: throw TemplateFault(.failed, "\(function.kind) cannot be called", at: place)
        }
    }

    private func call(
        _ function: GlobalFunction, _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> Value {
        switch function {
        case .range: return try range(arguments, at: place)
        case .dict, .namespace:
            var mapping = Mapping()
            if case .mapping(let first)? = arguments.positional.first { mapping = first }
            if case .dict = function {
                for (name, value) in arguments.named { mapping[.text(name)] = value }
                return .mapping(mapping)
            }
            let space = Namespace()
            for (key, value) in mapping.entries {
                space.values[try text(of: key, at: place).string] = value
            }
            for (name, value) in arguments.named { space.values[name] = value }
            return .space(space)
        case .raiseException:
            let message = try arguments.value(0, "message").map { value throws(TemplateFault) in
                try text(of: value, at: place).string
            }
            throw TemplateFault(.raised, message ?? "", at: place)
        case .strftimeNow:
            guard let format = arguments.value(0, "format"), case .text(let text) = format else {
                throw TemplateFault(.failed, "strftime_now wants a format", at: place)
            }
            guard let clock else {
                throw TemplateFault(.failed, "the time of day is not known here", at: place)
            }
            guard let time = clock.text(text.string) else {
                throw TemplateFault(
                    .unsupported, "the time format \(text.string.prefix(40))", at: place)
            }
            return .text(TemplateText(time))
        }
    }

    private func range(
        _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> Value {
        var numbers: [Int] = []
        for value in arguments.positional {
            guard let number = value.whole else {
                throw TemplateFault(.failed, "range wants whole numbers", at: place)
            }
            numbers.append(number)
        }
        guard (1...3).contains(numbers.count), numbers.count < 3 || numbers[2] != 0 else {
            throw TemplateFault(.failed, "range wants one to three numbers", at: place)
        }
        let start = numbers.count > 1 ? numbers[0] : 0
        let end = numbers.count > 1 ? numbers[1] : numbers[0]
        let step = numbers.count > 2 ? numbers[2] : 1
        // The most that Jinja's own sandbox allows.
        var all: [Value] = []
        for number in stride(from: start, to: end, by: step) {
            guard all.count < 100_000 else {
                throw TemplateFault(.limit, "a range has more than 100000 numbers", at: place)
            }
            all.append(.integer(number))
        }
        try spend(all.count, at: place)
        return .list(all)
    }
}
