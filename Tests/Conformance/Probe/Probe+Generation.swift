import Foundation
import Models
import Work

/// Task of a sampler: logits, and the settings of drawing from them.
struct ProbeSampling: Decodable {
    let generation: GenerationConfiguration
    let logits: [Float]
    let seen: [TokenID]
}

extension Probe {
    /// Prints the probabilities of the next tokens after the processors, for each of the cases.
    static func probabilities(_ arguments: [String]) throws {
        let cases = try read([ProbeSampling].self, arguments[0])
        try printJSON(
            cases.map { one in
                var sampler = Sampler(one.generation)
                sampler.note(one.seen)
                return sampler.probabilities(from: one.logits.span)
            })
    }

    /// Writes the attention of every head, (layers, heads, tokens, tokens).
    static func attention(_ arguments: [String]) throws {
        let model = try GPT(directory: arguments[0])
        let maps = model.attention(for: try read([TokenID].self, arguments[1]))
        let buffer = FloatBuffer(count: maps.weights.count)
        for (index, value) in maps.weights.enumerated() { buffer[index] = value }
        let shape = [maps.layerCount, maps.headCount, maps.tokenCount, maps.tokenCount]
        try SafetensorsFile.write(
            [.init(name: "attention", shape: shape, buffer: buffer, offset: 0)], to: arguments[2])
    }

    /// Reads a prompt and continues it greedily, and prints the ids and how fast that was: the
    /// tokens a second of the prompt, and of the text after its first token, which the prompt
    /// gives.
    static func generationSpeed(_ arguments: [String]) throws {
        let model = try open(arguments[0])
        let prompt = try read([TokenID].self, arguments[1])
        let count = try number(arguments[2])
        guard let weights = WeightFormat(rawValue: arguments[4]) else {
            throw ProbeError("\(arguments[4]) is no format of weights")
        }
        let team = ThreadTeam(threadCount: try number(arguments[3]))
        let clock = ContinuousClock()
        var generator = TextGenerator(
            model, configuration: .greedy(maximumTokenCount: count), weights: weights, team: team)
        // Memory that has not been touched, and threads that have not run, are no part of it.
        generator.start(prompt: prompt)
        _ = generator.next()
        _ = generator.next()
        generator.start(prompt: [prompt[0] == 0 ? 1 : 0])
        _ = generator.next()
        generator.start(prompt: prompt)
        var ids: [TokenID] = []
        let promptTime = clock.measure { if let id = generator.next() { ids.append(id) } }
        let textTime = clock.measure { while let id = generator.next() { ids.append(id) } }
        struct Answer: Encodable {
            let ids: [TokenID]
            let prompt_tokens_per_second: Double
            let tokens_per_second: Double
            let weight_bytes: Int
        }
        try printJSON(
            Answer(
                ids: ids,
                prompt_tokens_per_second: Double(prompt.count) / (promptTime / .seconds(1)),
                tokens_per_second: Double(ids.count - 1) / (textTime / .seconds(1)),
                weight_bytes: generator.weightByteCount))
    }
}
