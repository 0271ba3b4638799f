extension Interpreter {
    /// What a filter makes of a value.
    func filter(
        _ value: Value, _ name: String, _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> Value {
        switch name {
        case "capitalize", "e", "escape", "indent", "lower", "replace", "safe", "string", "title",
            "tojson",
            "trim", "upper":
            return try textFilter(value, name, arguments, at: place)
        case "map", "reject", "rejectattr", "select", "selectattr":
            return try choiceFilter(value, name, arguments, at: place)
        case "dictsort", "first", "groupby", "items", "join", "last", "list", "max",
            "min", "reverse", "sort", "sum", "unique":
            return try listFilter(value, name, arguments, at: place)
        case "abs", "attr", "count", "d", "default", "float", "int", "length", "round":
            return try plainFilter(value, name, arguments, at: place)
        default:
            throw TemplateFault(.unsupported, "the filter \(name.prefix(40))", at: place)
        }
    }

    // MARK: Any value

    private func plainFilter(
        _ value: Value, _ name: String, _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> Value {
        switch name {
        case "d", "default":
            let isMissing =
                value.isUndefined
                || arguments.value(1, "boolean")?.isTrue == true && !value.isTrue
            return isMissing ? arguments.value(0, "default_value") ?? .text("") : value
        case "count", "length":
            switch value {
            case .text(let text): return .integer(text.count)
            case .mapping(let mapping): return .integer(mapping.count)
            case .undefined: return .integer(0)
            default:
                guard let elements = value.elements else {
                    throw TemplateFault(.failed, "\(value.kind) has no length", at: place)
                }
                return .integer(elements.count)
            }
        case "attr":
            guard case .text(let name)? = arguments.value(0, "name") else {
                throw TemplateFault(.failed, "attr wants a name", at: place)
            }
            return try attribute(name.string, of: value, at: place)
        case "abs":
            if let number = value.whole, number != .min { return .integer(abs(number)) }
            guard let number = value.number else {
                throw TemplateFault(.failed, "\(value.kind) is no number", at: place)
            }
            return .real(abs(number))
        case "int": return try whole(value, arguments, at: place)
        case "float":
            if let number = value.number { return .real(number) }
            if case .text(let text) = value, let number = Double(text.stripped().string) {
                return .real(number)
            }
            return arguments.value(0, "default") ?? .real(0)
        default: return try rounded(value, arguments, at: place)
        }
    }

    private func whole(
        _ value: Value, _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> Value {
        guard arguments.value(1, "base").map({ $0.whole == 10 }) ?? true else {
            throw TemplateFault(.unsupported, "the filter int with a base", at: place)
        }
        if let number = value.whole { return .integer(number) }
        var number = value.number
        if case .text(let text) = value {
            let spelling = text.stripped().string
            if let whole = Int(spelling) { return .integer(whole) }
            number = Double(spelling)
        }
        if let number, let whole = Int(exactly: number.rounded(.towardZero)) {
            return .integer(whole)
        }
        return arguments.value(0, "default") ?? .integer(0)
    }

    private func rounded(
        _ value: Value, _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> Value {
        let method = try text(of: arguments.value(1, "method") ?? .text("common"), at: place).string
        let digits = arguments.value(0, "precision")?.whole ?? 0
        guard let number = value.number, digits == 0, ["common", "ceil", "floor"].contains(method)
        else { throw TemplateFault(.unsupported, "this use of the filter round", at: place) }
        let rule: FloatingPointRoundingRule =
            method == "ceil" ? .up : method == "floor" ? .down : .toNearestOrEven
        return .real(number.rounded(rule))
    }

    // MARK: Texts

    private func textFilter(
        _ value: Value, _ name: String, _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> Value {
        if name == "tojson" { return try json(of: value, arguments, at: place) }
        let text = try text(of: value, at: place)
        try spend(text.count, at: place)
        /// A text among the arguments.
        func argument(_ index: Int, _ key: String) throws(TemplateFault) -> TemplateText? {
            guard let value = arguments.value(index, key), !value.isNone else { return nil }
            return try self.text(of: value, at: place)
        }
        switch name {
        case "trim": return .text(text.stripped(try argument(0, "chars")))
        case "safe": return .text(text.markup)
        case "string": return .text(text)
        case "title":
            // A word begins behind a space, a hyphen or an opening bracket.
            var characters: [TemplateText.Character] = []
            var isInWord = false
            for character in text.characters {
                let form = isInWord ? "lower" : "upper"
                characters += TemplateText([character]).cased(form).characters
                isInWord =
                    !(character.isSpace
                    || "-({[<".unicodeScalars.contains { $0.value == character.scalar })
            }
            return .text(TemplateText(characters))
        case "replace":
            guard let old = try argument(0, "old"), let new = try argument(1, "new") else {
                throw TemplateFault(.failed, "replace wants two texts", at: place)
            }
            let most = arguments.value(2, "count")?.whole ?? -1
            return .text(try replaced(text, old, by: new, most: most, at: place))
        case "e", "escape": return .text(text.escaped.markup)
        case "indent": return .text(try indented(text, arguments, at: place))
        default: return .text(text.cased(name))
        }
    }

    private func indented(
        _ text: TemplateText, _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> TemplateText {
        var indention = TemplateText("    ")
        switch arguments.value(0, "width") {
        case .text(let text): indention = text
        case .integer(let width):
            guard (0...1_000).contains(width) else {
                throw TemplateFault(.limit, "an indent of \(width) spaces", at: place)
            }
            indention = TemplateText(String(repeating: " ", count: width))
        default: break
        }
        let first = arguments.value(1, "first")?.isTrue ?? false
        let blank = arguments.value(2, "blank")?.isTrue ?? false
        let newLine = TemplateText("\n")
        var lines = (text + newLine).lines(keepingEnds: false)
        try spend(lines.count * (indention.count + 1), at: place)
        for index in lines.indices where index > 0 && (blank || lines[index].count > 0) {
            lines[index] = indention + lines[index]
        }
        let result = try joined(lines, by: newLine, at: place)
        return first ? indention + result : result
    }

    private func json(
        of value: Value, _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> Value {
        var layout = JSONLayout()
        layout.escapesAll = arguments.value(0, "ensure_ascii")?.isTrue ?? false
        switch arguments.value(1, "indent") {
        case nil, .none?: break
        case .integer(let width)?:
            guard (0...1_000).contains(width) else {
                throw TemplateFault(.limit, "an indent of \(width) spaces", at: place)
            }
            layout.indent = TemplateText(String(repeating: " ", count: width), .other)
        case .text(let text)?: layout.indent = text
        case let other?:
            throw TemplateFault(.failed, "\(other.kind) is no indent", at: place)
        }
        if layout.indent != nil { layout.separators.item = TemplateText(",", .other) }
        if let separators = arguments.value(2, "separators"), !separators.isNone {
            guard let pair = separators.elements, pair.count == 2 else {
                throw TemplateFault(.failed, "separators are two texts", at: place)
            }
            layout.separators = (try text(of: pair[0], at: place), try text(of: pair[1], at: place))
        }
        layout.sortsKeys = arguments.value(3, "sort_keys")?.isTrue ?? false
        var text = TemplateText([])
        try json(value, layout, into: &text, at: place)
        return .text(text)
    }

    // MARK: Lists

    private func listFilter(
        _ value: Value, _ name: String, _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> Value {
        if name == "items" || name == "dictsort" {
            return try pairs(of: value, sorted: name == "dictsort", arguments, at: place)
        }
        let elements = try elements(of: value, at: place)
        try spend(elements.count, at: place)
        switch name {
        case "list": return .list(elements)
        case "first": return elements.first ?? .undefined("the first of no elements")
        case "last": return elements.last ?? .undefined("the last of no elements")
        case "reverse":
            if case .text(let text) = value {
                return .text(TemplateText(text.characters.reversed()))
            }
            return .list(elements.reversed())
        case "join":
            let mark = try arguments.value(0, "d").map { value throws(TemplateFault) in
                try text(of: value, at: place)
            }
            var parts: [TemplateText] = []
            for element in elements {
                let part = try part(arguments.value(1, "attribute"), of: element, at: place)
                parts.append(try text(of: part, at: place))
            }
            return .text(try joined(parts, by: mark ?? TemplateText([]), at: place))
        case "sum":
            var sum = arguments.value(1, "start") ?? .integer(0)
            for element in elements {
                let part = try part(arguments.value(0, "attribute"), of: element, at: place)
                sum = try arithmetic("+", sum, part, at: place)
            }
            return sum
        default: return try ordered(elements, name, arguments, at: place)
        }
    }

    private func pairs(
        of value: Value, sorted: Bool, _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> Value {
        if value.isUndefined, !sorted { return .list([]) }
        guard case .mapping(let mapping) = value else {
            throw TemplateFault(.failed, "\(value.kind) has no pairs", at: place)
        }
        try spend(mapping.count, at: place)
        var pairs = mapping.entries.map { [$0.key, $0.value] }
        if sorted {
            let by = try text(of: arguments.value(1, "by") ?? .text("key"), at: place).string
            let isReversed = arguments.value(2, "reverse")?.isTrue ?? false
            let keys = try pairs.map { pair throws(TemplateFault) in
                let key = pair[by == "value" ? 1 : 0]
                return arguments.value(0, "case_sensitive")?.isTrue == true ? key : key.caseless
            }
            pairs = try order(keys, isReversed: isReversed, at: place).map { pairs[$0] }
        }
        return .list(pairs.map { .tuple($0) })
    }

    /// Filters that compare elements.
    private func ordered(
        _ elements: [Value], _ name: String, _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> Value {
        let isSort = name == "sort"
        let caseIndex = name == "groupby" ? 2 : isSort ? 1 : 0
        let path =
            name == "groupby"
            ? arguments.value(0, "attribute")
            : arguments.value(isSort ? 2 : 1, "attribute")
        let isExact = arguments.value(caseIndex, "case_sensitive")?.isTrue ?? false
        var parts: [Value] = []
        for element in elements {
            var part = try part(path, of: element, at: place)
            if name == "groupby", part.isUndefined, let standard = arguments.value(1, "default") {
                part = standard
            }
            parts.append(part)
        }
        let keys = isExact ? parts : parts.map(\.caseless)
        switch name {
        case "sort":
            let isReversed = arguments.value(0, "reverse")?.isTrue ?? false
            return .list(
                try order(keys, isReversed: isReversed, at: place).map { elements[$0] })
        case "min", "max":
            var best: Int?
            for index in keys.indices {
                guard let known = best else {
                    best = index
                    continue
                }
                let isBetter =
                    try name == "min"
                    ? compare(keys[index], "<", keys[known], at: place)
                    : compare(keys[index], ">", keys[known], at: place)
                if isBetter { best = index }
            }
            return best.map { elements[$0] } ?? .undefined("the \(name) of no elements")
        case "unique":
            var kept: [Int] = []
            for index in keys.indices {
                try spend(kept.count, at: place)
                if !kept.contains(where: { keys[$0].equals(keys[index]) }) { kept.append(index) }
            }
            return .list(kept.map { elements[$0] })
        default:
            var groups: [(key: Value, part: Value, elements: [Value])] = []
            for index in try order(keys, isReversed: false, at: place) {
                if let last = groups.last, last.key.equals(keys[index]) {
                    groups[groups.count - 1].elements.append(elements[index])
                } else {
                    groups.append((keys[index], parts[index], [elements[index]]))
                }
            }
            return .list(groups.map { .tuple([$0.part, .list($0.elements)]) })
        }
    }

    /// The places of keys in their order; equal ones keep theirs.
    private func order(
        _ keys: [Value], isReversed: Bool, at place: Int
    ) throws(TemplateFault) -> [Int] {
        // A merge sort, for whatever cannot be compared ends it.
        try spend(keys.count * (Int.bitWidth - keys.count.leadingZeroBitCount), at: place)
        var order = Array(keys.indices)
        var width = 1
        while width < order.count {
            var next: [Int] = []
            next.reserveCapacity(order.count)
            for start in stride(from: 0, to: order.count, by: 2 * width) {
                let middle = min(start + width, order.count)
                let end = min(middle + width, order.count)
                var (left, right) = (start, middle)
                while left < middle, right < end {
                    let (a, b) = (keys[order[left]], keys[order[right]])
                    let rightIsFirst =
                        try isReversed
                        ? compare(a, "<", b, at: place) : compare(b, "<", a, at: place)
                    next.append(order[rightIsFirst ? right : left])
                    if rightIsFirst { right += 1 } else { left += 1 }
                }
                next += order[left..<middle]
                next += order[right..<end]
            }
            order = next
            width *= 2
        }
        return order
    }

    // MARK: Choices

    private func choiceFilter(
        _ value: Value, _ name: String, _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> Value {
        // Of what counts as false, nothing is chosen, whatever it is.
        let elements = value.isTrue ? try elements(of: value, at: place) : []
        try spend(elements.count, at: place)
        if name == "map" { return .list(try mapped(elements, arguments, at: place)) }
        var rest = arguments.positional
        var path: Value?
        if name.hasSuffix("attr") {
            guard !rest.isEmpty else {
                throw TemplateFault(.failed, "\(name) wants the name of a part", at: place)
            }
            path = rest.removeFirst()
        }
        var testName: String?
        if !rest.isEmpty {
            testName = try text(of: rest.removeFirst(), at: place).string
        }
        let keeps = name.hasPrefix("select")
        var kept: [Value] = []
        for element in elements {
            let part = try part(path, of: element, at: place)
            let holds =
                if let testName { try test(part, testName, rest, at: place) } else { part.isTrue }
            if holds == keeps { kept.append(element) }
        }
        return .list(kept)
    }

    private func mapped(
        _ elements: [Value], _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> [Value] {
        var mapped: [Value] = []
        if arguments.positional.isEmpty {
            guard let path = arguments.value("attribute") else {
                throw TemplateFault(.failed, "map wants a filter or an attribute", at: place)
            }
            for element in elements {
                let part = try part(path, of: element, at: place)
                mapped.append(part.isUndefined ? arguments.value("default") ?? part : part)
            }
            return mapped
        }
        let name = try text(of: arguments.positional[0], at: place).string
        var rest = arguments
        rest.positional.removeFirst()
        for element in elements {
            try spend(1, at: place)
            mapped.append(
                try deeper(at: place) { () throws(TemplateFault) in
                    try filter(element, name, rest, at: place)
                })
        }
        return mapped
    }

    /// What a path such as `function.name` leads to; without one the value itself.
    private func part(
        _ path: Value?, of value: Value, at place: Int
    ) throws(TemplateFault) -> Value {
        guard let path else { return value }
        if path.whole != nil { return try item(path, of: value, at: place) }
        var value = value
        for name in try text(of: path, at: place).split(
            at: TemplateText("."), most: .max, fromBack: false)
        {
            let key = Int(name.string).map { Value.integer($0) } ?? .text(name)
            value = try item(key, of: value, at: place)
        }
        return value
    }
}

extension TemplateText {
    /// The same text, as HTML.
    var markup: TemplateText {
        var copy = self
        copy.isMarkup = true
        return copy
    }

    /// The text with the marks of HTML escaped, unless it is HTML.
    var escaped: TemplateText {
        guard !isMarkup else { return self }
        let marks: [UInt32: String] = [
            0x26: "&amp;", 0x3C: "&lt;", 0x3E: "&gt;", 0x27: "&#39;", 0x22: "&#34;",
        ]
        var escaped = TemplateText([])
        for character in characters {
            if let mark = marks[character.scalar] {
                escaped.append(mark, character.origin)
            } else {
                escaped.characters.append(character)
            }
        }
        return escaped
    }
}

extension Value {
    /// What it is compared by where capitals do not count.
    fileprivate var caseless: Value {
        if case .text(let text) = self { .text(text.cased("lower")) } else { self }
    }
}
