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
    /// Special tokens that are recognised in documents.
    let allowSpecial: SpecialTokenPolicy
    /// The most tokens in a shard of more than one document.
    let tokensPerShard: Int

    enum CodingKeys: String, CodingKey {
        case vocabularySize = "vocab_size"
        case vocabularyFingerprint = "vocab_fingerprint"
        case endOfText = "end_of_text"
        case endOfTextID = "end_of_text_id"
        case allowSpecial = "allow_special"
        case tokensPerShard = "tokens_per_shard"
    }

    /// The format of documents that are encoded with `vocabulary` and packed as `configuration`
    /// says.
    ///
    /// - Precondition: the vocabulary has an end-of-text token, unless the policy is `none`.
    package init(_ configuration: ShardConfiguration, vocabulary: Vocabulary) {
        precondition(
            configuration.endOfText == .none || vocabulary.endOfText != nil,
            "the policy \(configuration.endOfText) needs an end-of-text token")
        vocabularySize = vocabulary.count
        vocabularyFingerprint = hexadecimal(vocabulary.fingerprint)
        endOfText = configuration.endOfText
        endOfTextID = configuration.endOfText == .none ? nil : vocabulary.endOfText
        allowSpecial = configuration.allowSpecial
        tokensPerShard = configuration.tokensPerShard
    }

    /// Width of a stored id.
    var width: TokenWidth { TokenWidth(vocabularySize: vocabularySize) }

    /// The header of a shard of `tokenCount` tokens.
    func header(tokenCount: Int) -> ShardHeader {
        ShardHeader(
            width: width, tokenCount: tokenCount, vocabularySize: vocabularySize,
            vocabularyFingerprint: UInt64(vocabularyFingerprint, radix: 16) ?? 0,
            endOfText: endOfText, endOfTextID: endOfTextID ?? 0)
    }

    /// A manifest without shards.
    var manifest: ShardManifest {
        var manifest = ShardManifest(
            vocabulary: .init(fingerprint: vocabularyFingerprint, size: vocabularySize),
            endOfText: endOfText, endOfTextID: endOfTextID, dtype: width)
        if allowSpecial != .none { manifest.allowSpecial = allowSpecial }
        return manifest
    }
}
