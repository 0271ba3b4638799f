import ArgumentParser
import Models
import Pipeline
import Tokenization
import Work

/// Options that change a model's logits before a token is chosen.
struct AdjustmentOptions: ParsableArguments {
    @Option(
        name: .long,
        help: "Taken from the logits of tokens that were drawn before. (default: 0)",
        transform: Typed.real(.real(-1e6...1e6)))
    var presencePenalty: Double?

    @Option(
        name: .long,
        help: "Taken from the logits of tokens for each time they were drawn. (default: 0)",
        transform: Typed.real(.real(-1e6...1e6)))
    var frequencyPenalty: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Added to the logit of a token, which is named by its content or its number; -inf keeps \
            it out. May be repeated.
            """, valueName: "token=number"))
    var logitBias: [String] = []

    @Option(
        name: .long,
        help: """
            What no penalty is for: newlines, ends (tokens that end a text). May be repeated.
            """)
    var spare: [Spared] = []

    /// Tokens that penalties may leave alone.
    enum Spared: String, ExpressibleByArgument, CaseIterable {
        case newlines, ends
    }

    /// A number that is as good as none, and still finite.
    private static let most = 1e30

    func validate() throws {
        for bias in logitBias { _ = try Self.parts(bias) }
    }

    /// Whether one of the options was given.
    var areGiven: Bool {
        presencePenalty != nil || frequencyPenalty != nil || !logitBias.isEmpty || !spare.isEmpty
    }

    /// Sets what the options say.
    func apply(to options: inout TextSampler.Options, _ vocabulary: Vocabulary) throws {
        options.adjustments.presencePenalty = presencePenalty ?? 0
        options.adjustments.frequencyPenalty = frequencyPenalty ?? 0
        for bias in logitBias {
            let (name, number) = try Self.parts(bias)
            options.adjustments.logitBias[try vocabulary.token(name)] = Float(number)
        }
        options.sparesLineBreaks = spare.contains(.newlines)
        options.sparesEnds = spare.contains(.ends)
    }

    /// A token's name, which may hold the sign, and the number behind the last one.
    private static func parts(_ text: String) throws -> (name: String, number: Double) {
        guard let sign = text.lastIndex(of: "="), sign > text.startIndex,
            let number = Double(text[text.index(after: sign)...]), !number.isNaN
        else {
            throw ValidationError(
                "--logit-bias takes a token and a number, as in --logit-bias 50=-1.5, "
                    + "not \(text)")
        }
        return (String(text[..<sign]).unescaped, min(max(number, -most), most))
    }
}
