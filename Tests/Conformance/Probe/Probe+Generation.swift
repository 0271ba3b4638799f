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

    /// Writes the attention of every head, (layers, heads, queries, keys).
    static func attention(_ arguments: [String]) throws {
        let model = try open(arguments[0])
        guard let maps = model.attentionMaps(for: try read([TokenID].self, arguments[1])) else {
            throw ProbeError("the model has no attention to show")
        }
        let buffer = FloatBuffer(count: maps.weights.count)
        for (index, value) in maps.weights.enumerated() { buffer[index] = value }
        let shape = [maps.layerCount, maps.headCount, maps.queries.count, maps.keys.count]
        try SafetensorsFile.write(
            [.init(name: "attention", shape: shape, buffer: buffer, offset: 0)], to: arguments[2])
    }

    /// Prints the ids that beam search finds behind a prompt, and their score.
    static func beams(_ arguments: [String]) throws {
        let model = try open(arguments[0])
        guard let penalty = Double(arguments[3]) else {
            throw ProbeError("\(arguments[3]) is no number")
        }
        let search = BeamSearch(
            beamCount: try number(arguments[2]), lengthPenalty: penalty,
            maximumTokenCount: try number(arguments[4]))
        let pass = model.makeInferencePass(
            weights: .float32, textCount: search.beamCount, team: ThreadTeam(threadCount: 2),
            kernels: .best)
        let found = search.search(
            pass, prompt: try read([TokenID].self, arguments[1]),
            endToken: model.configuration.endTokenID,
            contextLimit: model.configuration.contextLimit)
        struct Answer: Encodable {
            let ids: [TokenID]
            let score: Double
        }
        guard let best = found.first else { throw ProbeError("no text was found") }
        try printJSON(Answer(ids: best.tokens, score: best.score))
    }

    /// Reads a prompt and continues it greedily, and prints the ids and how fast that was: the
    /// tokens a second of the prompt, and of the text after its first token, which the prompt
    /// gives; medians of as many times as begin within the seconds given, at least once.
    static func generationSpeed(_ arguments: [String]) throws {
        let model = try open(arguments[0])
        let prompt = try read([TokenID].self, arguments[1])
        let count = try number(arguments[2])
        let seconds = try number(arguments[5])
        guard let weights = WeightFormat(rawValue: arguments[4]) else {
            throw ProbeError("\(arguments[4]) is no format of weights")
        }
        guard let cache = CacheFormat(rawValue: arguments[6]) else {
            throw ProbeError("\(arguments[6]) is no format of caches")
        }
        let team = ThreadTeam(threadCount: try number(arguments[3]))
        let clock = ContinuousClock()
        var generator = TextGenerator(
            model, configuration: .greedy(maximumTokenCount: count), weights: weights,
            cache: cache, team: team)
        // Memory that has not been touched, and threads that have not run, are no part of it.
        generator.start(prompt: prompt)
        _ = generator.next()
        var ids: [TokenID] = []
        var promptRates: [Double] = []
        var textRates: [Double] = []
        let start = clock.now
        repeat {
            // A prompt that begins as the text before it did would be read from there on.
            generator.start(prompt: [prompt[0] == 0 ? 1 : 0])
            _ = generator.next()
            ids = []
            generator.start(prompt: prompt)
            let promptTime = clock.measure { if let id = generator.next() { ids.append(id) } }
            let textTime = clock.measure { while let id = generator.next() { ids.append(id) } }
            promptRates.append(Double(prompt.count) / (promptTime / .seconds(1)))
            textRates.append(Double(ids.count - 1) / (textTime / .seconds(1)))
        } while clock.now - start < .seconds(seconds)
        func median(_ rates: [Double]) -> Double { rates.sorted()[rates.count / 2] }
        struct Answer: Encodable {
            let ids: [TokenID]
            let prompt_tokens_per_second: Double
            let tokens_per_second: Double
            let weight_bytes: Int
        }
        try printJSON(
            Answer(
                ids: ids,
                prompt_tokens_per_second: median(promptRates),
                tokens_per_second: median(textRates),
                weight_bytes: generator.weightByteCount))
    }
}
