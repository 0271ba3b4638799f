import ArgumentParser
import Foundation
import Models

/// Options of drawing the next token.
struct SamplingOptions: ParsableArguments {
    @Option(name: .long, help: "The most tokens to draw.")
    var maxTokens = GenerationConfiguration().maximumTokenCount

    @Option(
        name: .long, help: "How far to flatten the distribution; 0 for the most probable token.")
    var temperature = GenerationConfiguration().temperature

    @Option(name: .long, help: "Draw from this many of the most probable tokens; 0 for all.")
    var topK = GenerationConfiguration().topK

    @Option(name: .long, help: "Draw from the fewest tokens that have this much probability.")
    var topP = GenerationConfiguration().topP

    @Option(
        name: .long,
        help: "Draw from tokens with this share of the most probable one's probability; 0 for all.")
    var minP = GenerationConfiguration().minP

    @Option(
        name: .long,
        help: "Above 1, tokens that the text already has become less probable; 1 for no change.")
    var repetitionPenalty = GenerationConfiguration().repetitionPenalty

    @Option(name: .long, help: "Chooses among the texts.")
    var seed = GenerationConfiguration().seed

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Text that ends what is drawn and is not shown; \\n is a line break. May be repeated.",
            valueName: "text"))
    var stop: [String] = []

    func validate() throws {
        if stop.contains("") { throw ValidationError("--stop needs some text") }
    }

    /// The options as a configuration.
    func configuration() throws -> GenerationConfiguration {
        var generation = GenerationConfiguration()
        generation.maximumTokenCount = maxTokens
        generation.temperature = temperature
        generation.topK = topK
        generation.topP = topP
        generation.minP = minP
        generation.repetitionPenalty = repetitionPenalty
        generation.seed = seed
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
}
