import Bytes
import Tokenization

/// `tekken.json`: Mistral's form of tiktoken's ranks, with the pattern and the special tokens.
///
/// The special tokens come first, so that a token's number is its rank and their number together.
/// Source: `Tekkenizer` in `mistral-common`.
struct TekkenFile {
    private let path: String
    private var config: JSONValue = .null
    private var specials: JSONValue = .null

    /// Reads a whole file as a vocabulary. O(size), and about O(n log n) for the merges.
    static func read(_ text: ByteView, path: String) throws(TokenizationError) -> Vocabulary {
        var file = TekkenFile(path: path)
        var reader = JSONReader(text, path: path)
        var listReader: JSONReader?
        try reader.readObject { (reader, key) throws(TokenizationError) in
            switch key {
            case "config": file.config = try reader.readValue()
            case "special_tokens": file.specials = try reader.readValue()
            case "vocab":
                listReader = reader
                try reader.skipValue()
            default: try reader.skipValue()
            }
        }
        try reader.finish()
        guard var listReader else { throw reader.failure("there is no \"vocab\" in it") }
        return try file.vocabulary(&listReader)
    }

    private func vocabulary(
        _ reader: inout JSONReader
    ) throws(TokenizationError) -> Vocabulary {
        let size = try number("default_vocab_size")
        let specialCount = try number("default_num_special_tokens")
        guard specialCount <= size else {
            throw .unsupported(
                path: path, reason: "it has \(specialCount) special tokens of \(size) tokens in all"
            )
        }
        guard let expression = config["pattern"]?.string,
            let pattern = SplitPattern(tiktokenExpression: expression)
        else {
            throw .unsupported(
                path: path, reason: "the pattern \(config["pattern"]?.string ?? "") is not known")
        }
        let tokens = try readTokens(
            &reader, count: size - specialCount, firstID: UInt32(specialCount))
        return try Vocabulary(
            ranked: tokens, pattern: pattern, specials: try specialTokens(count: specialCount),
            path: path)
    }

    private func number(_ key: String) throws(TokenizationError) -> Int {
        guard case .number(let spelling) = config[key] ?? .null, let value = Int(spelling),
            value >= 0, value <= Int(ListedTokens.maximumID)
        else { throw .unsupported(path: path, reason: "its config has no number \"\(key)\"") }
        return value
    }

    /// The first `count` tokens of the list; the file may have more than the program uses.
    private func readTokens(
        _ reader: inout JSONReader, count: Int, firstID: UInt32
    ) throws(TokenizationError) -> ListedTokens {
        var tokens = ListedTokens()
        var text: [UInt8] = []
        var rank = 0
        var isFirst = true
        try reader.open(UInt8(ascii: "["))
        while try reader.next(until: UInt8(ascii: "]"), isFirst: isFirst) {
            isFirst = false
            guard rank < count else {
                try reader.skipValue()
                continue
            }
            var hasBytes = false
            var isFirstMember = true
            try reader.open(UInt8(ascii: "{"))
            while try reader.next(until: UInt8(ascii: "}"), isFirst: isFirstMember) {
                isFirstMember = false
                try reader.readString(into: &text)
                try reader.take(UInt8(ascii: ":"))
                switch String(decoding: text, as: UTF8.self) {
                case "rank":
                    guard try reader.readID() == UInt32(rank) else {
                        throw reader.failure("the tokens are not listed by rank")
                    }
                case "token_bytes":
                    try reader.readString(into: &text)
                    let isBase64 = ByteView.with(text.span) {
                        Base64.decode($0, from: 0, to: $0.count, into: &tokens.bytes)
                    }
                    guard isBase64, !hasBytes else {
                        throw reader.failure("\"token_bytes\" is not a token in base64")
                    }
                    hasBytes = true
                default: try reader.skipValue()
                }
            }
            guard hasBytes else { throw reader.failure("a token lacks \"token_bytes\"") }
            tokens.endToken(firstID + UInt32(rank))
            rank += 1
        }
        guard rank == count else {
            throw .unsupported(
                path: path,
                reason: "it lists \(rank) tokens, but its config asks for \(count) and special ones"
            )
        }
        return tokens
    }

    /// The special tokens: those of the file, or of files without any, and fillers up to `count`.
    private func specialTokens(count: Int) throws(TokenizationError) -> [SpecialToken] {
        var names: [String] = []
        if let listed = specials.array {
            for (rank, token) in listed.enumerated() {
                guard token["rank"] == .number(String(rank)), let name = token["token_str"]?.string,
                    !name.isEmpty
                else {
                    throw .unsupported(
                        path: path, reason: "its special tokens are not listed by rank")
                }
                names.append(name)
            }
        } else {
            let versions = ["v1", "v2", "v3", "v7"]
            guard specials.isNull, versions.contains(config["version"]?.string ?? "") else {
                throw .unsupported(path: path, reason: "it has no list of special tokens")
            }
            names = Self.olderNames
        }
        guard names.count <= count else {
            throw .unsupported(
                path: path,
                reason: "it has \(names.count) special tokens, but its config says \(count)")
        }
        names += (names.count..<count).map { "<SPECIAL_\($0)>" }
        guard Set(names.map(ExactName.init)).count == count else {
            throw .invalidVocabulary(reason: "a special token of \(path) is listed twice")
        }
        return names.enumerated().map { SpecialToken(content: $1, id: TokenID($0)) }
    }

    /// Special tokens of files of the versions that do not list them.
    private static let olderNames = [
        "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]",
        "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]",
        "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]",
        "[TOOL_CONTENT]",
    ]

    private init(path: String) {
        self.path = path
    }
}

extension TekkenFile {
    /// The file of `vocabulary`. O(size).
    static func write(_ vocabulary: Vocabulary) -> [UInt8] {
        let specials = vocabulary.specialTokens
        var json = JSONText()
        json.object { json in
            json.object("config") { json in
                json.string("pattern", vocabulary.pattern.regularExpressions[0])
                json.value("num_vocab_tokens", String(vocabulary.count - specials.count))
                json.value("default_vocab_size", String(vocabulary.count))
                json.value("default_num_special_tokens", String(specials.count))
                json.string("version", "v3")
            }
            json.array("vocab") { json in
                for (rank, id) in vocabulary.ordinaryIDs.enumerated() {
                    let bytes = vocabulary.bytes(of: id)
                    json.object { json in
                        json.value("rank", String(rank))
                        json.string(
                            "token_bytes",
                            String(decoding: Base64.encode(bytes), as: UTF8.self))
                        if let text = String(validating: bytes, as: UTF8.self) {
                            json.string("token_str", text)
                        } else {
                            json.value("token_str", "null")
                        }
                    }
                }
            }
            json.array("special_tokens") { json in
                for special in specials {
                    json.object { json in
                        json.value("rank", String(special.id.rawValue))
                        json.string("token_str", special.content)
                        json.value("is_control", "true")
                    }
                }
            }
        }
        return json.bytes
    }

    /// Reason for which no such file can say what `vocabulary` does; `nil` if one can. About O(n
    /// log n) in the size.
    static func obstacle(_ vocabulary: Vocabulary) -> String? {
        let specials = vocabulary.specialTokens
        guard vocabulary.pattern.regularExpressions.count == 1 else {
            return "its pattern is more than one regular expression"
        }
        guard specials.enumerated().allSatisfy({ Int($1.id.rawValue) == $0 }) else {
            return "the format numbers special tokens before all others"
        }
        if let unused = vocabulary.unusedIDs.first {
            return "the number \(unused) is not used, and the format numbers tokens without a gap"
        }
        for byte in 0..<256
        where vocabulary.tokens.byteTokens[byte] != UInt32(specials.count + byte) {
            return "the format numbers the 256 bytes first, in the order of their values"
        }
        return vocabulary.rankObstacle()
    }
}
