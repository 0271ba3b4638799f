import Bytes

/// An entry of "added_tokens" in a `tokenizer.json`.
struct AddedToken {
    var id: UInt32 = 0
    var content = ""

    /// "special": whether it is looked for only where special tokens are.
    var isSpecial = false

    /// "normalized": whether it is looked for in what the other kind left over.
    var isNormalized = false

    /// A setting that is not supported, if it is on.
    var unsupported: String?

    /// The token as the vocabulary has it.
    var special: SpecialToken {
        SpecialToken(
            content: content, id: TokenID(id),
            recognition: isSpecial ? .whereAllowed : .everywhere, isSearchedLast: isNormalized)
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
                    if try reader.readBool() { token.unsupported = key }
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

    /// Throws unless `tokens` are found without looking at the text around them. O(number).
    static func check(_ tokens: [AddedToken], path: String) throws(TokenizationError) {
        var contents: Set<ExactName> = []
        for token in tokens {
            if let key = token.unsupported {
                throw .unsupported(
                    path: path,
                    reason: "the added token \"\(token.content)\" has \"\(key)\" set, so that text "
                        + "around it would decide about it or be lost")
            }
            guard contents.insert(ExactName(token.content)).inserted else {
                throw .invalidVocabulary(
                    reason: "the added token \"\(token.content)\" is listed twice")
            }
        }
    }
}
