/// How a text is cut into the pieces that merges never cross.
///
/// ```swift
/// SplitPattern.gpt4.pieces(of: Array("Hold my math!".utf8).span)  // "Hold", " my", " math", "!"
/// ```
///
/// Every pattern is hand-written code over bytes. It accepts any bytes: a byte that is not part of a
/// well-formed UTF-8 sequence counts as a character of no class. Pieces joined together are the
/// text again.
public enum SplitPattern: String, Codable, CaseIterable, Sendable {
    /// The pattern of GPT-2.
    case gpt2
    /// The pattern of GPT-4 in the form that minbpe and rustbpe made common.
    case gpt4
    /// One character a piece, for seeing what the simplest vocabulary does.
    case character
    /// Words and single punctuation marks, as in introductory courses.
    ///
    /// The punctuation marks `,.:;?_!"()'`, the double hyphen `--` and each whitespace character are
    /// pieces of their own; what stands between them is a word.
    case word

    /// The regular expression of the pattern, as `tokenizer.json` holds it; `nil` where it is only
    /// for show.
    ///
    /// The spelling means the same to Oniguruma, which `tokenizers` uses, and to the engine of
    /// tiktoken.
    public var regularExpression: String? {
        switch self {
        case .gpt2:
            #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
        case .gpt4:
            #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}"#
                + #"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#
        case .character, .word:
            nil
        }
    }

    /// The pattern with a regular expression that is known, in any of its equivalent spellings.
    init?(regularExpression: String) {
        switch regularExpression {
        case SplitPattern.gpt2.regularExpression:
            self = .gpt2
        case SplitPattern.gpt4.regularExpression, Self.llama3Spelling:
            self = .gpt4
        default:
            return nil
        }
    }

    /// Llama 3's expression cuts every text as ``gpt4`` does: `\s*[\r\n]` already reaches the last
    /// line break of a run, and the possessive signs change nothing there.
    private static let llama3Spelling =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"#
        + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

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
        switch self {
        case .gpt2: forEachPiece(GPT2Scanner.self, of: text, body)
        case .gpt4: forEachPiece(GPT4Scanner.self, of: text, body)
        case .character: forEachPiece(CharacterScanner.self, of: text, body)
        case .word: forEachPiece(WordScanner.self, of: text, body)
        }
    }

    private func forEachPiece<Scanner: PieceScanner>(
        _: Scanner.Type, of text: Span<UInt8>, _ body: (Range<Int>) -> Void
    ) {
        ByteView.with(text) { view in
            let scanner = Scanner(tables: UnicodeClasses.shared.tables)
            var start = 0
            while start < view.count {
                let end = scanner.pieceEnd(in: view, from: start)
                body(start..<end)
                start = end
            }
        }
    }
}
