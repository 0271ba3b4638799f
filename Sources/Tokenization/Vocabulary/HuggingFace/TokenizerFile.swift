package import Bytes

/// Contents of a `tokenizer.json`, before it is known to make sense.
///
/// The two large parts, tokens and merges, go straight into tables while the text is read; the rest
/// is kept as values.
package struct TokenizerFile: ~Copyable {
    let path: String

    /// The members of the file but for the model and the added tokens.
    private(set) var settings: [String: JSONValue] = [:]

    /// The members of the model but for its tokens and merges.
    private(set) var model: [String: JSONValue] = [:]

    /// Whether a normalizer is left out instead of refused.
    let ignoresNormalizer: Bool

    private(set) var addedTokens: [AddedToken]?
    private var listed: ListedTokens
    private var hasTokens = false

    /// Names that are no byte characters: only added tokens may have such.
    private var otherNames: [UInt32: [UInt8]] = [:]

    /// Reader at the list of tokens, where settings that come behind it may decide how it is read.
    private var skippedTokens: JSONReader?

    /// The tokens of single bytes, `<0x00>` to `<0xFF>`, as far as they are listed.
    private var byteFallback: [UInt8: UInt32] = [:]

    private var tokens: TokenTable?
    private var pairs: [MergePair]?

    /// Reader at the list of merges, when it comes before the tokens that its names refer to.
    private var skippedMerges: JSONReader?

    /// Reads a whole file. O(size).
    package init(
        _ text: ByteView, path: String, ignoresNormalizer: Bool = false
    ) throws(TokenizationError) {
        self.path = path
        self.ignoresNormalizer = ignoresNormalizer
        listed = ListedTokens(fileSize: text.count)
        var reader = JSONReader(text, path: path)
        try reader.open(UInt8(ascii: "{"))
        var keys: Set<ExactName> = []
        while try reader.next(until: UInt8(ascii: "}"), isFirst: keys.isEmpty) {
            let key = try reader.readKey(&keys)
            switch key {
            case "model": try readModel(&reader)
            case "added_tokens": addedTokens = try AddedToken.readAll(&reader)
            default: settings[key] = try reader.readValue()
            }
        }
        try reader.finish()
    }

    private mutating func readModel(_ reader: inout JSONReader) throws(TokenizationError) {
        try reader.open(UInt8(ascii: "{"))
        var keys: Set<ExactName> = []
        while try reader.next(until: UInt8(ascii: "}"), isFirst: keys.isEmpty) {
            let key = try reader.readKey(&keys)
            switch key {
            case "vocab":
                try checkModelType()
                if settings["pre_tokenizer"] != nil, !isOfCharacters {
                    try readTokens(&reader)
                } else {
                    skippedTokens = reader
                    try reader.skipValue()
                }
            case "merges":
                // As every known writer orders them, all that decides the tokens has been read.
                if addedTokens != nil, hasTokens, settings["decoder"] != nil {
                    try readMerges(&reader)
                } else {
                    skippedMerges = reader
                    try reader.skipValue()
                }
            default: model[key] = try reader.readValue()
            }
        }
    }

    private mutating func readTokens(_ reader: inout JSONReader) throws(TokenizationError) {
        hasTokens = true
        var other: [UInt8] = []
        var isFirst = true
        let isOfCharacters = isOfCharacters
        let hasByteFallback = model["byte_fallback"] == .bool(true)
        try reader.open(UInt8(ascii: "{"))
        while try reader.next(until: UInt8(ascii: "}"), isFirst: isFirst) {
            isFirst = false
            if isOfCharacters {
                try reader.readString(into: &other)
                try reader.take(UInt8(ascii: ":"))
                let id = try reader.readID()
                if hasByteFallback, let byte = TextRules.byte(spelled: other) {
                    guard byteFallback.updateValue(id, forKey: byte) == nil else {
                        throw reader.failure("the byte \(byte) is listed twice")
                    }
                    listed.bytes.append(byte)
                } else {
                    listed.bytes.append(TextRules.bytes(ofSpelled: other))
                }
                listed.endToken(id)
                continue
            }
            let isSpelled = try reader.readName(into: &listed.bytes, other: &other)
            try reader.take(UInt8(ascii: ":"))
            let id = try reader.readID()
            if isSpelled {
                listed.endToken(id)
            } else if otherNames.updateValue(other, forKey: id) != nil {
                throw reader.failure("two tokens have the number \(id)")
            }
        }
    }

    private mutating func readMerges(_ reader: inout JSONReader) throws(TokenizationError) {
        let tokens = try finishTokens()
        var pairs: [MergePair] = []
        let isOfCharacters = isOfCharacters
        pairs.reserveCapacity(reader.text.count / 16)
        var batch = MergeBatch()
        var other: [UInt8] = []
        var isFirst = true
        try reader.open(UInt8(ascii: "["))
        while try reader.next(until: UInt8(ascii: "]"), isFirst: isFirst) {
            isFirst = false
            let start = reader.position
            let merge =
                isOfCharacters
                ? try reader.readSpelledMerge(into: &batch.names, other: &other)
                : try reader.readMerge(into: &batch.names, other: &other)
            guard let middle = merge else {
                throw MergeBatch.failure(pairs.count + batch.count, at: start, path: path)
            }
            batch.end(middle: middle, position: start)
            if batch.isFull { try batch.take(tokens, into: &pairs, path: path) }
        }
        try batch.take(tokens, into: &pairs, path: path)
        self.pairs = pairs
    }

    /// The vocabulary that the file describes. O(size).
    package consuming func vocabulary() throws(TokenizationError) -> Vocabulary {
        let tokens = try finishTokens()
        if var reader = skippedMerges { try readMerges(&reader) }
        guard let pairs else {
            throw .malformed(path: path, offset: 0, reason: "the model has no merges")
        }
        let specials = (addedTokens ?? []).map(\.special)
        let rules = try finishedRules(tokens)
        let semantics: MergeSemantics =
            model["ignore_merges"] == .bool(true) ? .wholePieceFirst : .listedMerges
        let postProcessor = try PostProcessor(
            settings["post_processor"] ?? .null, specials: specials, path: path)
        if rules.isOfCharacters {
            var vocabulary = try Vocabulary(
                characters: tokens, merges: pairs, rules: rules, specialTokens: specials,
                mergeSemantics: semantics, cutsAtSpaces: cutsAtSpaces)
            vocabulary.postProcessor = postProcessor
            return vocabulary
        }
        let merges = try MergeTable(pairs, tokens: tokens)
        return Vocabulary(
            pattern: try splitPattern(),
            mergeSemantics: semantics,
            specialTokens: specials,
            tokens: tokens,
            merges: merges,
            rules: rules,
            postProcessor: postProcessor)
    }

    /// The table of the tokens, once all settings that decide about them are known.
    private mutating func finishTokens() throws(TokenizationError) -> TokenTable {
        if let tokens { return tokens }
        try checkModel()
        if var reader = skippedTokens {
            skippedTokens = nil
            try readTokens(&reader)
        }
        let rules = try readRules(ignoresNormalizer: ignoresNormalizer)
        let byteTokens = try finishByteFallback()
        let added = addedTokens ?? []
        try AddedToken.check(added)
        let specials = added.map(\.special)
        // `tokenizers` takes an added token's number from the model's list; those that are not in
        // the list it numbers itself, from the number of listed tokens on.
        let listedCount = listed.count + otherNames.count
        var unlisted = UInt32(listedCount)
        var names = otherNames
        let tokens = try listed.table(
            specials: specials, byteFallback: byteTokens, rules: rules
        ) { (special, bytes) throws(TokenizationError) in
            let id = special.id.rawValue
            if let name = names.removeValue(forKey: id) {
                guard name == Array(special.content.utf8) else {
                    throw .invalidVocabulary(
                        reason: "the number \(id) is both the added token \"\(special.content)\" "
                            + "and \"\(String(decoding: name, as: UTF8.self))\"")
                }
            } else if let bytes {
                let content = Array(special.content.utf8)
                let expected =
                    rules.isOfCharacters
                    ? TextRules.bytes(ofSpelled: content)
                    : ByteCharacters.bytes(for: special.content)
                guard bytes == expected else {
                    throw .invalidVocabulary(
                        reason: "the number \(id) is both the added token \"\(special.content)\" "
                            + "and \"\(ByteCharacters.string(for: bytes))\"")
                }
                // One that is looked for in every text may be one that merging makes, too: it is
                // part of other words.
                return special.recognition == .everywhere
                    && (rules.isOfCharacters || bytes == content)
            } else {
                guard id == unlisted else {
                    throw .unsupported(
                        path: path,
                        reason:
                            "the added token \"\(special.content)\" has the number \(id) but is "
                            + "not in the model's list, so tokenizers would number it \(unlisted)")
                }
                unlisted += 1
            }
            return false
        }
        for (id, name) in names.sorted(by: { $0.key < $1.key }) {
            throw .unsupported(
                path: path,
                reason: "the token \"\(String(decoding: name, as: UTF8.self))\" with the number "
                    + "\(id) is not spelled in byte characters, so this is no byte-level vocabulary"
            )
        }
        if Int(unlisted) > listedCount, tokens.count > Int(unlisted) {
            throw .unsupported(
                path: path,
                reason: "added tokens are missing from the model's list, which leaves numbers "
                    + "unused, so that it is not certain how tokenizers would number them")
        }
        if !rules.isOfCharacters { try tokens.checkNames(of: specials) }
        self.tokens = tokens
        return tokens
    }

    /// The tokens of the 256 bytes, in their order; none if bytes have no tokens of their own.
    private func finishByteFallback() throws(TokenizationError) -> [UInt32] {
        guard isOfCharacters, model["byte_fallback"] == .bool(true) else { return [] }
        var ids: [UInt32] = []
        for byte in UInt8.min...UInt8.max {
            guard let id = byteFallback[byte] else {
                throw .unsupported(
                    path: path,
                    reason: "its model has \"byte_fallback\" set, but no token for the byte \(byte)"
                )
            }
            ids.append(id)
        }
        return ids
    }

    /// The number of the listed or added token called `name`; nil if there is none. O(size).
    func id(named name: String) -> UInt32? {
        let bytes = Array(name.utf8)
        if let added = addedTokens?.first(where: { ExactName($0.content) == ExactName(name) }) {
            return added.id
        }
        if let id = otherNames.first(where: { $0.value == bytes })?.key { return id }
        let spelled =
            isOfCharacters ? TextRules.bytes(ofSpelled: bytes) : ByteCharacters.bytes(for: name)
        guard let spelled else { return nil }
        return listed.id(of: spelled)
    }
}

extension JSONReader {
    /// As ``readMerge(into:other:)``, of tokens that are spelled in characters.
    fileprivate mutating func readSpelledMerge(
        into bytes: inout ByteArena, other: inout [UInt8]
    ) throws(TokenizationError) -> Int? {
        guard peek() == UInt8(ascii: "[") else {
            try readString(into: &other)
            let names = other.split(separator: 0x20, omittingEmptySubsequences: false)
            guard names.count == 2 else { return nil }
            bytes.append(TextRules.bytes(ofSpelled: Array(names[0])))
            let middle = bytes.count
            bytes.append(TextRules.bytes(ofSpelled: Array(names[1])))
            return middle
        }
        try open(UInt8(ascii: "["))
        var middle: Int?
        var count = 0
        while try next(until: UInt8(ascii: "]"), isFirst: count == 0) {
            if count == 1 { middle = bytes.count }
            try readString(into: &other)
            bytes.append(TextRules.bytes(ofSpelled: other))
            count += 1
        }
        return count == 2 ? middle : nil
    }

    /// Reads a merge, `["left", "right"]` or `"left right"`, and appends the bytes of both to
    /// `bytes`; returns where the second begins, `nil` if there are not two names of byte-level
    /// tokens.
    fileprivate mutating func readMerge(
        into bytes: inout ByteArena, other: inout [UInt8]
    ) throws(TokenizationError) -> Int? {
        guard peek() == UInt8(ascii: "[") else {
            return try readNamePair(into: &bytes, other: &other)
        }
        try open(UInt8(ascii: "["))
        var middle: Int?
        var count = 0
        while try next(until: UInt8(ascii: "]"), isFirst: count == 0) {
            if count == 1 { middle = bytes.count }
            guard try readName(into: &bytes, other: &other) else { return nil }
            count += 1
        }
        return count == 2 ? middle : nil
    }
}
