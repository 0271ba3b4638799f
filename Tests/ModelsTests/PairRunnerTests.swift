import Models
import Testing
import Work

/// Batches of pairs through ``BatchRunner``.
@Suite struct PairRunnerTests {
    /// Windows of 24 tokens: pairs of several shapes, filling, and one without a target.
    private let windows = [
        PairSample("", pairs: [(4, 3), (2, 6), (3, 1)], length: 24),
        PairSample("", pairs: [(9, 2), (3, 3), (2, 2)], length: 24),
        PairSample("", pairs: [(4, 0)], length: 24),
        PairSample("", pairs: [(0, 3), (3, 2)], length: 24),
        PairSample("", pairs: [(8, 9)], length: 24),
    ]
    private var ids: [TokenID] { windows.flatMap(\.ids) }
    private var targets: [TokenID] { windows.flatMap(\.targets) }
    private var starts: [Int32] {
        windows.flatMap { $0.starts ?? [Int32](repeating: 0, count: 24) }
    }

    private func gradients(
        _ model: EncoderDecoder, threads: Int, slots: Int? = nil, level: KernelLevel = .best,
        dropout: Dropout? = nil
    ) -> (loss: Double, gradients: [Float]) {
        let runner = BatchRunner(
            model: model, batchSize: windows.count, contextLength: 24,
            team: ThreadTeam(threadCount: threads), slotCount: slots, kernels: level)
        let loss = runner.computeGradients(
            inputs: ids.span, targets: targets.span, documentStarts: starts, scale: 0.5,
            dropout: dropout)
        return (loss, runner.gradients.array)
    }

    @Test("losses and gradients are those of the plain model", arguments: [(8, 2), (48, 3)])
    func againstPlain(width: Int, heads: Int) throws {
        let model = try tinyEncoderDecoder(heads: heads, width: width)
        let plain = PlainEncoderDecoder<Double>(model)
        var expected = [Double](repeating: 0, count: model.layout.floatCount)
        var expectedLosses: [Double] = []
        for window in windows {
            expectedLosses += plain.losses(
                window.ids, targets: window.targets, documentStarts: window.starts)
            let part = plain.gradients(
                window.ids, targets: window.targets, scale: 0.5, documentStarts: window.starts)
            for index in part.indices { expected[index] += part[index] }
        }
        let sum = expectedLosses.reduce(0, +)
        for level in availableLevels {
            let runner = BatchRunner(
                model: model, batchSize: windows.count, contextLength: 24,
                team: ThreadTeam(threadCount: 2), kernels: level)
            let losses = runner.tokenLosses(
                inputs: ids.span, targets: targets.span, documentStarts: starts)
            let (loss, found) = gradients(model, threads: 2, level: level)
            #expect(losses.count == expectedLosses.count)
            for (value, truth) in zip(losses, expectedLosses) {
                #expect(abs(Double(value) - truth) < 1e-4)
            }
            #expect(abs(loss - sum) < 1e-4 * sum)
            for tensor in model.layout.tensors {
                let worst = tensor.range.map { abs(Double(found[$0]) - expected[$0]) }.max() ?? 0
                let size = tensor.range.map { abs(expected[$0]) }.max() ?? 0
                #expect(worst <= 1e-4 * max(size, 1), "\(tensor.name) at \(level)")
            }
        }
    }

    @Test("the same bits for any number of threads, shared windows included")
    func threads() throws {
        let model = try tinyEncoderDecoder(width: 32)
        for dropout in [nil, Dropout(rate: 0.3, seed: 9, firstSequence: 5)] {
            for slots in [1, 3] {
                let one = gradients(model, threads: 1, slots: slots, dropout: dropout)
                for threads in [2, 3, 4] {
                    let more = gradients(model, threads: threads, slots: slots, dropout: dropout)
                    #expect(one.loss == more.loss)
                    #expect(one.gradients == more.gradients)
                }
            }
        }
    }

    @Test("a pair's loss does not depend on the other pairs of its window")
    func isolation() throws {
        let model = try tinyEncoderDecoder(width: 32)
        let window = PairSample("", pairs: [(4, 3), (2, 6), (3, 1)], length: 24)
        var changed = window.ids
        for place in changed.indices where place < 7 || place >= 15 {
            if changed[place].index > 1 { changed[place] = TokenID(13 - changed[place].index) }
        }
        let runner = BatchRunner(
            model: model, batchSize: 1, contextLength: 24, team: ThreadTeam(threadCount: 1))
        let losses = [window.ids, changed].map {
            runner.tokenLosses(
                inputs: $0.span, targets: window.targets.span, documentStarts: window.starts)
        }
        #expect(Array(losses[0][7..<15]) == Array(losses[1][7..<15]))
        #expect(losses[0] != losses[1])
    }

    @Test("with dropout the gradient is still that of the loss")
    func dropout() throws {
        let model = try tinyEncoderDecoder(width: 16)
        let dropout = Dropout(rate: 0.2, seed: 9, firstSequence: 5)
        let found = gradients(model, threads: 1, dropout: dropout).gradients
        #expect(found != gradients(model, threads: 1).gradients)
        // The change along a direction, by central differences in float32. The vectors of tokens
        // stay, for that of padding has no gradient where it is read.
        var generator = RandomGenerator(seed: 3)
        let moved = model.layout.tensors.filter { $0.role != .embedding && $0.shape.count > 1 }
            .filter { $0.name != "final_logits_bias" }
        var direction = [Float](repeating: 0, count: found.count)
        for tensor in moved {
            for index in tensor.range { direction[index] = Float(generator.normal()) }
        }
        let start = model.parameters.array
        func loss(_ step: Float) -> Double {
            for index in start.indices {
                model.parameters[index] = start[index] + step * direction[index]
            }
            return 0.5 * gradients(model, threads: 1, dropout: dropout).loss
        }
        let step: Float = 2e-4
        let difference = (loss(step) - loss(-step)) / Double(2 * step)
        let expected = zip(found, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        #expect(abs(difference - expected) < 0.02 * max(1, abs(expected)))
    }

    @Test("memory is known before it is there")
    func memory() throws {
        let model = try tinyEncoderDecoder(width: 32)
        for (threads, slots) in [(1, 2), (2, 2), (4, 2)] {
            let runner = BatchRunner(
                model: model, batchSize: 4, contextLength: 24,
                team: ThreadTeam(threadCount: threads), slotCount: slots)
            #expect(
                runner.memory
                    == BatchRunner.memory(
                        of: model.configuration, batchSize: 4, contextLength: 24,
                        threadCount: threads, slotCount: slots))
        }
    }
}
