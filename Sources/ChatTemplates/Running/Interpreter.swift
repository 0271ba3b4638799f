/// Runs the statements of a template, as Jinja does.
///
/// Every step costs work: one unit, and one for each character or element that it makes or looks
/// through. A template that costs more than it may ends with an error, so that time and memory are
/// bounded whatever it says.
final class Interpreter {
    private let limits: JinjaTemplate.Limits
    let clock: TemplateClock?
    private var workLeft: Int
    private var depth = 0
    private var output: [TemplateText.Character] = []
    private let globals: Scope

    /// What comes of a statement.
    private enum Flow {
        case goesOn, leavesLoop, nextTurn
    }

    init(_ variables: [String: Value], limits: JinjaTemplate.Limits, clock: TemplateClock?) {
        self.limits = limits
        self.clock = clock
        workLeft = limits.work
        globals = Scope()
        for function in GlobalFunction.allCases {
            globals.values[function.rawValue] = .function(function)
        }
        globals.values.merge(variables) { $1 }
    }

    /// The text that the statements write.
    func run(_ body: [Statement]) throws(TemplateFault) -> TemplateText {
        _ = try run(body, in: Scope(in: globals))
        return TemplateText(output)
    }

    // MARK: Bounds

    /// Pays for work.
    func spend(_ work: Int, at place: Int) throws(TemplateFault) {
        let (left, overflows) = workLeft.subtractingReportingOverflow(work)
        guard !overflows, left >= 0 else {
            throw TemplateFault(.limit, "it takes more steps than are allowed", at: place)
        }
        workLeft = left
    }

    /// Goes a level deeper while `body` runs.
    func deeper<Result>(
        at place: Int, _ body: () throws(TemplateFault) -> Result
    ) throws(TemplateFault) -> Result {
        depth += 1
        defer { depth -= 1 }
        guard depth <= limits.depth else {
            throw TemplateFault(
                .limit, "more than \(limits.depth) calls and blocks lie within one another",
                at: place)
        }
        return try body()
    }

    private func write(
        _ characters: [TemplateText.Character], at place: Int
    ) throws(TemplateFault) {
        try spend(characters.count, at: place)
        guard output.count + characters.count <= limits.characters else {
            throw TemplateFault(
                .limit, "its text has more than \(limits.characters) characters", at: place)
        }
        output += characters
    }

    // MARK: Statements

    private func run(_ body: [Statement], in scope: Scope) throws(TemplateFault) -> Flow {
        for statement in body {
            try spend(1, at: statement.place)
            let flow = try run(statement, in: scope)
            if flow != .goesOn { return flow }
        }
        return .goesOn
    }

    private func run(_ statement: Statement, in scope: Scope) throws(TemplateFault) -> Flow {
        let place = statement.place
        switch statement.kind {
        case .text(let text): try write(text.characters, at: place)
        case .output(let expression):
            let value = try value(of: expression, in: scope)
            try write(try text(of: value, at: place).characters, at: place)
        case .choice(let branches, let otherwise):
            return try choose(branches, otherwise, in: scope, at: place)
        case .loop(let loop): try run(loop, in: scope, at: place)
        case .assignment(let target, let expression):
            try assign(try value(of: expression, in: scope), to: target, in: scope, at: place)
        case .textAssignment(let target, let filters, let body):
            let text = try capture(body, in: Scope(in: scope), at: place)
            let value = try apply(filters, to: .text(text), in: scope)
            try assign(value, to: target, in: scope, at: place)
        case .macro(let definition):
            scope.values[definition.name] = .macro(Macro(definition, in: scope))
        case .filtered(let filters, let body):
            let text = try capture(body, in: Scope(in: scope), at: place)
            let value = try apply(filters, to: .text(text), in: scope)
            try write(try self.text(of: value, at: place).characters, at: place)
        case .generation(let body):
            let text = try capture(body, in: Scope(in: scope), at: place)
            try write(text.characters.map(\.generated), at: place)
        case .with(let values, let body):
            let inner = Scope(in: scope)
            for (target, expression) in values {
                let value = try value(of: expression, in: scope)
                try assign(value, to: target, in: inner, at: place)
            }
            return try deeper(at: place) { () throws(TemplateFault) in
                try run(body, in: inner)
            }
        case .leaveLoop: return .leavesLoop
        case .nextTurn: return .nextTurn
        }
        return .goesOn
    }

    private func choose(
        _ branches: [(test: Expression, body: [Statement])], _ otherwise: [Statement],
        in scope: Scope, at place: Int
    ) throws(TemplateFault) -> Flow {
        for (test, body) in branches where try value(of: test, in: scope).isTrue {
            return try deeper(at: place) { () throws(TemplateFault) in
                try run(body, in: scope)
            }
        }
        return try deeper(at: place) { () throws(TemplateFault) in
            try run(otherwise, in: scope)
        }
    }

    /// The text that `body` writes.
    private func capture(
        _ body: [Statement], in scope: Scope, at place: Int
    ) throws(TemplateFault) -> TemplateText {
        let outer = output
        output = []
        defer { output = outer }
        _ = try deeper(at: place) { () throws(TemplateFault) in try run(body, in: scope) }
        return TemplateText(output)
    }

    private func run(
        _ statement: LoopStatement, in scope: Scope, at place: Int
    ) throws(TemplateFault) {
        var items = try elements(of: try value(of: statement.items, in: scope), at: place)
        try spend(items.count, at: place)
        if let test = statement.test {
            var kept: [Value] = []
            for item in items {
                let inner = Scope(in: scope)
                try assign(item, to: statement.target, in: inner, at: place)
                if try value(of: test, in: inner).isTrue { kept.append(item) }
            }
            items = kept
        }
        guard !items.isEmpty else {
            _ = try deeper(at: place) { () throws(TemplateFault) in
                try run(statement.otherwise, in: Scope(in: scope))
            }
            return
        }
        let loop = Loop(items)
        for index in items.indices {
            loop.index = index
            let inner = Scope(in: scope)
            inner.values["loop"] = .loop(loop)
            try assign(items[index], to: statement.target, in: inner, at: place)
            let flow = try deeper(at: place) { () throws(TemplateFault) in
                try run(statement.body, in: inner)
            }
            if flow == .leavesLoop { break }
        }
    }

    private func assign(
        _ value: Value, to target: AssignmentTarget, in scope: Scope, at place: Int
    ) throws(TemplateFault) {
        switch target {
        case .name(let name): scope.values[name] = value
        case .attribute(let name, let owner):
            guard case .space(let space) = scope.value(of: owner) else {
                throw TemplateFault(
                    .failed, "\(owner) is no namespace, so \(name) cannot be set", at: place)
            }
            guard !name.hasPrefix("_") else {
                throw TemplateFault(.failed, "\(name) begins with _", at: place)
            }
            space.values[name] = value
        case .tuple(let targets):
            let parts = try elements(of: value, at: place)
            guard parts.count == targets.count else {
                throw TemplateFault(
                    .failed, "\(parts.count) values are given to \(targets.count) names", at: place)
            }
            for (part, target) in zip(parts, targets) {
                try assign(part, to: target, in: scope, at: place)
            }
        }
    }

    private func apply(
        _ filters: [FilterUse], to value: Value, in scope: Scope
    ) throws(TemplateFault) -> Value {
        var value = value
        for use in filters {
            let arguments = try arguments(use.arguments, in: scope)
            value = try filter(value, use.name, arguments, at: use.place)
        }
        return value
    }

    // MARK: Calls

    /// Calls a macro.
    func call(
        _ macro: Macro, _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> Value {
        let definition = macro.definition
        let scope = Scope(in: macro.scope)
        guard arguments.positional.count <= definition.parameters.count else {
            throw TemplateFault(
                .failed,
                "the macro \(definition.name) takes at most "
                    + "\(definition.parameters.count) arguments", at: place)
        }
        for (index, parameter) in definition.parameters.enumerated() {
            if index < arguments.positional.count {
                scope.values[parameter.name] = arguments.positional[index]
            } else if let value = arguments.value(parameter.name) {
                scope.values[parameter.name] = value
            } else if let standard = parameter.standard {
                scope.values[parameter.name] = try value(of: standard, in: scope)
            } else {
                scope.values[parameter.name] = .undefined(parameter.name)
            }
        }
        for (name, _) in arguments.named
        where !definition.parameters.contains(where: { $0.name == name }) {
            throw TemplateFault(
                .failed, "the macro \(definition.name) has no parameter \(name)", at: place)
        }
        return .text(try capture(definition.body, in: scope, at: place))
    }
}

/// Arguments of a call, evaluated.
struct CallArguments {
    var positional: [Value] = []
    var named: [(name: String, value: Value)] = []

    /// The argument of a name; nil where it is not given.
    func value(_ name: String) -> Value? { named.last { $0.name == name }?.value }

    /// The argument at `index`, or of that name; nil where it is not given.
    func value(_ index: Int, _ name: String) -> Value? {
        index < positional.count ? positional[index] : value(name)
    }
}
