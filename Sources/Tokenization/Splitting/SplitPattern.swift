import Bytes
public import Work

/// Pattern that cuts a text into the pieces that merges never cross.
///
/// ```swift
/// SplitPattern.gpt4.pieces(of: Array("Hold my math!".utf8).span)  // "Hold", " my", " math", "!"
/// ```
///
/// Every pattern is hand-written code over bytes. It accepts any bytes: a byte that is not part of
/// a well-formed UTF-8 sequence counts as a character of no class. Pieces joined together are the
/// text again. Letters, numbers and the rest are those of Unicode 16.
///
/// The patterns from ``gpt2`` to ``starcoder``, and ``superbpe``, are those of published
/// vocabularies, ``character`` and ``word`` those of the simplest ones; all cut every text as their
/// ``regularExpressions`` say.
/// ``falcon`` has steps that are no expressions, ``sentencePiece``, ``metaspace`` and ``whole``
/// belong to vocabularies that are spelled in characters, and ``bytes`` is only for show.
public enum SplitPattern: String, Codable, CaseIterable, Sendable {
    /// The pattern of GPT-2: words and numbers of any length, each with a space in front if there
    /// is one; contractions in lower case only.
    case gpt2
    /// GPT-2's pattern as tiktoken spells it for `r50k_base` and `p50k_base`. It cuts as ``gpt2``
    /// does.
    case r50k
    /// The pattern of `cl100k_base` (GPT-3.5 and GPT-4) in today's tiktoken. It differs from
    /// ``gpt4`` where a text ends in whitespace with a line break, which is one piece here.
    case cl100k
    /// The pattern of Llama 3, which is `cl100k_base` as tiktoken first had it. It cuts as ``gpt4``
    /// does.
    case llama3
    /// The pattern of GPT-4 in the form that minbpe and rustbpe made common: any character in front
    /// of a word but a line break or number, numbers of up to three digits, line breaks with the
    /// punctuation before them; contractions in any case.
    case gpt4
    /// The pattern of nanochat: ``gpt4`` with numbers of up to two digits.
    case nanochat
    /// The pattern of Qwen 2, 2.5 and 3: ``gpt4`` with every digit alone.
    case qwen2
    /// The pattern of Qwen 3.5: ``qwen2`` with marks as parts of words.
    case qwen35 = "qwen3.5"
    /// The pattern of `o200k_base` (GPT-4o, gpt-oss, Llama 4): words are also cut where a capital
    /// follows a lower-case letter, and keep their contraction.
    case o200k
    /// The pattern of Mistral's Tekken: ``o200k`` with every digit alone and without contractions.
    case tekken
    /// The pattern of DeepSeek V3 and R1: three expressions in sequence, for numbers, for Chinese
    /// and Japanese, and for the rest.
    case deepseek3
    /// The pattern of DeepSeek Coder: line breaks, words, punctuation, the scripts of Asia, and
    /// every digit alone, one expression after another.
    case deepseekCoder = "deepseek-coder"
    /// The pattern of DeepSeek LLM: as ``deepseekCoder``, with lists of letters and punctuation of
    /// its own.
    case deepseekLLM = "deepseek-llm"
    /// The pattern of Kimi K2: ``o200k`` with Chinese characters apart from other letters.
    case kimi
    /// The pattern of StarCoder and SmolLM: every digit alone, and ``gpt2`` between them.
    case starcoder
    /// The pattern of Falcon: punctuation, ``gpt2``, and numbers of up to three digits, which are
    /// told apart when bytes are characters already.
    case falcon
    /// The pattern of SuperBPE: whatever stands between two numbers is a piece, and the digits of a
    /// number are cut in threes from the right, so that merges may join words.
    case superbpe
    /// One character (Unicode scalar) a piece: the pattern of ``VocabularyModel/character``.
    case character
    /// Words and single punctuation marks, as in introductory courses.
    ///
    /// The punctuation marks `,.:;?_!"()'`, the double hyphen `--` and each whitespace character
    /// are pieces of their own; what stands between them is a word.
    case word
    /// A word with the spaces before it. The pattern of SentencePiece's vocabularies in which no
    /// token holds a space behind another character, so that no merge joins what it cuts.
    case sentencePiece = "sentencepiece"
    /// As ``sentencePiece`` with one space at most: others are pieces of their own.
    case metaspace
    /// The whole text.
    case whole
    /// One byte a piece: what is left of a vocabulary without merges.
    case bytes

    /// Lets `visitor` work with the pattern's scanner.
    @inline(__always)
    func accept<Visitor: PieceScannerVisitor>(_ visitor: inout Visitor) -> Visitor.Result {
        let tables = UnicodeClasses.shared.tables
        return switch self {
        case .gpt2, .r50k:
            visitor.visit(GPT2Scanner(tables: tables))
        case .cl100k:
            visitor.visit(GPT4Scanner(tables: tables, takesFinalWhitespace: true))
        case .llama3, .gpt4:
            visitor.visit(GPT4Scanner(tables: tables))
        case .nanochat:
            visitor.visit(GPT4Scanner(tables: tables, longestNumber: 2))
        case .qwen2:
            visitor.visit(GPT4Scanner(tables: tables, longestNumber: 1))
        case .qwen35:
            visitor.visit(
                GPT4Scanner(tables: tables, wordClasses: [.letter, .mark], longestNumber: 1))
        case .o200k:
            visitor.visit(O200KScanner(tables: tables))
        case .tekken:
            visitor.visit(
                O200KScanner(tables: tables, longestNumber: 1, takesContractions: false))
        case .deepseek3:
            visitor.visit(DeepSeekScanner(tables: tables))
        case .deepseekCoder:
            visitor.visit(DeepSeekCoderScanner(tables: tables))
        case .deepseekLLM:
            visitor.visit(DeepSeekCoderScanner(tables: tables, lists: .shared))
        case .kimi:
            visitor.visit(KimiScanner(tables: tables))
        case .starcoder:
            visitor.visit(StarCoderScanner(tables: tables))
        case .falcon:
            visitor.visit(FalconScanner(tables: tables))
        case .superbpe:
            visitor.visit(SuperBPEScanner(tables: tables))
        case .character:
            visitor.visit(CharacterScanner())
        case .word:
            visitor.visit(WordScanner(tables: tables))
        case .sentencePiece:
            visitor.visit(SpaceScanner(takesAllSpaces: true))
        case .metaspace:
            visitor.visit(SpaceScanner(takesAllSpaces: false))
        case .whole:
            visitor.visit(WholeScanner())
        case .bytes:
            visitor.visit(ByteScanner())
        }
    }

    /// The pieces of `text`, in order. O(count of `text`).
    public func pieces(of text: Span<UInt8>) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        forEachPiece(of: text) { range in
            pieces.append(range.map { text[$0] })
        }
        return pieces
    }

    /// Calls `body` with the place of each piece of `text`, in order. O(count of `text`).
    public func forEachPiece(of text: Span<UInt8>, _ body: (Range<Int>) -> Void) {
        withoutActuallyEscaping(body) { body in
            ByteView.with(text) { view in
                var visitor = PieceVisitor(text: view, body: body)
                accept(&visitor)
            }
        }
    }
}

private struct PieceVisitor: PieceScannerVisitor {
    let text: ByteView
    let body: (Range<Int>) -> Void

    func visit(_ scanner: some PieceScanner) {
        var start = 0
        while start < text.count {
            let end = scanner.pieceEnd(in: text, from: start)
            body(start..<end)
            start = end
        }
    }
}

extension SplitPattern: SettingChoice {}
