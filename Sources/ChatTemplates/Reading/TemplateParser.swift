/// Reads the tokens of a template as statements: what Jinja's grammar has in common with published
/// chat templates. What else it has is refused by its name.
struct TemplateParser {
    private let tokens: [TemplateToken]
    private let sourceCount: Int
    var next = 0
    /// Levels of brackets and of blocks that are open.
    var depth = 0
    var loopDepth = 0
    /// Whether there is a `generation` block.
    private(set) var marksGeneration = false

    /// The most levels of expressions, and of blocks, within one another.
    static let depthLimit = 60

    init(_ source: [UInt32]) throws(TemplateFault) {
        tokens = try TemplateLexer.tokens(of: source)
        sourceCount = source.count
    }

    /// The statements of the whole template.
    mutating func template() throws(TemplateFault) -> [Statement] {
        let body = try statements(until: [])
        guard next == tokens.count else { throw syntax("something is left over") }
        return body
    }

    // MARK: Tokens

    var place: Int { next < tokens.count ? tokens[next].place : sourceCount }

    func syntax(_ reason: String) -> TemplateFault {
        TemplateFault(.syntax, reason, at: place)
    }

    func kind(_ offset: Int = 0) -> TemplateToken.Kind? {
        next + offset < tokens.count ? tokens[next + offset].kind : nil
    }

    func isSymbol(_ symbol: String) -> Bool { kind() == .symbol(symbol) }

    func isName(_ name: String) -> Bool { kind() == .name(name) }

    mutating func take(symbol: String) -> Bool {
        guard isSymbol(symbol) else { return false }
        next += 1
        return true
    }

    mutating func take(name: String) -> Bool {
        guard isName(name) else { return false }
        next += 1
        return true
    }

    mutating func require(symbol: String) throws(TemplateFault) {
        guard take(symbol: symbol) else { throw syntax("\"\(symbol)\" is missing") }
    }

    mutating func name() throws(TemplateFault) -> String {
        guard case .name(let name) = kind() else { throw syntax("a name is missing") }
        next += 1
        return name
    }

    mutating func endOfTag() throws(TemplateFault) {
        guard kind() == .end else { throw syntax("the tag does not end here") }
        next += 1
    }

    mutating func deeper<Result>(
        _ read: (inout TemplateParser) throws(TemplateFault) -> Result
    ) throws(TemplateFault) -> Result {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else {
            throw TemplateFault(
                .limit, "more than \(Self.depthLimit) levels lie within one another", at: place)
        }
        return try read(&self)
    }

    // MARK: Statements

    /// Statements up to a tag that begins with one of `ends`, of which the name is passed over.
    mutating func statements(
        until ends: Set<String>
    ) throws(TemplateFault) -> [Statement] {
        try deeper { (parser) throws(TemplateFault) in
            var body: [Statement] = []
            while let kind = parser.kind() {
                let place = parser.place
                switch kind {
                case .data(let scalars):
                    parser.next += 1
                    let text = TemplateText(
                        scalars.map { TemplateText.Character($0, .template) })
                    body.append(Statement(kind: .text(text), place: place))
                case .outputBegin:
                    parser.next += 1
                    let value = try parser.tuple()
                    try parser.endOfTag()
                    body.append(Statement(kind: .output(value), place: place))
                default:
                    if case .name(let word) = parser.kind(1), ends.contains(word) { return body }
                    parser.next += 1
                    body.append(Statement(kind: try parser.tag(), place: place))
                }
            }
            guard ends.isEmpty else {
                throw parser.syntax(
                    "{% \(ends.sorted().joined(separator: " %} or {% ")) %} is missing")
            }
            return body
        }
    }

    static let others = [
        "autoescape", "block", "call", "debug", "do", "extends", "from", "import", "include",
        "pluralize", "trans",
    ]

    /// What a tag says, behind its beginning.
    mutating func tag() throws(TemplateFault) -> Statement.Kind {
        let place = place
        let word = try name()
        switch word {
        case "if": return try choice()
        case "for": return try loop()
        case "set": return try assignment()
        case "macro": return try macro()
        case "filter": return try filterBlock()
        case "with": return try with()
        case "generation":
            marksGeneration = true
            try endOfTag()
            return .generation(try block("endgeneration"))
        case "break", "continue":
            guard loopDepth > 0 else {
                throw TemplateFault(.syntax, "\(word) stands in no loop", at: place)
            }
            try endOfTag()
            return word == "break" ? .leaveLoop : .nextTurn
        default:
            let isOther = Self.others.contains(word)
            throw TemplateFault(
                isOther ? .unsupported : .syntax, "the tag {% \(word.prefix(40)) %}", at: place)
        }
    }

    /// Statements up to the tag `end`, which has nothing else in it.
    mutating func block(_ end: String) throws(TemplateFault) -> [Statement] {
        let body = try statements(until: [end])
        next += 2
        try endOfTag()
        return body
    }

    mutating func choice() throws(TemplateFault) -> Statement.Kind {
        var branches: [(test: Expression, body: [Statement])] = []
        var otherwise: [Statement] = []
        while true {
            let test = try tuple(hasConditions: false)
            try endOfTag()
            branches.append((test, try statements(until: ["elif", "else", "endif"])))
            next += 1
            let word = try name()
            if word == "elif" { continue }
            try endOfTag()
            if word == "else" { otherwise = try block("endif") }
            return .choice(branches, otherwise: otherwise)
        }
    }

    mutating func loop() throws(TemplateFault) -> Statement.Kind {
        let target = try target(endsAt: ["in"])
        guard take(name: "in") else { throw syntax("\"in\" is missing") }
        let items = try tuple(hasConditions: false)
        let test = take(name: "if") ? try expression() : nil
        if isName("recursive") {
            throw TemplateFault(.unsupported, "a recursive loop", at: place)
        }
        try endOfTag()
        loopDepth += 1
        let body = try statements(until: ["else", "endfor"])
        loopDepth -= 1
        next += 1
        var otherwise: [Statement] = []
        let word = try name()
        try endOfTag()
        if word == "else" { otherwise = try block("endfor") }
        return .loop(
            LoopStatement(
                target: target, items: items, test: test, body: body, otherwise: otherwise))
    }

    mutating func assignment() throws(TemplateFault) -> Statement.Kind {
        let target = try target(endsAt: [])
        if take(symbol: "=") {
            let value = try tuple()
            try endOfTag()
            return .assignment(target, value)
        }
        if case .tuple = target { throw syntax("\"=\" is missing") }
        let filters = isSymbol("|") ? try filterUses() : []
        try endOfTag()
        return .textAssignment(target, filters, try block("endset"))
    }

    mutating func macro() throws(TemplateFault) -> Statement.Kind {
        let name = try name()
        try require(symbol: "(")
        var parameters: [(name: String, standard: Expression?)] = []
        while !take(symbol: ")") {
            if !parameters.isEmpty { try require(symbol: ",") }
            let parameter = try self.name()
            let standard = take(symbol: "=") ? try expression() : nil
            guard standard != nil || parameters.last?.standard == nil else {
                throw syntax("a parameter without a value stands behind one that has one")
            }
            parameters.append((parameter, standard))
        }
        try endOfTag()
        let outer = loopDepth
        loopDepth = 0
        defer { loopDepth = outer }
        return .macro(
            MacroDefinition(name: name, parameters: parameters, body: try block("endmacro")))
    }

    mutating func filterBlock() throws(TemplateFault) -> Statement.Kind {
        var filters = [try filterUse()]
        filters += isSymbol("|") ? try filterUses() : []
        try endOfTag()
        return .filtered(filters, try block("endfilter"))
    }

    mutating func with() throws(TemplateFault) -> Statement.Kind {
        var values: [(target: AssignmentTarget, value: Expression)] = []
        while kind() != .end {
            if !values.isEmpty { try require(symbol: ",") }
            let target = try singleTarget()
            try require(symbol: "=")
            values.append((target, try expression()))
        }
        try endOfTag()
        return .with(values, try block("endwith"))
    }

    mutating func filterUses() throws(TemplateFault) -> [FilterUse] {
        var filters: [FilterUse] = []
        while take(symbol: "|") { filters.append(try filterUse()) }
        return filters
    }

    mutating func filterUse() throws(TemplateFault) -> FilterUse {
        let place = place
        let name = try name()
        return FilterUse(
            name: name, arguments: isSymbol("(") ? try arguments() : Arguments(), place: place)
    }

    // MARK: Targets

    mutating func target(endsAt ends: [String]) throws(TemplateFault) -> AssignmentTarget {
        let first = try singleTarget()
        guard isSymbol(",") else { return first }
        var all = [first]
        while take(symbol: ",") {
            if isSymbol("=") || ends.contains(where: { isName($0) }) { break }
            all.append(try singleTarget())
        }
        return .tuple(all)
    }

    mutating func singleTarget() throws(TemplateFault) -> AssignmentTarget {
        if take(symbol: "(") {
            let inner = try deeper { (parser) throws(TemplateFault) in
                try parser.target(endsAt: [])
            }
            try require(symbol: ")")
            return inner
        }
        let place = place
        let name = try name()
        guard !Self.words.contains(name) else {
            throw TemplateFault(.syntax, "\"\(name)\" cannot be set", at: place)
        }
        return take(symbol: ".") ? .attribute(try self.name(), of: name) : .name(name)
    }

    /// Words that are no names.
    static let words: Set<String> = [
        "true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if",
        "else",
    ]
}
