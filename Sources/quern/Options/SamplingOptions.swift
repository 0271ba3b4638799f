import ArgumentParser
import Foundation
import Models

/// Options of drawing the next token.
struct SamplingOptions: ParsableArguments {
    private static let defaults = GenerationConfiguration()

    @Option(name: .long, help: "The most tokens to draw.")
    var maxTokens = defaults.maximumTokenCount

    @Option(
        name: .long,
        help: """
            How far to flatten the distribution; 0 for the most probable token. (default: \
            \(defaults.temperature))
            """)
    var temperature: Double?

    @Option(
        name: .long,
        help: """
            Draw from this many of the most probable tokens; 0 for all. (default: \
            \(defaults.topK))
            """)
    var topK: Int?

    @Option(
        name: .long,
        help: """
            Draw from the fewest tokens that have this much probability. (default: \
            \(defaults.topP))
            """)
    var topP: Double?

    @Option(
        name: .long,
        help: """
            Draw from tokens with this share of the most probable one's probability; 0 for \
            all. (default: \(defaults.minP))
            """)
    var minP: Double?

    @Option(
        name: .long,
        help: """
            Above 1, tokens that the text already has become less probable; 1 for no change. \
            (default: \(defaults.repetitionPenalty))
            """)
    var repetitionPenalty: Double?

    @Option(name: .long, help: "Chooses among the texts. (default: \(defaults.seed))")
    var seed: UInt64?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Text that ends what is drawn and is not shown; \\n is a line break. May be repeated.",
            valueName: "text"))
    var stop: [String] = []

    func validate() throws {
        if stop.contains("") { throw ValidationError("--stop needs some text") }
    }

    /// Whether one of the options was given that choose among the next tokens, or end a text.
    var areGiven: Bool {
        [temperature, topP, minP, repetitionPenalty].contains { $0 != nil } || topK != nil
            || seed != nil || !stop.isEmpty
    }

    /// The options as a configuration.
    func configuration() throws -> GenerationConfiguration {
        var generation = GenerationConfiguration()
        generation.maximumTokenCount = maxTokens
        generation.temperature = temperature ?? generation.temperature
        generation.topK = topK ?? generation.topK
        generation.topP = topP ?? generation.topP
        generation.minP = minP ?? generation.minP
        generation.repetitionPenalty = repetitionPenalty ?? generation.repetitionPenalty
        generation.seed = seed ?? generation.seed
        generation.stopStrings = stop.map(\.unescaped)
        try generation.validate()
        return generation
    }
}

extension BeamSearch {
    /// Throws for a number of beams that no search has.
    static func validate(beams: Int) throws {
        guard (1...maximumBeamCount).contains(beams) else {
            throw ValidationError("--beams is from 1 to \(maximumBeamCount)")
        }
    }

    /// Throws for a power beyond which scores would leave the range of numbers.
    static func validate(lengthPenalty: Double) throws {
        guard (-10...10).contains(lengthPenalty) else {
            throw ValidationError("--length-penalty is from -10 to 10")
        }
    }
}
