extension Interpreter {
    /// Methods of texts that are known.
    static let textMethods: Set<String> = [
        "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith",
        "replace", "upper", "lower", "title", "capitalize", "find", "rfind", "index", "count",
        "join", "removeprefix", "removesuffix", "isdigit", "isalpha", "isalnum", "isspace",
        "isupper", "islower", "format",
    ]
    /// Methods of mappings that are known.
    static let mappingMethods: Set<String> = ["items", "keys", "values", "get", "copy"]
    /// Methods of lists that are known.
    static let listMethods: Set<String> = ["index", "count", "copy"]

    /// Calls a method.
    func call(
        _ method: Value.Method, _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> Value {
        switch method.value {
        case .text(let text):
            try spend(text.count, at: place)
            return try call(method.name, of: text, arguments, at: place)
        case .mapping(let mapping):
            try spend(method.name == "get" ? 1 : mapping.count, at: place)
            switch method.name {
            case "items":
                return .list(mapping.entries.map { .tuple([$0.key, $0.value]) })
            case "keys": return .list(mapping.entries.map(\.key))
            case "values": return .list(mapping.entries.map(\.value))
            case "copy": return method.value
            default:
                guard let key = arguments.positional.first else {
                    throw TemplateFault(.failed, "get wants a key", at: place)
                }
                return mapping[key] ?? arguments.value(1, "default") ?? .none
            }
        case .loop(let loop):
            guard !arguments.positional.isEmpty else {
                throw TemplateFault(.failed, "cycle wants values", at: place)
            }
            return arguments.positional[loop.index % arguments.positional.count]
        default:
            let elements = method.value.elements ?? []
            try spend(elements.count, at: place)
            if method.name == "copy" { return method.value }
            guard let wanted = arguments.positional.first else {
                throw TemplateFault(.failed, "\(method.name) wants a value", at: place)
            }
            if method.name == "count" { return .integer(elements.count { $0.equals(wanted) }) }
            guard let index = elements.firstIndex(where: { $0.equals(wanted) }) else {
                throw TemplateFault(.failed, "a list lacks what its place is asked of", at: place)
            }
            return .integer(index)
        }
    }

    private func call(
        _ name: String, of text: TemplateText, _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> Value {
        /// The argument at an index, which is a text.
        func wanted(_ index: Int) throws(TemplateFault) -> TemplateText {
            guard index < arguments.positional.count,
                case .text(let argument) = arguments.positional[index]
            else { throw TemplateFault(.failed, "\(name) wants a text", at: place) }
            return argument
        }
        switch name {
        case "strip", "lstrip", "rstrip":
            let all = arguments.positional.first.flatMap { $0.isNone ? nil : $0 }
            let set: TemplateText? = all == nil ? nil : try wanted(0)
            return .text(
                text.stripped(
                    set, front: name != "rstrip", back: name != "lstrip"))
        case "split", "rsplit":
            let separator = arguments.value(0, "sep").flatMap { $0.isNone ? nil : $0 }
            let most = arguments.value(1, "maxsplit")?.whole ?? -1
            guard let separator else {
                if name == "rsplit", most >= 0 {
                    throw TemplateFault(.unsupported, "rsplit at spaces with a limit", at: place)
                }
                return .list(text.words(most: most < 0 ? .max : most).map { .text($0) })
            }
            guard case .text(let mark) = separator, mark.count > 0 else {
                throw TemplateFault(.failed, "\(name) wants a text to split at", at: place)
            }
            try spend(text.count, at: place)
            let parts = text.split(
                at: mark, most: most < 0 ? .max : most, fromBack: name == "rsplit")
            return .list(parts.map { .text($0) })
        case "splitlines":
            let keeps = arguments.value(0, "keepends")?.isTrue ?? false
            return .list(text.lines(keepingEnds: keeps).map { .text($0) })
        case "startswith", "endswith":
            var options: [TemplateText] = []
            if let several = arguments.positional.first?.elements {
                for option in several { options.append(try self.text(of: option, at: place)) }
            } else {
                options = [try wanted(0)]
            }
            guard arguments.positional.count == 1 else {
                throw TemplateFault(.unsupported, "\(name) with places", at: place)
            }
            return .bool(
                options.contains {
                    name == "startswith" ? text.begins(with: $0) : text.ends(with: $0)
                })
        case "removeprefix":
            let part = try wanted(0)
            let isThere = text.begins(with: part)
            return .text(isThere ? TemplateText(text.characters.dropFirst(part.count)) : text)
        case "removesuffix":
            let part = try wanted(0)
            let isThere = text.ends(with: part)
            return .text(isThere ? TemplateText(text.characters.dropLast(part.count)) : text)
        case "replace":
            let most = arguments.value(2, "count")?.whole ?? -1
            return .text(
                try replaced(text, try wanted(0), by: try wanted(1), most: most, at: place))
        case "upper", "lower", "title", "capitalize":
            return .text(text.cased(name))
        case "find", "index":
            let index = text.place(of: try wanted(0))
            if index == nil, name == "index" {
                throw TemplateFault(.failed, "a text lacks what its place is asked of", at: place)
            }
            return .integer(index ?? -1)
        case "rfind":
            let part = try wanted(0)
            guard part.count <= text.count else { return .integer(-1) }
            let index = (0...text.count - part.count).last { start in
                part.characters.indices.allSatisfy {
                    text.characters[start + $0].scalar == part.characters[$0].scalar
                }
            }
            return .integer(index ?? -1)
        case "count":
            let part = try wanted(0)
            if part.count == 0 { return .integer(text.count + 1) }
            return .integer(text.split(at: part, most: .max, fromBack: false).count - 1)
        case "join":
            guard let list = arguments.positional.first else {
                throw TemplateFault(.failed, "join wants a list", at: place)
            }
            var parts: [TemplateText] = []
            for element in try elements(of: list, at: place) {
                guard case .text(let part) = element else {
                    throw TemplateFault(.failed, "join finds \(element.kind)", at: place)
                }
                parts.append(part)
            }
            return .text(try joined(parts, by: text, at: place))
        case "format": return .text(try formatted(text, arguments, at: place))
        case "isdigit", "isalpha", "isalnum", "isspace", "isupper", "islower":
            return .bool(text.isOf(name))
        default: throw TemplateFault(.unsupported, "the method \(name) of a text", at: place)
        }
    }

    /// The text with arguments for its fields, which are plain: `{}`, `{0}`, `{name}`.
    private func formatted(
        _ text: TemplateText, _ arguments: CallArguments, at place: Int
    ) throws(TemplateFault) -> TemplateText {
        var result: [TemplateText.Character] = []
        var (index, count) = (0, 0)
        let characters = text.characters
        while index < characters.count {
            let scalar = characters[index].scalar
            guard scalar == 0x7B || scalar == 0x7D else {
                result.append(characters[index])
                index += 1
                continue
            }
            if index + 1 < characters.count, characters[index + 1].scalar == scalar {
                result.append(characters[index])
                index += 2
                continue
            }
            let end = characters[index...].firstIndex { $0.scalar == 0x7D } ?? index
            let field = TemplateText(characters[index..<end]).string.dropFirst()
            let value: Value?
            if field.isEmpty || Int(field) != nil {
                let number = Int(field) ?? count
                value =
                    arguments.positional.indices.contains(number)
                    ? arguments.positional[number] : nil
                count += 1
            } else {
                value = arguments.value(String(field))
            }
            guard end > index, let value else {
                throw TemplateFault(
                    .unsupported, "the field {\(field.prefix(40))} of a format", at: place)
            }
            let part = try self.text(of: value, at: place)
            try spend(part.count, at: place)
            result += part.characters
            index = end + 1
        }
        return TemplateText(result)
    }

    /// The text with `new` wherever `old` stands, at most so often.
    func replaced(
        _ text: TemplateText, _ old: TemplateText, by new: TemplateText, most: Int, at place: Int
    ) throws(TemplateFault) -> TemplateText {
        guard most != 0 else { return text }
        if old.count == 0 {
            // Between all characters, and around them.
            try spend((text.count + 1).multipliedOrMost(by: new.count + 1), at: place)
            var characters: [TemplateText.Character] = []
            for (index, character) in text.characters.enumerated() {
                if most < 0 || index < most { characters += new.characters }
                characters.append(character)
            }
            if most < 0 || text.count < most { characters += new.characters }
            return TemplateText(characters)
        }
        let parts = text.split(at: old, most: most < 0 ? .max : most, fromBack: false)
        return try joined(parts, by: new, at: place)
    }

    func joined(
        _ parts: [TemplateText], by mark: TemplateText, at place: Int
    ) throws(TemplateFault) -> TemplateText {
        let marks = max(parts.count - 1, 0).multipliedOrMost(by: mark.count)
        try spend(marks, at: place)
        try spend(parts.reduce(0) { $0 + $1.count }, at: place)
        var characters: [TemplateText.Character] = []
        for (index, part) in parts.enumerated() {
            if index > 0 { characters += mark.characters }
            characters += part.characters
        }
        return TemplateText(characters)
    }
}

extension Int {
    /// The product, or the greatest number where it is beyond that.
    fileprivate func multipliedOrMost(by other: Int) -> Int {
        let (product, overflows) = multipliedReportingOverflow(by: other)
        return overflows ? .max : product
    }
}

extension TemplateText {
    /// The text without the characters of `set`, or without spaces, at its ends.
    func stripped(_ set: TemplateText? = nil, front: Bool = true, back: Bool = true)
        -> TemplateText
    {
        let scalars = set.map { Set($0.scalars) }
        func goes(_ character: Character) -> Bool {
            scalars?.contains(character.scalar) ?? character.isSpace
        }
        var rest = characters[...]
        if front { rest = rest.drop(while: goes) }
        while back, let last = rest.last, goes(last) { rest.removeLast() }
        return TemplateText(rest)
    }

    func begins(with part: TemplateText) -> Bool {
        characters.lazy.map(\.scalar).starts(with: part.characters.lazy.map(\.scalar))
    }

    func ends(with part: TemplateText) -> Bool {
        characters.suffix(part.count).lazy.map(\.scalar)
            .elementsEqual(part.characters.lazy.map(\.scalar))
    }

    /// The parts between marks, of which at most so many count.
    func split(at mark: TemplateText, most: Int, fromBack: Bool) -> [TemplateText] {
        let places = fromBack ? placesFromBack(of: mark, most: most) : places(of: mark, most: most)
        var parts: [TemplateText] = []
        var start = 0
        for place in places {
            parts.append(TemplateText(characters[start..<place]))
            start = place + mark.count
        }
        parts.append(TemplateText(characters[start...]))
        return parts
    }

    private func stands(_ mark: TemplateText, at place: Int) -> Bool {
        for index in mark.characters.indices
        where characters[place + index].scalar != mark.characters[index].scalar { return false }
        return true
    }

    private func places(of mark: TemplateText, most: Int) -> [Int] {
        var (places, place): ([Int], Int) = ([], 0)
        while places.count < most, place + mark.count <= count {
            if stands(mark, at: place) {
                places.append(place)
                place += mark.count
            } else {
                place += 1
            }
        }
        return places
    }

    private func placesFromBack(of mark: TemplateText, most: Int) -> [Int] {
        var (places, place): ([Int], Int) = ([], count - mark.count)
        while places.count < most, place >= 0 {
            if stands(mark, at: place) {
                places.append(place)
                place -= mark.count
            } else {
                place -= 1
            }
        }
        return places.reversed()
    }

    /// The words between spaces, of which the last has what is left over after so many cuts.
    func words(most: Int) -> [TemplateText] {
        var words: [TemplateText] = []
        var rest = characters.drop(while: \.isSpace)
        while !rest.isEmpty {
            if words.count == most {
                words.append(TemplateText(rest).stripped(front: false))
                break
            }
            let word = rest.prefix { !$0.isSpace }
            words.append(TemplateText(word))
            rest = rest.dropFirst(word.count).drop(while: \.isSpace)
        }
        return words
    }

    /// The lines, by Python's line breaks.
    func lines(keepingEnds: Bool) -> [TemplateText] {
        var lines: [TemplateText] = []
        var (start, index) = (0, 0)
        while index < count {
            let scalar = characters[index].scalar
            switch scalar {
            case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: break
            default:
                index += 1
                continue
            }
            var next = index + 1
            if scalar == 0x0D, next < count, characters[next].scalar == 0x0A { next += 1 }
            lines.append(TemplateText(characters[start..<(keepingEnds ? next : index)]))
            (start, index) = (next, next)
        }
        if start < count { lines.append(TemplateText(characters[start...])) }
        return lines
    }

    /// The text with other letters: `upper`, `lower`, `title` or `capitalize`.
    func cased(_ form: String) -> TemplateText {
        var result: [Character] = []
        var isInWord = false
        for (index, character) in characters.enumerated() {
            let properties = (Unicode.Scalar(character.scalar) ?? " ").properties
            let mapped =
                switch form {
                case "upper": properties.uppercaseMapping
                case "lower": properties.lowercaseMapping
                case "capitalize":
                    index == 0 ? properties.titlecaseMapping : properties.lowercaseMapping
                default:
                    isInWord ? properties.lowercaseMapping : properties.titlecaseMapping
                }
            isInWord = properties.isCased
            result += mapped.unicodeScalars.map { character.replaced(by: $0.value) }
        }
        return TemplateText(result)
    }

    /// Whether Python's test of this name holds.
    func isOf(_ name: String) -> Bool {
        let scalars = characters.compactMap { Unicode.Scalar($0.scalar) }
        func isLetter(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter,
                .otherLetter:
                true
            default: false
            }
        }
        func isDigit(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.numericType == .decimal || scalar.properties.numericType == .digit
        }
        guard !scalars.isEmpty else { return false }
        switch name {
        case "isdigit": return scalars.allSatisfy(isDigit)
        case "isalpha": return scalars.allSatisfy(isLetter)
        case "isalnum":
            return scalars.allSatisfy { isLetter($0) || $0.properties.numericType != nil }
        case "isspace": return characters.allSatisfy(\.isSpace)
        default:
            let cased = scalars.filter(\.properties.isCased)
            return !cased.isEmpty
                && cased.allSatisfy {
                    name == "isupper" ? $0.properties.isUppercase : $0.properties.isLowercase
                }
        }
    }
}
