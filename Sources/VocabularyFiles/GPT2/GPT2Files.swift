import Bytes
import Tokenization

/// `vocab.json` and `merges.txt`: the form in which GPT-2 was published.
///
/// The first has every token's name and number, the second a merge a line in order, after a line
/// with a version. Neither says how texts are cut or which tokens are special.
enum GPT2Files {
    static let vocabularyName = "vocab.json"
    static let mergesName = "merges.txt"

    /// The vocabulary of two files. O(size).
    ///
    /// - Parameter named: tokens that are special, those that are not listed with their numbers;
    ///   `<|endoftext|>` is wherever it is listed.
    static func read(
        _ vocabulary: ByteView, vocabularyPath: String, merges: ByteView, mergesPath: String,
        pattern: SplitPattern, specials named: [(content: String, id: TokenID?)]
    ) throws(TokenizationError) -> Vocabulary {
        let specialNames = named.map(\.content)
        var listed = ListedTokens(fileSize: vocabulary.count)
        var otherNames = try readTokens(vocabulary, path: vocabularyPath, into: &listed)
        var specials: [SpecialToken] = []
        let endOfText = "<|endoftext|>"
        for name in specialNames + [endOfText]
        where !specials.contains(where: { ExactName($0.content) == ExactName(name) }) {
            var id = otherNames.removeValue(forKey: ExactName(name))
            if id == nil, let bytes = ByteCharacters.bytes(for: name) { id = listed.id(of: bytes) }
            // One that the file lacks may have a number of its own.
            id = id ?? named.first { ExactName($0.content) == ExactName(name) }?.id?.rawValue
            guard let id else {
                if name == endOfText, !specialNames.contains(name) { continue }
                throw .invalidConfiguration(
                    reason: "the special token \"\(name)\" is not in \(vocabularyPath)")
            }
            specials.append(SpecialToken(content: name, id: TokenID(id)))
        }
        if let name = otherNames.keys.map(\.text).min() {
            throw .unspelledToken(path: vocabularyPath, token: name)
        }
        let tokens = try listed.table(specials: specials) {
            (special, bytes) throws(TokenizationError) in
            guard let bytes, bytes != ByteCharacters.bytes(for: special.content) else {
                return false
            }
            throw .invalidConfiguration(
                reason:
                    "the number \(special.id) of the special token \"\(special.content)\" is also "
                    + "that of \"\(ByteCharacters.string(for: bytes))\" in \(vocabularyPath)")
        }
        try tokens.checkNames(of: specials)
        let pairs = try readMerges(merges, path: mergesPath, tokens: tokens)
        return Vocabulary(
            pattern: pattern, mergeSemantics: .listedMerges, specialTokens: specials,
            tokens: tokens, merges: try MergeTable(pairs, tokens: tokens))
    }

    /// Reads the tokens into `listed`, and returns those whose names are no byte characters.
    private static func readTokens(
        _ text: ByteView, path: String, into listed: inout ListedTokens
    ) throws(TokenizationError) -> [ExactName: UInt32] {
        var otherNames: [ExactName: UInt32] = [:]
        var reader = JSONReader(text, path: path)
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
                continue
            }
            let name = ExactName(String(decoding: other, as: UTF8.self))
            guard otherNames.updateValue(id, forKey: name) == nil else {
                throw reader.failure("the same token has been listed before")
            }
        }
        try reader.finish()
        return otherNames
    }

    private static func readMerges(
        _ text: ByteView, path: String, tokens: TokenTable
    ) throws(TokenizationError) -> [MergePair] {
        var pairs: [MergePair] = []
        var names = ByteArena()
        var line = 1
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count, text[end] != 0x0A { end += 1 }
            defer {
                start = end + 1
                line += 1
            }
            let length = end > start && text[end - 1] == 0x0D ? end - 1 - start : end - start
            if text.hasPrefix(versionMark, at: start) {
                // Some readers skip such a line wherever it stands, others only the first.
                guard line == 1 else {
                    throw .unsupported(
                        path: path, reason: "line \(line) begins with #version but is not the first"
                    )
                }
                continue
            }
            if length == 0 { continue }
            names.truncate(to: 0)
            let parts = text.array(from: start, to: start + length)
                .split(separator: 0x20, omittingEmptySubsequences: false)
            var middle = 0
            guard parts.count == 2, String(validating: parts[0], as: UTF8.self) != nil,
                String(validating: parts[1], as: UTF8.self) != nil,
                ByteCharacters.appendBytes(for: Array(parts[0]), to: &names)
            else { throw Self.badMerge(path, start, line) }
            middle = names.count
            guard ByteCharacters.appendBytes(for: Array(parts[1]), to: &names),
                let left = tokens.id(of: names.bytes, from: 0, to: middle),
                let right = tokens.id(of: names.bytes, from: middle, to: names.count)
            else { throw Self.badMerge(path, start, line) }
            pairs.append(MergePair(left: left, right: right))
        }
        return pairs
    }

    private static let versionMark = Array("#version".utf8)

    private static func badMerge(_ path: String, _ offset: Int, _ line: Int) -> TokenizationError {
        .malformed(
            path: path, offset: offset,
            reason: "line \(line) does not name two tokens of the vocabulary")
    }

    /// The two files of `vocabulary`. O(size).
    static func write(_ vocabulary: Vocabulary) -> (vocabulary: [UInt8], merges: [UInt8]) {
        let names = vocabulary.tokenNames()
        var list = JSONText(isCompact: true)
        list.object { json in
            for (id, name) in names.enumerated() where !name.isEmpty {
                json.value(name, String(id))
            }
        }
        var merges = Array("#version: 0.2\n".utf8)
        for pair in vocabulary.merges.pairs {
            merges += Array("\(names[Int(pair.left)]) \(names[Int(pair.right)])\n".utf8)
        }
        return (list.bytes, merges)
    }

    /// Reason for which the two files cannot say what `vocabulary` does; `nil` if they can. About
    /// O(n log n) in the size.
    static func obstacle(_ vocabulary: Vocabulary) -> String? {
        if vocabulary.mergeSemantics == .wholePieceFirst, let id = vocabulary.firstWholePieceOnly {
            return
                "the token \(id) \"\(Vocabulary.printable(vocabulary.bytes(of: id)))\" is taken "
                + "where it is a whole piece but cannot be made by the merges, which is all that "
                + "the format knows"
        }
        let mark = "#version"
        let names = vocabulary.tokenNames()
        for pair in vocabulary.merges.pairs where names[Int(pair.left)].hasPrefix(mark) {
            return
                "a merge begins with the token \"\(names[Int(pair.left)])\", and readers skip "
                + "lines that begin with \(mark)"
        }
        return nil
    }
}
