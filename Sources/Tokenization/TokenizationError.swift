public import Files
public import Work

/// Errors in vocabularies, their files, and ids.
public enum TokenizationError: Error, Equatable, Sendable {
    /// A file could not be read or written.
    case file(FileError)
    /// A vocabulary file is not the JSON it should be.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - offset: where in it, in bytes from its start.
    ///   - reason: the fault at that place.
    case malformed(path: String, offset: Int, reason: String)
    /// A file of counts is not what it should be.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - offset: where in it, in bytes from its start.
    ///   - reason: the fault at that place.
    case malformedCounts(path: String, offset: Int, reason: String)
    /// A file is none of counts.
    case notCounts(path: String)
    /// A vocabulary file has a normalizer, a Unicode normal form, and it was not to be left out.
    case normalizer(path: String, name: String)
    /// A vocabulary file has a token that is not spelled in byte characters.
    case unspelledToken(path: String, token: String)
    /// A file holds ranks only, without a pattern and special tokens, and not those of a known
    /// vocabulary.
    case ranksOnly(path: String)
    /// A special token of a file of ranks was asked for without its id.
    case specialTokenWithoutID(String)
    /// No pre-tokenizer of llama.cpp's cuts text as the pattern does.
    ///
    /// - Parameters:
    ///   - pattern: the vocabulary's pattern.
    ///   - nearest: the pre-tokenizer that comes nearest, and the texts that it gives other ids.
    case noPreTokenizer(pattern: String, nearest: NearPreTokenizer?)
    /// A vocabulary puts so many tokens before a text, and GGUF at most one.
    case longTextPrefix(tokenCount: Int)
    /// A vocabulary file asks for something that Quern cannot do exactly.
    case unsupported(path: String, reason: String)
    /// A vocabulary cannot be written in a format so that its readers get the same ids.
    case notRepresentable(format: String, reason: String)
    /// Tokens and merges do not make a vocabulary.
    case invalidVocabulary(reason: String)
    /// A setting is out of range.
    case invalidConfiguration(reason: String)
    /// An id does not belong to the vocabulary.
    case unknownToken(id: TokenID, vocabularyCount: Int)
    /// A special token that was asked for is none of the vocabulary's.
    case unknownSpecialToken(String, known: [String])
    /// A piece of text is not among those that a ``PieceVocabulary`` was made of.
    case unknownPiece(String)
    /// Counts were made with different patterns; each of the two is a file and its pattern.
    case differentPatterns(String, String)
    /// Counts add up to more than 64 bits hold.
    case countOverflow
    /// Learning needs more memory than it may take.
    case notEnoughMemory(needed: ByteSize, limit: ByteSize, pieceCount: Int)
    /// The distinct pieces have more bytes together than can be learned from.
    case tooManyPieces(byteCount: Int)
}

/// A pre-tokenizer of llama.cpp's that cuts most texts as a pattern does.
public struct NearPreTokenizer: Equatable, Sendable {
    /// Its name in a GGUF file.
    public var name: String
    /// The texts that it cuts differently, such as "words with accents or marks".
    public var texts: String

    /// A pre-tokenizer, and where it differs.
    public init(name: String, texts: String) {
        self.name = name
        self.texts = texts
    }
}
