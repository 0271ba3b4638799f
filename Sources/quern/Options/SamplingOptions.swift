import ArgumentParser
import Foundation
import Models
import Work

/// Options of drawing the next token.
struct SamplingOptions: ParsableArguments {
    private static let defaults = GenerationConfiguration()

    static func range(of key: GenerationConfiguration.CodingKeys) -> ValueRange {
        GenerationConfiguration.range(of: key)
    }

    @Option(
        name: .long, help: "The most tokens to draw. (default: \(defaults.maximumTokenCount))",
        transform: Typed.whole(SamplingOptions.range(of: .maximumTokenCount)))
    var maxNewTokens: Int?

    @Option(
        name: .long,
        help: """
            How far to flatten the distribution; 0 for the most probable token. (default: \
            \(defaults.temperature))
            """, transform: Typed.real(SamplingOptions.range(of: .temperature)))
    var temperature: Double?

    @Option(
        name: .long,
        help: """
            Draw from this many of the most probable tokens; 0 for all. (default: \
            \(defaults.topK))
            """, transform: Typed.whole(SamplingOptions.range(of: .topK)))
    var topK: Int?

    @Option(
        name: .long,
        help: """
            Draw from the fewest tokens that have this much probability. (default: \
            \(defaults.topP))
            """, transform: Typed.real(SamplingOptions.range(of: .topP)))
    var topP: Double?

    @Option(
        name: .long,
        help: """
            Draw from tokens with this share of the most probable one's probability; 0 for \
            all. (default: \(defaults.minP))
            """, transform: Typed.real(SamplingOptions.range(of: .minP)))
    var minP: Double?

    @Option(
        name: .long,
        help: """
            Above 1, tokens that the text already has become less probable; 1 for no change. \
            (default: \(defaults.repetitionPenalty))
            """, transform: Typed.real(SamplingOptions.range(of: .repetitionPenalty)))
    var repetitionPenalty: Double?

    @Option(
        name: .long,
        help: """
            So many of the first tokens stay when the context is full and its oldest part leaves. \
            (default: \(defaults.keptTokenCount))
            """, transform: Typed.whole(SamplingOptions.range(of: .keptTokenCount)))
    var keep: Int?

    @Option(
        name: .long,
        help: """
            Draft so many tokens from what the text has already, and read them at once: the same \
            text, faster where it repeats itself. (default: \(defaults.draftTokenCount))
            """, transform: Typed.whole(SamplingOptions.range(of: .draftTokenCount)))
    var draft: Int?

    @Option(
        name: .long, help: "Chooses among the texts. (default: \(defaults.seed))",
        transform: Typed.seed)
    var seed: UInt64?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Text that ends what is drawn and is not shown; \\n is a line break. May be repeated.",
            valueName: "text"))
    var stopStrings: [String] = []

    func validate() throws {
        if stopStrings.contains("") { throw ValidationError("--stop-strings needs some text") }
    }

    /// Whether one of the options was given that choose among the next tokens, or end a text.
    var areGiven: Bool {
        [temperature, topP, minP, repetitionPenalty].contains { $0 != nil } || topK != nil
            || seed != nil || draft != nil || !stopStrings.isEmpty
    }

    /// The options as a configuration.
    ///
    /// - Parameter defaults: what holds where an option is not given.
    func configuration(
        over defaults: GenerationConfiguration = GenerationConfiguration()
    ) throws -> GenerationConfiguration {
        var generation = defaults
        generation.maximumTokenCount = maxNewTokens ?? generation.maximumTokenCount
        generation.temperature = temperature ?? generation.temperature
        generation.topK = topK ?? generation.topK
        generation.topP = topP ?? generation.topP
        generation.minP = minP ?? generation.minP
        generation.repetitionPenalty = repetitionPenalty ?? generation.repetitionPenalty
        generation.keptTokenCount = keep ?? generation.keptTokenCount
        generation.draftTokenCount = draft ?? generation.draftTokenCount
        generation.seed = seed ?? generation.seed
        if !stopStrings.isEmpty { generation.stopStrings = stopStrings.map(\.unescaped) }
        try generation.validate()
        return generation
    }
}

extension ValueRange {
    /// Numbers of beams of a search.
    static let beams = ValueRange.whole(1...BeamSearch.maximumBeamCount)
}
