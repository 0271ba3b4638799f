import Bytes

/// An entry of "added_tokens" in a `tokenizer.json`.
struct AddedToken {
    var id: UInt32 = 0
    var content = ""

    /// "special": whether it is looked for only where special tokens are.
    var isSpecial = false

    /// "normalized": whether it is looked for in what the other kind left over.
    var isNormalized = false

    /// "single_word", "lstrip" and "rstrip", as far as they are on.
    var settings: Set<String> = []

    /// The token as the vocabulary has it.
    var special: SpecialToken {
        SpecialToken(
            content: content, id: TokenID(id),
            recognition: isSpecial ? .whereAllowed : .everywhere, isSearchedLast: isNormalized,
            stripsLeft: settings.contains("lstrip"), stripsRight: settings.contains("rstrip"),
            isSingleWord: settings.contains("single_word"))
    }

    /// Reads the whole list.
    static func readAll(_ reader: inout JSONReader) throws(TokenizationError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        try reader.readArray { (reader) throws(TokenizationError) in
            var token = AddedToken()
            var hasID = false
            try reader.readObject { (reader, key) throws(TokenizationError) in
                switch key {
                case "id":
                    token.id = try reader.readID()
                    hasID = true
                case "content": token.content = try reader.readString()
                case "special": token.isSpecial = try reader.readBool()
                case "normalized": token.isNormalized = try reader.readBool()
                case "single_word", "lstrip", "rstrip":
                    if try reader.readBool() { token.settings.insert(key) }
                default: throw reader.failure("an added token has the unknown member \"\(key)\"")
                }
            }
            guard hasID, !token.content.isEmpty else {
                throw reader.failure("an added token lacks its id or content")
            }
            tokens.append(token)
        }
        return tokens
    }

    /// Throws if two of `tokens` are the same. O(number).
    static func check(_ tokens: [AddedToken]) throws(TokenizationError) {
        var contents: Set<ExactName> = []
        for token in tokens {
            guard contents.insert(ExactName(token.content)).inserted else {
                throw .invalidVocabulary(
                    reason: "the added token \"\(token.content)\" is listed twice")
            }
        }
    }
}
