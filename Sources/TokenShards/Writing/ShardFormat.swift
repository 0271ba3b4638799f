import Bytes
package import Tokenization

/// Format of a data set's ids: what the headers of its shards and its manifest say of them.
package struct ShardFormat: Codable, Equatable, Sendable {
    /// The number of tokens of the vocabulary.
    let vocabularySize: Int
    /// The vocabulary's fingerprint, in hexadecimal.
    package let vocabularyFingerprint: String
    /// Place of the end-of-text token.
    let endOfText: EndOfTextPolicy
    /// Its id; nil when there is none.
    let endOfTextID: TokenID?
    /// Token before each document that was named for it; nil for none.
    let beginTokenID: TokenID?
    /// Token behind each document that was named for it; nil for none.
    let endTokenID: TokenID?
    /// Special tokens that are recognised in documents.
    let allowSpecial: SpecialTokenPolicy
    /// The most tokens in a shard of more than one document.
    let tokensPerShard: Int

    enum CodingKeys: String, CodingKey {
        case vocabularySize = "vocab_size"
        case vocabularyFingerprint = "vocab_fingerprint"
        case endOfText = "end_of_text"
        case endOfTextID = "end_of_text_id"
        case beginTokenID = "begin_token_id"
        case endTokenID = "end_token_id"
        case allowSpecial = "allow_special"
        case tokensPerShard = "tokens_per_shard"
    }

    /// The format of documents that are encoded with `vocabulary` and packed as `configuration`
    /// says.
    ///
    /// - Precondition: the vocabulary has the tokens that are named, and an end-of-text token,
    ///   unless the policy is `none` or others are named.
    package init(_ configuration: ShardConfiguration, vocabulary: Vocabulary) {
        func named(_ content: String?) -> TokenID? {
            guard let content else { return nil }
            guard let token = vocabulary.specialToken(content) else {
                preconditionFailure("\(content) is no special token of the vocabulary")
            }
            return token
        }
        beginTokenID = named(configuration.beginToken)
        endTokenID = named(configuration.endToken)
        let policy = configuration.documentTokens.isEmpty ? configuration.endOfText : .none
        precondition(
            policy == .none || vocabulary.endOfText != nil,
            "the policy \(policy) needs an end-of-text token")
        vocabularySize = vocabulary.count
        vocabularyFingerprint = hexadecimal(vocabulary.fingerprint)
        endOfText = policy
        endOfTextID = policy == .none ? nil : vocabulary.endOfText
        allowSpecial = configuration.allowSpecial
        tokensPerShard = configuration.tokensPerShard
    }

    /// The tokens around each document.
    var marks: DocumentMarks { header(tokenCount: 0).marks }

    /// Width of a stored id.
    var width: TokenWidth { TokenWidth(vocabularySize: vocabularySize) }

    /// The header of a shard of `tokenCount` tokens.
    func header(tokenCount: Int) -> ShardHeader {
        ShardHeader(
            width: width, tokenCount: tokenCount, vocabularySize: vocabularySize,
            vocabularyFingerprint: UInt64(vocabularyFingerprint, radix: 16) ?? 0,
            endOfText: endOfText, endOfTextID: endOfTextID ?? 0,
            named: DocumentMarks(begin: beginTokenID, end: endTokenID))
    }

    /// A manifest without shards.
    var manifest: ShardManifest {
        var manifest = ShardManifest(
            vocabulary: .init(fingerprint: vocabularyFingerprint, size: vocabularySize),
            endOfText: endOfText, endOfTextID: endOfTextID, dtype: width)
        (manifest.beginTokenID, manifest.endTokenID) = (beginTokenID, endTokenID)
        if allowSpecial != .none { manifest.allowSpecial = allowSpecial }
        return manifest
    }
}
