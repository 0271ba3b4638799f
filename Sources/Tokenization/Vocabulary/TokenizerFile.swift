/// What a `tokenizer.json` says, before it is known to make sense.
struct TokenizerFile {
    private let path: String
    private var settings: [String: JSONValue] = [:]
    private var model: [String: JSONValue] = [:]
    private var addedTokens: [AddedToken] = []

    /// The names in `model.vocab`, one after another, and each one's id and end.
    private var names: [UInt8] = []
    private var entries: [(id: UInt32, end: Int)] = []

    /// The names in `model.merges`, one after another, and the ends: two a merge.
    private var mergeNames: [UInt8] = []
    private var mergeEnds: [Int] = []

    private struct AddedToken {
        var id: UInt32
        var content: String
    }

    /// Reads a whole file. O(size).
    init(_ text: ByteView, path: String) throws(TokenizationError) {
        self.path = path
        var reader = JSONReader(text, path: path)
        try reader.readObject { (reader, key) throws(TokenizationError) in
            switch key {
            case "model": try readModel(&reader)
            case "added_tokens": try readAddedTokens(&reader)
            default: settings[key] = try reader.readValue()
            }
        }
        try reader.finish()
    }

    private mutating func readModel(_ reader: inout JSONReader) throws(TokenizationError) {
        try reader.readObject { (reader, key) throws(TokenizationError) in
            switch key {
            case "vocab": try readTokens(&reader)
            case "merges": try readMerges(&reader)
            default: model[key] = try reader.readValue()
            }
        }
    }

    private mutating func readTokens(_ reader: inout JSONReader) throws(TokenizationError) {
        var scratch: [UInt8] = []
        try reader.readMembers(scratch: &scratch) { (reader, name) throws(TokenizationError) in
            names.append(contentsOf: name)
            entries.append((try reader.readID(), names.count))
        }
    }

    private mutating func readMerges(_ reader: inout JSONReader) throws(TokenizationError) {
        var scratch: [UInt8] = []
        try reader.readArray { (reader) throws(TokenizationError) in
            let before = mergeEnds.count
            if reader.peek() == UInt8(ascii: "[") {
                try reader.readArray { (reader) throws(TokenizationError) in
                    try reader.readString(into: &scratch)
                    mergeNames.append(contentsOf: scratch)
                    mergeEnds.append(mergeNames.count)
                }
            } else {
                // "left right", as files were written until 2024.
                try reader.readString(into: &scratch)
                for name in scratch.split(separator: 0x20, omittingEmptySubsequences: false) {
                    mergeNames.append(contentsOf: name)
                    mergeEnds.append(mergeNames.count)
                }
            }
            guard mergeEnds.count == before + 2 else {
                throw reader.failure("a merge is not a pair of tokens")
            }
        }
    }

    private mutating func readAddedTokens(_ reader: inout JSONReader) throws(TokenizationError) {
        try reader.readArray { (reader) throws(TokenizationError) in
            var token = AddedToken(id: 0, content: "")
            var isSpecial = false
            var hasID = false
            try reader.readObject { (reader, key) throws(TokenizationError) in
                switch key {
                case "id":
                    token.id = try reader.readID()
                    hasID = true
                case "content": token.content = try reader.readString()
                case "special": isSpecial = try reader.readBool()
                case "single_word", "lstrip", "rstrip":
                    guard try !reader.readBool() else {
                        throw .unsupported(
                            path: path, reason: "an added token has \"\(key)\" set")
                    }
                default: _ = try reader.readValue()
                }
            }
            guard hasID, !token.content.isEmpty else {
                throw reader.failure("an added token lacks its id or content")
            }
            guard isSpecial else {
                throw .unsupported(
                    path: path,
                    reason: "the added token \"\(token.content)\" is not special, so it would be "
                        + "recognised in every text")
            }
            addedTokens.append(token)
        }
    }

    /// The vocabulary that the file describes. O(size).
    func vocabulary() throws(TokenizationError) -> Vocabulary {
        try checkSettings()
        let pattern = try splitPattern()
        let (arena, offsets, specials) = try tokensByID()
        let specialIDs = Set(specials.map(\.id.rawValue))
        let tokens = try TokenTable(arena: arena, offsets: offsets) {
            specialIDs.contains(UInt32($0))
        }
        return Vocabulary(
            pattern: pattern,
            mergeSemantics: model["ignore_merges"] == .bool(true)
                ? .wholePieceFirst : .listedMerges,
            specialTokens: specials,
            tokens: tokens,
            merges: try MergeTable(try mergePairs(tokens), tokens: tokens))
    }

    /// The bytes of all tokens by id, and the special tokens among them.
    private func tokensByID() throws(TokenizationError) -> (
        arena: [UInt8], offsets: [Int], specials: [SpecialToken]
    ) {
        var contents: [UInt32: String] = [:]
        for token in addedTokens {
            guard contents.updateValue(token.content, forKey: token.id) == nil else {
                throw .invalidVocabulary(reason: "two added tokens have the number \(token.id)")
            }
        }
        let specialNames = Dictionary(
            addedTokens.map { ($0.content, $0.id) }, uniquingKeysWith: { first, _ in first })
        guard specialNames.count == addedTokens.count else {
            throw .invalidVocabulary(reason: "an added token is listed twice")
        }
        // Where each id's name is: special tokens may or may not be listed in the model as well.
        let limit = entries.count + addedTokens.count
        var places = [Range<Int>?](repeating: nil, count: limit)
        var seen = 0
        var start = 0
        for (id, end) in entries {
            defer { start = end }
            guard Int(id) < limit, places[Int(id)] == nil else {
                throw .invalidVocabulary(
                    reason: "the number \(id) is used twice or leaves numbers before it unused")
            }
            places[Int(id)] = start..<end
            seen += 1
        }
        for token in addedTokens {
            guard Int(token.id) < limit else {
                throw .invalidVocabulary(
                    reason: "the number \(token.id) leaves numbers before it unused")
            }
            if let place = places[Int(token.id)] {
                guard names[place].elementsEqual(token.content.utf8) else {
                    throw .invalidVocabulary(
                        reason: "the number \(token.id) is both an added token and another one")
                }
            } else {
                seen += 1
            }
        }
        var arena: [UInt8] = []
        arena.reserveCapacity(names.count)
        var offsets = [0]
        offsets.reserveCapacity(seen + 1)
        var name: [UInt8] = []
        for id in 0..<seen {
            if let content = contents[UInt32(id)] {
                arena.append(contentsOf: content.utf8)
            } else if let place = places[id] {
                name.removeAll(keepingCapacity: true)
                name.append(contentsOf: names[place])
                guard ByteCharacters.appendBytes(for: name, to: &arena) else {
                    let text = String(decoding: name, as: UTF8.self)
                    if specialNames[text] != nil {
                        throw .invalidVocabulary(reason: "\"\(text)\" has two numbers")
                    }
                    throw .unsupported(
                        path: path,
                        reason: "the token \"\(text)\" is not spelled in byte characters, so this "
                            + "is no byte-level vocabulary")
                }
            } else {
                throw .invalidVocabulary(reason: "no token has the number \(id)")
            }
            offsets.append(arena.count)
        }
        let specials = addedTokens.map { SpecialToken(content: $0.content, id: TokenID($0.id)) }
        return (arena, offsets, specials)
    }

    private func mergePairs(_ tokens: TokenTable) throws(TokenizationError) -> [MergePair] {
        var pairs: [MergePair] = []
        pairs.reserveCapacity(mergeEnds.count / 2)
        var start = 0
        var name: [UInt8] = []
        var bytes: [UInt8] = []
        var left: UInt32 = 0
        for (index, end) in mergeEnds.enumerated() {
            name.removeAll(keepingCapacity: true)
            name.append(contentsOf: mergeNames[start..<end])
            start = end
            bytes.removeAll(keepingCapacity: true)
            let isSpelled = ByteCharacters.appendBytes(for: name, to: &bytes) && !bytes.isEmpty
            let id =
                isSpelled
                ? ByteView.with(bytes.span) { tokens.id(of: $0, from: 0, to: $0.count) } : nil
            guard let id else {
                throw .invalidVocabulary(
                    reason:
                        "merge \(index / 2) names \"\(String(decoding: name, as: UTF8.self))\", "
                        + "which is not a token")
            }
            if index % 2 == 0 {
                left = id
            } else {
                pairs.append(MergePair(left: left, right: id))
            }
        }
        return pairs
    }
}

extension TokenizerFile {
    /// Refuses every setting that would give other ids than Quern does.
    private func checkSettings() throws(TokenizationError) {
        guard let type = model["type"]?.string ?? (entries.isEmpty ? nil : "BPE") else {
            throw .unsupported(path: path, reason: "it has no model")
        }
        guard type == "BPE" else {
            throw .unsupported(path: path, reason: "its model is \(type); only BPE is known")
        }
        for key in ["truncation", "padding", "normalizer"] {
            guard settings[key] ?? .null == .null else {
                throw .unsupported(path: path, reason: "it has \"\(key)\", which changes the ids")
            }
        }
        for key in ["dropout", "unk_token"] {
            guard model[key] ?? .null == .null else {
                throw .unsupported(path: path, reason: "its model has \"\(key)\"")
            }
        }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard [.null, .string("")].contains(model[key] ?? .null) else {
                throw .unsupported(path: path, reason: "its model has \"\(key)\"")
            }
        }
        guard [.null, .bool(false)].contains(model["byte_fallback"] ?? .null) else {
            throw .unsupported(path: path, reason: "its model has \"byte_fallback\" set")
        }
        guard settings["decoder"]?["type"] == .string("ByteLevel") else {
            throw .unsupported(path: path, reason: "its decoder is not ByteLevel")
        }
        let postProcessor = settings["post_processor"] ?? .null
        guard postProcessor == .null || postProcessor["type"] == .string("ByteLevel") else {
            throw .unsupported(
                path: path,
                reason: "its post-processor adds tokens to every text; only ByteLevel is known")
        }
    }

    /// The pattern that the steps of the pre-tokenizer amount to.
    private func splitPattern() throws(TokenizationError) -> SplitPattern {
        let preTokenizer = settings["pre_tokenizer"] ?? .null
        var parts = [preTokenizer]
        if preTokenizer["type"] == .string("Sequence"),
            case .array(let members) = preTokenizer["pretokenizers"] ?? .null
        {
            parts = members
        }
        var steps: [PreTokenizerStep] = []
        for part in parts { steps.append(try preTokenizerStep(part)) }
        guard let pattern = SplitPattern(preTokenizers: steps) else {
            throw .unsupported(
                path: path, reason: "its pre-tokenizer cuts by no known pattern: \(steps)")
        }
        return pattern
    }

    private func preTokenizerStep(
        _ value: JSONValue
    ) throws(TokenizationError) -> PreTokenizerStep {
        switch value["type"]?.string {
        case "Split":
            guard let expression = value["pattern"]?["Regex"]?.string else {
                throw .unsupported(path: path, reason: "its Split is not by a regular expression")
            }
            switch (value["behavior"], value["invert"]) {
            case (.string("Isolated"), _): return .split(expression)
            case (.string("Removed"), .bool(true)): return .keepMatches(expression)
            default:
                throw .unsupported(
                    path: path, reason: "its Split neither isolates its matches nor keeps them")
            }
        case "Digits" where value["individual_digits"] == .bool(true):
            return .digits
        case "ByteLevel":
            guard [.null, .bool(false)].contains(value["add_prefix_space"] ?? .null) else {
                throw .unsupported(path: path, reason: "its pre-tokenizer adds a space to texts")
            }
            // Files older than the setting "use_regex" mean true by leaving it out.
            return .byteLevel(usesExpression: value["use_regex"] != .bool(false))
        case let type:
            throw .unsupported(
                path: path, reason: "its pre-tokenizer has a step \(type ?? "without a type")")
        }
    }
}
