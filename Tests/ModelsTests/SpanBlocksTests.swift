import Testing
import Work

@testable import Models

@Suite struct SpanBlocksTests {
    private static let counts = [1, 2, 31, 32, 33, 64, 200, 1000]

    @Test func `blocks cover every place once, in order`() {
        for count in [0] + Self.counts {
            let values = (0..<count).map(Float.init)
            var seen: [Float] = []
            values.span.eachBlock { start, block in
                #expect(start == seen.count)
                for index in block.indices { seen.append(block[index]) }
            }
            #expect(seen == values)
        }
    }

    @Test func `a block is passed over only if nothing in it matters`() {
        let values: [Float] = [
            -.infinity, -.greatestFiniteMagnitude, -1.5, -1, -.leastNonzeroMagnitude, 0,
            .leastNonzeroMagnitude, 1, 1.5, .greatestFiniteMagnitude, .infinity,
        ]
        for a in values {
            #expect([a].span.isZero == (a == 0))
            for b in values {
                #expect([a, b].span.greatest == max(a, b))
                for bound in values {
                    #expect([a, b].span.reaches(above: bound) == (max(a, b) > bound))
                }
            }
        }
    }

    @Test func `the likeliest is the first of the greatest`() {
        var generator = RandomGenerator(seed: 5)
        for count in Self.counts {
            for _ in 0..<30 {
                // Few values, so that many are level.
                let logits = (0..<count).map { _ in Float(generator.next() % 40) - 20 }
                let best = logits.firstIndex(of: logits.max()!)!
                #expect(Sampler.likeliest(in: logits.span) == TokenID(best))
            }
        }
    }

    @Test func `a draw is the place of a uniform number among the summed probabilities`() {
        var generator = RandomGenerator(seed: 5)
        for count in Self.counts {
            for round in 0..<60 {
                let logits = (0..<count).map { _ in Float(4 * generator.normal()) }
                var configuration = GenerationConfiguration()
                configuration.seed = generator.next()
                configuration.topK = [0, 5, 50][round % 3]
                configuration.topP = [1, 0.9][round % 2]
                configuration.minP = [0, 0.01][round / 2 % 2]
                var sampler = Sampler(configuration)
                let probabilities = sampler.probabilities(from: logits.span)
                var own = RandomGenerator(seed: configuration.seed)
                let number = own.uniform()
                let token = sampler.next(from: logits.span).index
                let before = probabilities[..<token].reduce(0, +)
                #expect(probabilities[token] > 0)
                #expect(before <= number + 1e-9)
                #expect(before + probabilities[token] >= number - 1e-9)
            }
        }
    }
}
