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
    private let ignoresNormalizer: Bool

    private(set) var addedTokens: [AddedToken]?
    private var listed: ListedTokens
    private var hasTokens = false

    /// Names that are no byte characters: only added tokens may have such.
    private var otherNames: [UInt32: [UInt8]] = [:]

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
                try readTokens(&reader)
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
        try reader.open(UInt8(ascii: "{"))
        while try reader.next(until: UInt8(ascii: "}"), isFirst: isFirst) {
            isFirst = false
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
        pairs.reserveCapacity(reader.text.count / 16)
        var batch = MergeBatch()
        var other: [UInt8] = []
        var isFirst = true
        try reader.open(UInt8(ascii: "["))
        while try reader.next(until: UInt8(ascii: "]"), isFirst: isFirst) {
            isFirst = false
            let start = reader.position
            guard let middle = try reader.readMerge(into: &batch.names, other: &other) else {
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
        return Vocabulary(
            pattern: try splitPattern(),
            mergeSemantics: model["ignore_merges"] == .bool(true)
                ? .wholePieceFirst : .listedMerges,
            specialTokens: specials,
            tokens: tokens,
            merges: try MergeTable(pairs, tokens: tokens),
            postProcessor: try PostProcessor(
                settings["post_processor"] ?? .null, specials: specials, path: path))
    }

    /// The table of the tokens, once all settings that decide about them are known.
    private mutating func finishTokens() throws(TokenizationError) -> TokenTable {
        if let tokens { return tokens }
        try checkModel()
        try checkSettings(ignoresNormalizer: ignoresNormalizer)
        let added = addedTokens ?? []
        try AddedToken.check(added, path: path)
        let specials = added.map(\.special)
        // `tokenizers` takes an added token's number from the model's list; those that are not in
        // the list it numbers itself, from the number of listed tokens on.
        let listedCount = listed.count + otherNames.count
        var unlisted = UInt32(listedCount)
        var names = otherNames
        let tokens = try listed.table(specials: specials) {
            (special, bytes) throws(TokenizationError) in
            let id = special.id.rawValue
            if let name = names.removeValue(forKey: id) {
                guard name == Array(special.content.utf8) else {
                    throw .invalidVocabulary(
                        reason: "the number \(id) is both the added token \"\(special.content)\" "
                            + "and \"\(String(decoding: name, as: UTF8.self))\"")
                }
            } else if let bytes {
                guard bytes == ByteCharacters.bytes(for: special.content) else {
                    throw .invalidVocabulary(
                        reason: "the number \(id) is both the added token \"\(special.content)\" "
                            + "and \"\(ByteCharacters.string(for: bytes))\"")
                }
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
        try tokens.checkNames(of: specials)
        self.tokens = tokens
        return tokens
    }
}

extension JSONReader {
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
