import Models
import Testing
import Work

@Suite struct AdamWKernelsTests {
    @Test("the sum of squares has the same bits for any number of threads")
    func sumOfSquares() {
        let buffer = FloatBuffer(count: 50_000)
        var generator = RandomGenerator(seed: 1)
        for index in 0..<buffer.count { buffer[index] = Float(generator.normal()) }
        let sums = [1, 2, 3].map {
            ParameterBlocks.sumOfSquares(of: buffer, team: ThreadTeam(threadCount: $0))
        }
        #expect(Set(sums).count == 1)
        let truth = buffer.array.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(abs(sums[0] - truth) < 1e-9 * truth)
    }

    @Test("a step touches the range only, and is the formula in double")
    func range() {
        let (p, g, m, v) = (
            FloatBuffer(count: 40), FloatBuffer(count: 40), FloatBuffer(count: 40),
            FloatBuffer(count: 40)
        )
        var generator = RandomGenerator(seed: 2)
        for index in 0..<40 {
            p[index] = Float(generator.normal())
            g[index] = Float(generator.normal())
        }
        let old = p.array
        let step = AdamWKernels.Step(
            learningRate: 0.1, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1,
            gradientScale: 0.5, step: 1)
        AdamWKernels.step(
            step, parameters: p, gradients: g, firstMoments: m, secondMoments: v, range: 7..<31,
            team: ThreadTeam(threadCount: 2))
        for index in 0..<40 {
            guard (7..<31).contains(index) else {
                #expect(p[index] == old[index] && m[index] == 0)
                continue
            }
            let gradient = 0.5 * Double(g[index])
            let direction = gradient / (gradient.magnitude + 1e-8) + 0.1 * Double(old[index])
            #expect(abs(Double(p[index]) - (Double(old[index]) - 0.1 * direction)) < 1e-6)
        }
    }
}
