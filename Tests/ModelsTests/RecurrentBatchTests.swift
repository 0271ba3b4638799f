import Testing
import Work

@testable import Models

@Suite struct RecurrentBatchTests {
    @Test(
        "loss and every gradient of a batch are the twin's",
        arguments: RecurrentKind.all, ReadingKind.all)
    func againstTwin(kind: RecurrentKind, reading: ReadingKind) throws {
        for (batchSize, length, width, vocabulary) in [(3, 6, 6, 11), (5, 3, 36, 40)] {
            let model = try kind.tinyModel(width: width, vocabulary: vocabulary)
            // Weights that are not small would make a wide model a chaotic one.
            if width > 10 { model.initialize(seed: 3) }
            let (inputs, targets) = randomBatch(batchSize * length, vocabulary: vocabulary, seed: 5)
            let starts = reading.documentStarts(inputs.count, length: length)
            let twin = PlainRecurrent<Double>(model)
            var truth = [Double](repeating: 0, count: model.layout.floatCount)
            var (sum, undropped) = (0.0, [Double]())
            for sequence in 0..<batchSize {
                let range = sequence * length..<(sequence + 1) * length
                let (ids, wanted) = (Array(inputs[range]), Array(targets[range]))
                let documents = starts.map { Array($0[range]) }
                let dropout = reading.dropout(firstSequence: 5 + sequence)
                sum += twin.losses(
                    ids, targets: wanted, documentStarts: documents, dropout: dropout
                ).reduce(0, +)
                undropped += twin.losses(ids, targets: wanted, documentStarts: documents)
                let gradients = twin.gradients(
                    ids, targets: wanted, scale: 0.125, documentStarts: documents,
                    dropout: dropout)
                for index in truth.indices { truth[index] += gradients[index] }
            }
            for level in availableLevels {
                let runner = BatchRunner(
                    model: model, batchSize: batchSize, contextLength: length,
                    team: ThreadTeam(threadCount: 2), kernels: level)
                for _ in 0..<2 {
                    let loss = runner.computeGradients(
                        inputs: inputs.span, targets: targets.span, documentStarts: starts,
                        scale: 0.125, dropout: reading.dropout())
                    #expect(abs(loss - sum) < 1e-5 * sum)
                    for tensor in model.layout.tensors {
                        let greatest = truth[tensor.range].reduce(1e-3) { max($0, abs($1)) }
                        let error = tensor.range.reduce(0) {
                            max($0, abs(Double(runner.gradients[$1]) - truth[$1]))
                        }
                        #expect(error < 3e-5 * greatest, "\(tensor.name), \(level)")
                    }
                    let losses = runner.tokenLosses(
                        inputs: inputs.span, targets: targets.span, documentStarts: starts)
                    for (found, loss) in zip(losses, undropped) {
                        #expect(abs(Double(found) - loss) < 1e-5 * max(1, loss))
                    }
                }
            }
        }
    }

    @Test("the same bits for 1, 2, 3 and 7 threads", arguments: RecurrentKind.all)
    func threads(kind: RecurrentKind) throws {
        let model = try kind.tinyModel(width: 70, vocabulary: 90)
        model.initialize(seed: 8)
        let dropout = Dropout(rate: 0.2, seed: 1, firstSequence: 3)
        let batch = randomBatch(10 * 6, vocabulary: 90, seed: 6)
        let starts = ReadingKind.all[1].documentStarts(60, length: 6)
        var results: [(Double, [Float], [Float])] = []
        for count in [1, 2, 3, 7] {
            let runner = BatchRunner(
                model: model, batchSize: 10, contextLength: 6,
                team: ThreadTeam(threadCount: count), slotCount: 5)
            let loss = runner.computeGradients(
                inputs: batch.inputs.span, targets: batch.targets.span, documentStarts: starts,
                scale: 1, dropout: dropout)
            let losses = runner.tokenLosses(inputs: batch.inputs.span, targets: batch.targets.span)
            results.append((loss, runner.gradients.array, losses))
        }
        for result in results.dropFirst() {
            #expect(result.0 == results[0].0)
            #expect(result.1 == results[0].1)
            #expect(result.2 == results[0].2)
        }
    }

    @Test("logits are the twin's, document by document", arguments: RecurrentKind.all)
    func logits(kind: RecurrentKind) throws {
        let model = try kind.tinyModel()
        let ids: [TokenID] = [3, 1, 6, 1, 0, 2, 2, 9]
        for starts in [nil, [0, 0, 2, 2, 2, 5, 6, 6]] as [[Int32]?] {
            let truth = PlainRecurrent<Double>(model).logits(for: ids, documentStarts: starts)
            for level in availableLevels {
                let found = model.logits(for: ids, documentStarts: starts, kernels: level)
                for (a, b) in zip(found, truth) { #expect(abs(Double(a) - b) < 1e-5) }
            }
        }
    }

    @Test("memory that is said before is what is held afterwards", arguments: RecurrentKind.all)
    func memory(kind: RecurrentKind) throws {
        let model = try kind.tinyModel()
        for (batchSize, slots, threads) in [(1, nil, 2), (6, 6, 3), (12, 9, 2), (12, 1, 1)] {
            let runner = BatchRunner(
                model: model, batchSize: batchSize, contextLength: 5,
                team: ThreadTeam(threadCount: threads), slotCount: slots)
            let planned = BatchRunner.memory(
                of: model.configuration, batchSize: batchSize, contextLength: 5,
                threadCount: threads, slotCount: slots)
            #expect(runner.memory == planned)
            #expect(planned.activations > 0 && planned.panels > 0)
        }
    }

    @Test("a state reads as the whole text is read", arguments: RecurrentKind.all)
    func reading(kind: RecurrentKind) throws {
        let model = try kind.tinyModel(width: 34, vocabulary: 50)
        model.initialize(seed: 4)
        let (ids, _) = randomBatch(300, vocabulary: 50, seed: 2)
        let truth = model.logits(for: ids)
        for (format, tolerance) in [(WeightFormat.float32, Float(1e-5)), (.int8, 0.1)] {
            let pass = RecurrentInferencePass(
                model, weights: format, textCount: 2, team: ThreadTeam(threadCount: 2))
            let (state, other) = (pass.makeState(capacity: 1), pass.makeState(capacity: 1))
            pass.read(ids.span.extracting(0..<290), into: state)
            expect(pass.logits, 0, truth, 289, tolerance)
            pass.read(ids.span.extracting(0..<5), into: other)
            for step in 0..<3 {
                pass.step([ids[290 + step], ids[5 + step]], [state, other])
                expect(pass.logits, 0, truth, 290 + step, tolerance)
                expect(pass.logits, 1, truth, 5 + step, tolerance)
            }
            let copy = pass.makeState(capacity: 1)
            copy.copy(from: state, count: 293)
            #expect(state.rewind(to: 292) == 0)
            pass.read(ids.span.extracting(293..<300), into: copy)
            expect(pass.logits, 0, truth, 299, tolerance)
            pass.read(ids.span.extracting(0..<1), into: state)
            expect(pass.logits, 0, truth, 0, tolerance)
        }
    }

    private func expect(
        _ logits: LogitRows, _ text: Int, _ truth: [Float], _ position: Int, _ tolerance: Float
    ) {
        logits.withLogits(ofText: text) { row in
            for index in row.indices {
                #expect(abs(row[index] - truth[position * row.count + index]) < tolerance)
            }
        }
    }
}
