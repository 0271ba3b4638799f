import Testing
import Transformer

@Suite struct BatchRunnerTests {
    /// Loss and gradients of a batch, from the twin in double.
    func expected(
        _ model: GPT, _ batch: (inputs: [Int32], targets: [Int32]), length: Int, scale: Double
    ) -> (loss: Double, losses: [Double], gradients: [Double]) {
        let twin = PlainGPT<Double>(model)
        var gradients = [Double](repeating: 0, count: model.layout.floatCount)
        var losses: [Double] = []
        for start in stride(from: 0, to: batch.inputs.count, by: length) {
            let ids = Array(batch.inputs[start..<start + length])
            let targets = Array(batch.targets[start..<start + length])
            losses += twin.losses(ids, targets: targets)
            for (index, value) in twin.gradients(ids, targets: targets, scale: scale).enumerated() {
                gradients[index] += value
            }
        }
        return (losses.reduce(0, +), losses, gradients)
    }

    @Test(
        "loss and every gradient are the twin's, at every level and for odd shapes",
        arguments: availableLevels,
        [(6, 6, 2, 8, 11), (4, 5, 3, 12, 37), (3, 1, 1, 20, 5), (1, 6, 2, 34, 70)])
    func againstTwin(level: KernelLevel, shape: (Int, Int, Int, Int, Int)) throws {
        let (batchSize, length, heads, width, vocabulary) = shape
        let model = try tinyModel(heads: heads, width: width, vocabulary: vocabulary)
        let batch = randomBatch(batchSize * length, vocabulary: vocabulary, seed: 5)
        let runner = BatchRunner(
            model: model, batchSize: batchSize, contextLength: length,
            team: ThreadTeam(threadCount: 2), kernels: level)
        let scale = 0.125
        let loss = runner.accumulateGradients(
            inputs: batch.inputs.span, targets: batch.targets.span, scale: Float(scale))
        let truth = expected(model, batch, length: length, scale: scale)
        #expect(abs(loss - truth.loss) < 1e-5 * truth.loss)
        for tensor in model.layout.tensors {
            let greatest = truth.gradients[tensor.range].reduce(1e-3) { max($0, abs($1)) }
            for index in tensor.range {
                let error = abs(Double(runner.gradients[index]) - truth.gradients[index])
                #expect(error < 2e-5 * greatest, "\(tensor.name) at \(index - tensor.offset)")
            }
        }
        let losses = runner.tokenLosses(inputs: batch.inputs.span, targets: batch.targets.span)
        for (found, loss) in zip(losses, truth.losses) {
            #expect(abs(Double(found) - loss) < 1e-5 * max(1, loss))
        }
    }

    @Test("the same bits for 1, 2, 3 and 5 threads")
    func threads() throws {
        let model = try tinyModel()
        let batch = randomBatch(8 * 6, vocabulary: 11, seed: 6)
        var results: [(Double, [Float], [Float])] = []
        for count in [1, 2, 3, 5] {
            let runner = BatchRunner(
                model: model, batchSize: 8, contextLength: 6, team: ThreadTeam(threadCount: count))
            for _ in 0..<3 {
                runner.zeroGradients()
                let loss = runner.accumulateGradients(
                    inputs: batch.inputs.span, targets: batch.targets.span, scale: 1)
                results.append(
                    (
                        loss, runner.gradients.array,
                        runner.tokenLosses(inputs: batch.inputs.span, targets: batch.targets.span)
                    ))
            }
        }
        for result in results.dropFirst() { #expect(result == results[0]) }
    }

    @Test("gradients of two batches add up")
    func accumulation() throws {
        let model = try tinyModel()
        let (a, b) = (
            randomBatch(12, vocabulary: 11, seed: 7), randomBatch(12, vocabulary: 11, seed: 8)
        )
        let runner = BatchRunner(
            model: model, batchSize: 2, contextLength: 6, team: ThreadTeam(threadCount: 1))
        func gradients(_ batches: [(inputs: [Int32], targets: [Int32])]) -> [Float] {
            runner.zeroGradients()
            for batch in batches {
                _ = runner.accumulateGradients(
                    inputs: batch.inputs.span, targets: batch.targets.span, scale: 1)
            }
            return runner.gradients.array
        }
        let (first, second, both) = (gradients([a]), gradients([b]), gradients([a, b]))
        for index in both.indices {
            #expect(abs(both[index] - (first[index] + second[index])) < 1e-5)
        }
    }

    @Test("targets of -1 give no loss and no gradient")
    func masked() throws {
        let model = try tinyModel()
        let runner = BatchRunner(
            model: model, batchSize: 2, contextLength: 6, team: ThreadTeam(threadCount: 1))
        let ids = randomBatch(12, vocabulary: 11, seed: 9).inputs
        let none = [Int32](repeating: -1, count: 12)
        let loss = runner.accumulateGradients(inputs: ids.span, targets: none.span, scale: 1)
        #expect(loss == 0)
        #expect(runner.gradients.array.allSatisfy { $0 == 0 })
        #expect(
            runner.tokenLosses(inputs: ids.span, targets: none.span).allSatisfy { $0 == 0 })

        // Only the last position is scored: positions after it in no sequence, and the unused rows
        // of the embedding have only the head's gradient.
        var last = none
        last[2] = 4
        _ = runner.accumulateGradients(inputs: ids.span, targets: last.span, scale: 1)
        let positions = model.layout.tensor(named: "wpe.weight")!
        let unused = positions.offset + 3 * 8..<positions.range.upperBound
        #expect(unused.allSatisfy { runner.gradients[$0] == 0 })
    }

    @Test("training on one batch drives its loss down")
    func overfits() throws {
        let model = try GPT(
            GPTConfiguration(
                layerCount: 1, headCount: 2, embeddingSize: 16, positionCount: 8,
                vocabularySize: 13), seed: 4)
        let runner = BatchRunner(
            model: model, batchSize: 2, contextLength: 8, team: ThreadTeam(threadCount: 1))
        var generator = RandomGenerator(seed: 2)
        let ids = (0..<16).map { _ in Int32.random(in: 0..<13, using: &generator) }
        let targets = (0..<16).map { _ in Int32.random(in: 0..<13, using: &generator) }
        let (first, second) = (
            FloatBuffer(count: model.layout.floatCount), FloatBuffer(count: model.layout.floatCount)
        )
        var losses: [Double] = []
        for step in 1...60 {
            runner.zeroGradients()
            losses.append(
                runner.accumulateGradients(
                    inputs: ids.span, targets: targets.span, scale: 1 / 16))
            OptimizerKernels.adamW(
                .init(
                    learningRate: 0.02, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0,
                    gradientScale: 1, step: step),
                parameters: model.parameters, gradients: runner.gradients, firstMoments: first,
                secondMoments: second, range: 0..<model.layout.floatCount, team: runner.team)
        }
        #expect(losses[0] > 30)
        #expect(losses[59] < 1)
    }
}
