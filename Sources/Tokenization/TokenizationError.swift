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
    /// Another vocabulary is in the directory where one was to be written.
    case otherVocabulary(path: String)
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
    /// A text has a byte that no token of the vocabulary stands for.
    ///
    /// - Parameters:
    ///   - byte: the byte.
    ///   - offset: where in the text, in bytes from its start.
    case lackedByte(UInt8, offset: Int)
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

extension TokenizationError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .file(let error):
            error.description
        case .malformed(let path, let offset, let reason):
            "\(path) is not a valid vocabulary: at byte \(offset), \(reason)"
        case .malformedCounts(let path, let offset, let reason):
            "\(path) is not a valid file of counts: at byte \(offset), \(reason)"
        case .notCounts(let path):
            "\(path) is not a valid file of counts: it does not begin as one"
        case .otherVocabulary(let path):
            """
            \(path) holds another vocabulary, which is not replaced: shards and models that were \
            made with it need it
            """
        case .unspelledToken(let path, let token):
            """
            \(path) cannot be used exactly, so it is refused: the token "\(token)" is not spelled \
            in byte characters; if it is a special token, say so
            """
        case .ranksOnly(let path):
            """
            the vocabulary's configuration is not valid: \(path) holds ranks only, and they are \
            not those of a known vocabulary: say how texts are cut, or whose pattern and special \
            tokens to take
            """
        case .specialTokenWithoutID(let content):
            "the vocabulary's configuration is not valid: the special token \"\(content)\" needs "
                + "its number"
        case .noPreTokenizer(let pattern, let nearest):
            """
            the format gguf cannot say exactly what this vocabulary does, so it is refused: \
            llama.cpp has no pre-tokenizer that cuts text as the pattern \(pattern) does
            """ + (nearest.map { "; \($0.name) comes near, with other ids for \($0.texts)" } ?? "")
        case .longTextPrefix(let count):
            """
            the format gguf cannot say exactly what this vocabulary does, so it is refused: it \
            puts \(count) tokens before a text, and llama.cpp one; say whether it shall
            """
        case .unsupported(let path, let reason):
            "\(path) cannot be used exactly, so it is refused: \(reason)"
        case .notRepresentable(let format, let reason):
            "the format \(format) cannot say exactly what this vocabulary does, so it is refused: "
                + reason
        case .invalidVocabulary(let reason):
            "the vocabulary is not valid: \(reason)"
        case .invalidConfiguration(let reason):
            "the vocabulary's configuration is not valid: \(reason)"
        case .lackedByte(let byte, let offset):
            "the vocabulary has no token for the byte 0x\(byte < 16 ? "0" : "")"
                + "\(String(byte, radix: 16)) at offset \(offset) of the text; take the byte out, "
                + "or use a vocabulary that has all 256"
        case .unknownToken(let id, let count):
            "there is no token \(id): the vocabulary has \(count) tokens, numbered from 0; "
                + "check that the ids were made with this vocabulary"
        case .unknownSpecialToken(let content, let known):
            "the vocabulary has no special token \"\(content)\"; "
                + (known.isEmpty
                    ? "it has none at all"
                    : "it has " + known.prefix(20).joined(separator: ", ")
                        + (known.count > 20 ? " and \(known.count - 20) more" : ""))
        case .unknownPiece(let piece):
            "the piece \"\(piece)\" is not in the vocabulary of pieces; "
                + "make the vocabulary from a text that has it"
        case .differentPatterns(let one, let other):
            "counts of different patterns do not belong together (\(one), \(other)); "
                + "count them with the same pattern"
        case .countOverflow:
            "the counts add up to more than 64 bits hold; check the counts that were merged"
        case .notEnoughMemory(let needed, let limit, let pieceCount):
            "learning from \(pieceCount) distinct pieces takes about \(needed) of memory, and "
                + "vocabulary.memory is \(limit); raise it or use less text"
        case .tooManyPieces(let byteCount):
            "the distinct pieces have \(byteCount) bytes together, and more than \(UInt32.max) "
                + "cannot be learned from; use less text, or a pattern that cuts it shorter"
        }
    }
}
