import Foundation
import Testing
import Work

@testable import Models

@Suite struct LogitAdjustmentsTests {
    /// The logits after each change, as a plain computation in double has them.
    private func plain(
        _ logits: [Float], _ adjustments: LogitAdjustments, prompt: [TokenID], drawn: [TokenID],
        repetition: Double
    ) -> [Double] {
        logits.indices.map { index in
            let token = TokenID(index)
            var logit = Double(logits[index]) + Double(adjustments.logitBias[token] ?? 0)
            if prompt.contains(token) || drawn.contains(token) {
                logit = logit < 0 ? logit * repetition : logit / repetition
            }
            let count = Double(drawn.count { $0 == token })
            logit -= count * adjustments.frequencyPenalty
            return count > 0 ? logit - adjustments.presencePenalty : logit
        }
    }

    @Test func `penalties and bias change probabilities as their formula says`() {
        var generator = RandomGenerator(seed: 2)
        for round in 0..<60 {
            let logits = (0..<23).map { _ in Float(2 * generator.normal()) }
            var adjustments = LogitAdjustments()
            if round % 2 == 0 { adjustments.presencePenalty = generator.normal() }
            if round % 3 == 0 { adjustments.frequencyPenalty = generator.normal() }
            if round % 5 < 3 { adjustments.logitBias = [3: 1.5, 4: -2, 9: -100, 5_000: 7] }
            var configuration = GenerationConfiguration()
            (configuration.temperature, configuration.topK, configuration.topP) = (0.7, 0, 1)
            configuration.repetitionPenalty = round % 4 == 0 ? 1.3 : 1
            let prompt: [TokenID] = [1, 3, 3, 22]
            let drawn = (0..<round % 12).map { _ in TokenID(generator.next() % 23) }
            var sampler = Sampler(configuration, adjustments: adjustments)
            sampler.note(prompt)
            for token in drawn { sampler.noteDrawn(token) }
            let scores = plain(
                logits, adjustments, prompt: prompt, drawn: drawn,
                repetition: configuration.repetitionPenalty)
            let weights = scores.map { exp(($0 - scores.max()!) / 0.7) }
            let sum = weights.reduce(0, +)
            for (found, weight) in zip(sampler.probabilities(from: logits.span), weights) {
                #expect(abs(found - weight / sum) < 1e-5)
            }
            // The likeliest by these scores is what temperature 0 takes.
            configuration.temperature = 0
            var greedy = Sampler(configuration, adjustments: adjustments)
            greedy.note(prompt)
            for token in drawn { greedy.noteDrawn(token) }
            let best = scores.indices.max { scores[$0] < scores[$1] }!
            #expect(greedy.next(from: logits.span) == TokenID(best))
            // Another text begins without penalties for this one.
            greedy.forget()
            let anew = plain(
                logits, adjustments, prompt: [], drawn: [],
                repetition: configuration.repetitionPenalty)
            #expect(
                greedy.next(from: logits.span) == TokenID(anew.indices.max { anew[$0] < anew[$1] }!)
            )
        }
    }

    @Test func `adjustments of nothing change nothing`() {
        let logits: [Float] = [0.5, 2, -1, 2]
        var configuration = GenerationConfiguration()
        configuration.seed = 8
        var (with, without) = (
            Sampler(configuration, adjustments: LogitAdjustments()), Sampler(configuration)
        )
        for _ in 0..<50 {
            let token = with.next(from: logits.span)
            with.noteDrawn(token)
            #expect(token == without.next(from: logits.span))
            without.note([token])
        }
    }

    @Test func `a token is forced and forbidden`() {
        let logits: [Float] = [0.5, 2, -1, 2]
        var adjustments = LogitAdjustments()
        adjustments.logitBias = [2: 100]
        var sampler = Sampler(GenerationConfiguration(), adjustments: adjustments)
        for _ in 0..<20 { #expect(sampler.next(from: logits.span) == 2) }
        adjustments.logitBias = [1: -100, 3: -.greatestFiniteMagnitude, 0: -100]
        sampler = Sampler(GenerationConfiguration(), adjustments: adjustments)
        for _ in 0..<20 { #expect(sampler.next(from: logits.span) == 2) }
    }
}

@Suite struct LogitScorerTests {
    @Test("a token's log-probability is one number wherever it stands", arguments: availableLevels)
    func sameNumber(level: KernelLevel) {
        var generator = RandomGenerator(seed: 6)
        let scorer = LogitScorer(kernels: level)
        for count in [1, 2, 15, 16, 17, 63, 500] {
            let logits = (0..<count).map { _ in Float(3 * generator.normal()) }
            let rows = LogitRows(textCount: 1, vocabularySize: count, kernels: Kernels(level))
            for (index, logit) in logits.enumerated() { rows.matrix.row(0)[index] = logit }
            let tokens = (0..<count).map { TokenID($0) }
            let scores = scorer.scores(of: tokens, likeliest: 20, in: logits.span)
            let most = Double(logits.max()!)
            let shift = most + log(logits.reduce(0) { $0 + exp(Double($1) - most) })
            for token in tokens {
                #expect(scores.own[token.index] == rows.logProbability(of: token, ofText: 0))
                #expect(Double(Float(scores.own[token.index])) == scores.own[token.index])
                #expect(abs(scores.own[token.index] - (Double(logits[token.index]) - shift)) < 1e-5)
            }
            let order = tokens.sorted { (-logits[$0.index], $0) < (-logits[$1.index], $1) }
            #expect(scores.likeliest.map(\.token) == Array(order.prefix(20)))
            for (token, logProbability) in scores.likeliest {
                #expect(logProbability == scores.own[token.index])
            }
        }
        #expect(scorer.scores(of: [1], in: [0.5, 0.25].span).likeliest.isEmpty)
    }
}
