public import Work

/// What the tokens of a vocabulary are: the level at which a text is cut.
///
/// All three hold the 256 bytes, so that every text can be encoded and comes back unchanged, and
/// bits per byte of models of different levels can be compared. "Hold my math!" is thirteen
/// characters, four words, and something between for a BPE that has not seen it often.
///
/// Characters and words are ``MergeSemantics/wholePieceFirst`` without merges: a piece of the
/// pattern that is a token is taken whole, and any other becomes its bytes. In a `tokenizer.json`
/// they are a `BPE` with `ignore_merges`, which `tokenizers` reads with the same ids.
public enum VocabularyModel: String, Codable, CaseIterable, Sendable {
    /// Byte-pair encoding: the most frequent pair of neighbours becomes a token, again and again.
    case bpe
    /// The most frequent pieces of the pattern, which are words, whole; other words become their
    /// bytes.
    case word
    /// The most frequent characters (Unicode scalars); others become the bytes of their UTF-8.
    case character

    /// The patterns by which a vocabulary of this kind can be learned, the default first.
    public var patterns: [SplitPattern] {
        let published = SplitPattern.regular.filter { $0 != .character && $0 != .word }
        return switch self {
        case .bpe: [.gpt4] + published.filter { $0 != .gpt4 }
        case .word: [.gpt4] + published.filter { $0 != .gpt4 } + [.word]
        case .character: [.character]
        }
    }

    /// The pattern where none is named.
    public var defaultPattern: SplitPattern { self == .character ? .character : .gpt4 }
}

extension Vocabulary {
    /// What the tokens are. A vocabulary without merges that takes pieces whole holds characters or
    /// words, as its pattern says.
    public var model: VocabularyModel {
        guard mergeSemantics == .wholePieceFirst, mergeCount == 0 else { return .bpe }
        return pattern == .character ? .character : .word
    }
}

extension VocabularyModel: SettingChoice {}
