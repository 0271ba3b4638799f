/// A rule of quality as it was published, by which a document stays or goes, or a line does.
///
/// Of each the raw value is the name, in `corpus.refine.rules` and in the report's steps.
public enum QualityRule: String, CaseIterable, Sendable {
    /// The rules of one paper, which stand and are applied together, in this order.
    public enum Family: String, CaseIterable, Sendable {
        /// Gopher's rules of quality (Rae et al., 2021, appendix A.1.1,
        /// <https://arxiv.org/abs/2112.11446>).
        case gopherQuality = "gopher-quality"
        /// Gopher's rules of repetition (the same, table A1).
        case gopherRepetition = "gopher-repetition"
        /// The rules of C4, which take lines out of a document (Raffel et al., 2020, section 2.2,
        /// <https://jmlr.org/papers/v21/20-074.html>, and its program's
        /// `tensorflow_datasets/text/c4_utils.py`).
        case c4
        /// FineWeb's own rules (Penedo et al., 2024, section 3.5,
        /// <https://arxiv.org/abs/2406.17557>).
        case fineweb

        /// The rules of the family, in the order in which they are asked.
        public var rules: [QualityRule] { QualityRule.allCases.filter { $0.family == self } }
    }

    // Gopher, quality.
    case gopherMinimumWords = "gopher-min-words"
    case gopherMaximumWords = "gopher-max-words"
    case gopherMinimumWordLength = "gopher-min-word-length"
    case gopherMaximumWordLength = "gopher-max-word-length"
    case gopherHashes = "gopher-hashes"
    case gopherEllipses = "gopher-ellipses"
    case gopherBulletLines = "gopher-bullet-lines"
    case gopherEllipsisLines = "gopher-ellipsis-lines"
    case gopherAlphabeticWords = "gopher-alphabetic-words"
    case gopherStopWords = "gopher-stop-words"
    // Gopher, repetition.
    case gopherRepeatedParagraphs = "gopher-repeated-paragraphs"
    case gopherRepeatedParagraphCharacters = "gopher-repeated-paragraph-chars"
    case gopherRepeatedLines = "gopher-repeated-lines"
    case gopherRepeatedLineCharacters = "gopher-repeated-line-chars"
    case gopherTop2Gram = "gopher-top-2-gram"
    case gopherTop3Gram = "gopher-top-3-gram"
    case gopherTop4Gram = "gopher-top-4-gram"
    case gopherRepeated5Grams = "gopher-repeated-5-grams"
    case gopherRepeated6Grams = "gopher-repeated-6-grams"
    case gopherRepeated7Grams = "gopher-repeated-7-grams"
    case gopherRepeated8Grams = "gopher-repeated-8-grams"
    case gopherRepeated9Grams = "gopher-repeated-9-grams"
    case gopherRepeated10Grams = "gopher-repeated-10-grams"
    // C4.
    case c4LongWords = "c4-long-words"
    case c4Citations = "c4-citations"
    case c4TerminalPunctuation = "c4-terminal-punctuation"
    case c4WordsInLine = "c4-words-in-line"
    case c4LoremIpsum = "c4-lorem-ipsum"
    case c4JavaScript = "c4-javascript"
    case c4CurlyBracket = "c4-curly-bracket"
    case c4Policy = "c4-policy"
    case c4Sentences = "c4-sentences"
    // FineWeb.
    case fineWebLinePunctuation = "fineweb-line-punctuation"
    case fineWebShortLines = "fineweb-short-lines"
    case fineWebRepeatedLineCharacters = "fineweb-repeated-line-chars"
    case fineWebNewLines = "fineweb-new-lines"

    /// The paper's rules that this is one of.
    public var family: Family {
        switch self {
        case .gopherMinimumWords, .gopherMaximumWords, .gopherMinimumWordLength,
            .gopherMaximumWordLength, .gopherHashes, .gopherEllipses, .gopherBulletLines,
            .gopherEllipsisLines, .gopherAlphabeticWords, .gopherStopWords:
            .gopherQuality
        case .gopherRepeatedParagraphs, .gopherRepeatedParagraphCharacters, .gopherRepeatedLines,
            .gopherRepeatedLineCharacters, .gopherTop2Gram, .gopherTop3Gram, .gopherTop4Gram,
            .gopherRepeated5Grams, .gopherRepeated6Grams, .gopherRepeated7Grams,
            .gopherRepeated8Grams, .gopherRepeated9Grams, .gopherRepeated10Grams:
            .gopherRepetition
        case .c4LongWords, .c4Citations, .c4TerminalPunctuation, .c4WordsInLine, .c4LoremIpsum,
            .c4JavaScript, .c4CurlyBracket, .c4Policy, .c4Sentences:
            .c4
        case .fineWebLinePunctuation, .fineWebShortLines, .fineWebRepeatedLineCharacters,
            .fineWebNewLines:
            .fineweb
        }
    }

    /// The limit as it was published: a count, or a share from 0 to 1; `nil` for a rule that has
    /// none.
    public var publishedLimit: Double? {
        switch self {
        case .gopherMinimumWords: 50
        case .gopherMaximumWords: 100_000
        case .gopherMinimumWordLength: 3
        case .gopherMaximumWordLength: 10
        case .gopherHashes, .gopherEllipses: 0.1
        case .gopherBulletLines: 0.9
        case .gopherEllipsisLines: 0.3
        case .gopherAlphabeticWords: 0.8
        case .gopherStopWords: 2
        case .gopherRepeatedParagraphs, .gopherRepeatedLines: 0.3
        case .gopherRepeatedParagraphCharacters, .gopherRepeatedLineCharacters: 0.2
        case .gopherTop2Gram: 0.2
        case .gopherTop3Gram: 0.18
        case .gopherTop4Gram: 0.16
        case .gopherRepeated5Grams: 0.15
        case .gopherRepeated6Grams: 0.14
        case .gopherRepeated7Grams: 0.13
        case .gopherRepeated8Grams: 0.12
        case .gopherRepeated9Grams: 0.11
        case .gopherRepeated10Grams: 0.1
        case .c4LongWords: 1_000
        case .c4WordsInLine: 3
        case .c4Sentences: 5
        case .c4Citations, .c4TerminalPunctuation, .c4LoremIpsum, .c4JavaScript, .c4CurlyBracket,
            .c4Policy:
            nil
        case .fineWebLinePunctuation: 0.12
        case .fineWebShortLines: 0.67
        case .fineWebRepeatedLineCharacters: 0.01
        case .fineWebNewLines: 0.3
        }
    }

    /// The rule takes lines, or what stands in them, out of a document that stays.
    public var changesText: Bool {
        switch self {
        case .c4LongWords, .c4Citations, .c4TerminalPunctuation, .c4WordsInLine, .c4JavaScript,
            .c4Policy:
            true
        default: false
        }
    }
}
