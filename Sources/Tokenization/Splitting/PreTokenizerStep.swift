/// One step of the pre-tokenizer in a `tokenizer.json`, as far as the patterns use them.
///
/// Each step is applied to every part of the text that the one before it left. What a file's steps
/// are is for its reader to say; what they mean together is ``SplitPattern``'s to know:
///
/// | in the file | the step |
/// | --- | --- |
/// | `Split` by a `Regex`, `Isolated`, inverted or not | ``split(_:)`` |
/// | `Split` by a `Regex`, `Removed`, inverted | ``keepMatches(_:)`` |
/// | `Digits` with `individual_digits` | ``digits`` |
/// | `Digits` without | ``digitRuns`` |
/// | `Punctuation`, `Contiguous` | ``punctuationRuns`` |
/// | `ByteLevel` | ``byteLevel(usesExpression:)`` |
enum PreTokenizerStep: Equatable, Sendable {
    /// Matches are parts, and so is what lies between them.
    case split(String)
    /// Matches are parts, and what lies between them is lost.
    case keepMatches(String)
    /// Every character that is a number is a part.
    ///
    /// `tokenizers` asks its own toolchain what a number is here, and its expressions elsewhere: a
    /// release of 2026 takes thirteen code points that Unicode 17 added for numbers in this step
    /// only. Quern keeps to Unicode 16.
    case digits
    /// Every run of numbers is a part.
    case digitRuns
    /// Every run of punctuation is a part.
    case punctuationRuns
    /// Bytes become the characters that stand for them, after GPT-2's expression has cut the text
    /// if `use_regex` is set.
    case byteLevel(usesExpression: Bool)
}

extension SplitPattern {
    /// The pattern that cuts every text as `steps` do; `nil` if none is known to, or if they do not
    /// end in the one step that turns bytes into characters.
    init?(preTokenizers steps: [PreTokenizerStep]) {
        if steps == Self.falconSteps {
            self = .falcon
            return
        }
        guard case .byteLevel(let usesExpression) = steps.last else { return nil }
        var expressions: [String] = []
        for step in steps.dropLast() {
            switch step {
            case .split(let expression):
                expressions.append(expression)
            case .keepMatches(let expression):
                // The matches of a pattern that has just one expression leave no gaps: every
                // character is a letter, a number, whitespace or none of these, and matches.
                guard steps.count == 2, !usesExpression else { return nil }
                expressions.append(expression)
            case .digits:
                expressions.append(#"\p{N}"#)
            case .digitRuns:
                expressions.append(#"\p{N}+"#)
            case .byteLevel, .punctuationRuns:
                return nil
            }
        }
        if usesExpression { expressions += SplitPattern.gpt2.regularExpressions }
        self.init(regularExpressions: expressions)
    }

    /// The steps that a `tokenizer.json` needs to cut as this pattern does.
    ///
    /// - Precondition: the pattern has ``regularExpressions``, or is ``falcon``.
    var preTokenizers: [PreTokenizerStep] {
        if self == .falcon { return Self.falconSteps }
        precondition(!regularExpressions.isEmpty, "the pattern is only for show")
        return regularExpressions.map { .split($0) } + [.byteLevel(usesExpression: false)]
    }

    private static let falconSteps: [PreTokenizerStep] = [
        .punctuationRuns, .byteLevel(usesExpression: true), .digitRuns,
        .split("[0-9][0-9][0-9]"),
    ]
}
