import Models
import Testing
import Work

@Suite struct BatchRunnerTests {
    /// Compares loss, losses and every gradient of a batch with those of the twin in double.
    func expectTwin(
        _ model: GPT, batchSize: Int, length: Int, levels: [KernelLevel],
        reading: ReadingKind = ReadingKind.all[0]
    ) throws {
        let vocabulary = model.configuration.vocabularySize
        let (inputs, targets) = randomBatch(batchSize * length, vocabulary: vocabulary, seed: 5)
        let starts = reading.documentStarts(inputs.count, length: length)
        let twin = PlainGPT<Double>(model)
        var truth = [Double](repeating: 0, count: model.layout.floatCount)
        var (sum, undropped) = (0.0, [Double]())
        for sequence in 0..<batchSize {
            let range = sequence * length..<(sequence + 1) * length
            let (ids, wanted) = (Array(inputs[range]), Array(targets[range]))
            let documents = starts.map { Array($0[range]) }
            let dropout = reading.dropout(firstSequence: 5 + sequence)
            sum += twin.losses(ids, targets: wanted, documentStarts: documents, dropout: dropout)
                .reduce(0, +)
            undropped += twin.losses(ids, targets: wanted, documentStarts: documents)
            let gradients = twin.gradients(
                ids, targets: wanted, scale: 0.125, documentStarts: documents, dropout: dropout)
            for index in truth.indices { truth[index] += gradients[index] }
        }
        for level in levels {
            let runner = BatchRunner(
                model: model, batchSize: batchSize, contextLength: length,
                team: ThreadTeam(threadCount: 2), kernels: level)
            let loss = runner.computeGradients(
                inputs: inputs.span, targets: targets.span, documentStarts: starts, scale: 0.125,
                dropout: reading.dropout())
            #expect(abs(loss - sum) < 1e-5 * sum)
            for tensor in model.layout.tensors {
                let greatest = truth[tensor.range].reduce(1e-3) { max($0, abs($1)) }
                var error = 0.0
                for index in tensor.range {
                    error = max(error, abs(Double(runner.gradients[index]) - truth[index]))
                }
                #expect(error < 2e-5 * greatest, "\(tensor.name), \(level)")
            }
            let losses = runner.tokenLosses(
                inputs: inputs.span, targets: targets.span, documentStarts: starts)
            for (found, loss) in zip(losses, undropped) {
                #expect(abs(Double(found) - loss) < 1e-5 * max(1, loss))
            }
        }
    }

    @Test(
        "loss and every gradient are the twin's, at every level and for odd shapes",
        arguments: availableLevels,
        [(6, 6, 2, 8, 11), (4, 5, 3, 12, 37), (3, 1, 1, 20, 5), (1, 6, 2, 34, 70)])
    func againstTwin(level: KernelLevel, shape: (Int, Int, Int, Int, Int)) throws {
        let (batchSize, length, heads, width, vocabulary) = shape
        try expectTwin(
            try tinyModel(heads: heads, width: width, vocabulary: vocabulary),
            batchSize: batchSize, length: length, levels: [level])
    }

    @Test(
        "so they are for every architecture, cut into documents, and with dropout",
        arguments: ModelKind.all, ReadingKind.some)
    func architectures(kind: ModelKind, reading: ReadingKind) throws {
        try expectTwin(
            try tinyModel(kind, width: 16, positions: 5), batchSize: 2, length: 5,
            levels: availableLevels, reading: reading)
    }

    @Test(
        "with products of bfloat16 they are near it, and the same for any number of threads",
        arguments: KernelLevel.allCases.filter { $0.isAvailable && $0.precision == .mixed },
        ModelKind.all)
    func mixedPrecision(level: KernelLevel, kind: ModelKind) throws {
        // At its start, where a model is not as sensitive to its weights as one of large random
        // ones.
        var configuration = GPTConfiguration(
            architecture: .gpt2, layerCount: 2, headCount: 2, embeddingSize: 40, positionCount: 12,
            vocabularySize: 150)
        kind.change(&configuration)
        let model = try GPT(configuration, seed: 3)
        let batch = randomBatch(4 * 12, vocabulary: 150, seed: 6)
        func results(_ level: KernelLevel, threads: Int) -> (Double, [Float]) {
            let runner = BatchRunner(
                model: model, batchSize: 4, contextLength: 12,
                team: ThreadTeam(threadCount: threads), kernels: level)
            let loss = runner.computeGradients(
                inputs: batch.inputs.span, targets: batch.targets.span, scale: 1)
            return (loss, runner.gradients.array)
        }
        let (exact, mixed) = (results(.plain, threads: 2), results(level, threads: 1))
        #expect(abs(mixed.0 - exact.0) < 2e-3 * exact.0)
        func length(_ x: [Float]) -> Double {
            x.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        }
        let difference = length(zip(mixed.1, exact.1).map { $0 - $1 })
        // Eight bits of significand round by up to 2^-9, and that is what the whole moves by.
        #expect(difference < 0.03 * length(exact.1))
        #expect(difference > 0)
        #expect(results(level, threads: 3) == mixed)
        #expect(results(level, threads: 7) == mixed)
    }

    @Test("and for sequences longer than a strip of attention", arguments: ReadingKind.all)
    func longSequences(reading: ReadingKind) throws {
        try expectTwin(
            try tinyModel(ModelKind.all[6], layers: 1, positions: 70), batchSize: 1, length: 70,
            levels: [.best], reading: reading)
    }

    @Test("the same bits for 1, 2, 3 and 5 threads", arguments: ModelKind.all)
    func threads(kind: ModelKind) throws {
        let model = try tinyModel(kind)
        let dropout = Dropout(rate: 0.2, seed: 1, firstSequence: 3)
        let batch = randomBatch(8 * 6, vocabulary: 11, seed: 6)
        var results: [(Double, [Float], [Float])] = []
        for count in [1, 2, 3, 5] {
            let runner = BatchRunner(
                model: model, batchSize: 8, contextLength: 6, team: ThreadTeam(threadCount: count))
            for _ in 0..<3 {
                let loss = runner.computeGradients(
                    inputs: batch.inputs.span, targets: batch.targets.span, scale: 1,
                    dropout: dropout)
                results.append(
                    (
                        loss, runner.gradients.array,
                        runner.tokenLosses(inputs: batch.inputs.span, targets: batch.targets.span)
                    ))
            }
        }
        for result in results.dropFirst() { #expect(result == results[0]) }
    }

    @Test(
        "and for fewer sequences than threads, which share each operation",
        arguments: ModelKind.all, [1, 2])
    func sharedSequences(kind: ModelKind, batchSize: Int) throws {
        let reading = ReadingKind.all[3]
        // Wide enough for columns to be divided, with an end that fills no unit.
        let model = try tinyModel(kind, heads: 4, width: 72, positions: 40, vocabulary: 150)
        let batch = randomBatch(batchSize * 40, vocabulary: 150, seed: 6)
        let starts = reading.documentStarts(batchSize * 40, length: 40)
        var results: [(Double, [Float], [Float])] = []
        for count in [1, 2, 3, 7] {
            let runner = BatchRunner(
                model: model, batchSize: batchSize, contextLength: 40,
                team: ThreadTeam(threadCount: count), slotCount: 1)
            let loss = runner.computeGradients(
                inputs: batch.inputs.span, targets: batch.targets.span, documentStarts: starts,
                scale: 1, dropout: reading.dropout())
            let losses = runner.tokenLosses(
                inputs: batch.inputs.span, targets: batch.targets.span, documentStarts: starts)
            results.append((loss, runner.gradients.array, losses))
        }
        for result in results.dropFirst() { #expect(result == results[0]) }
    }

    @Test("targets of -1 give no loss and no gradient")
    func masked() throws {
        let model = try tinyModel()
        let runner = BatchRunner(
            model: model, batchSize: 2, contextLength: 6, team: ThreadTeam(threadCount: 1))
        let ids = randomBatch(12, vocabulary: 11, seed: 9).inputs
        let none = [TokenID](repeating: .ignored, count: 12)
        let loss = runner.computeGradients(inputs: ids.span, targets: none.span, scale: 1)
        #expect(loss == 0)
        #expect(runner.gradients.array.allSatisfy { $0 == 0 })
        #expect(
            runner.tokenLosses(inputs: ids.span, targets: none.span).allSatisfy { $0 == 0 })

        // Only the last position is scored: positions after it in no sequence, and the unused rows
        // of the embedding have only the head's gradient.
        var last = none
        last[2] = 4
        _ = runner.computeGradients(inputs: ids.span, targets: last.span, scale: 1)
        let positions = model.layout.tensor(named: "wpe.weight")!
        let unused = positions.offset + 3 * 8..<positions.range.upperBound
        #expect(unused.allSatisfy { runner.gradients[$0] == 0 })
    }

    @Test("training on one batch drives its loss down")
    func overfits() throws {
        let model = try GPT(
            GPTConfiguration(
                architecture: .gpt2, layerCount: 1, headCount: 2, embeddingSize: 16,
                positionCount: 8,
                vocabularySize: 13), seed: 4)
        let runner = BatchRunner(
            model: model, batchSize: 2, contextLength: 8, team: ThreadTeam(threadCount: 1))
        var generator = RandomGenerator(seed: 2)
        let ids = (0..<16).map { _ in TokenID(Int.random(in: 0..<13, using: &generator)) }
        let targets = (0..<16).map { _ in TokenID(Int.random(in: 0..<13, using: &generator)) }
        let (first, second) = (
            FloatBuffer(count: model.layout.floatCount), FloatBuffer(count: model.layout.floatCount)
        )
        var losses: [Double] = []
        for step in 1...60 {
            losses.append(
                runner.computeGradients(
                    inputs: ids.span, targets: targets.span, scale: 1 / 16))
            AdamWKernels.step(
                .init(
                    learningRate: 0.02, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0,
                    gradientScale: 1, step: step),
                parameters: model.parameters, gradients: runner.gradients, firstMoments: first,
                secondMoments: second, range: 0..<model.layout.floatCount, team: runner.team)
        }
        #expect(losses[0] > 30)
        #expect(losses[59] < 1)
    }

    @Test("the matrix peak is measured")
    func peak() { #expect(MatrixPeak.measure(team: ThreadTeam(threadCount: 1)) > 0.1) }
}
