import Testing
import Work

@testable import Models

/// Gradients that another thread takes away while they are computed.
@Suite struct GradientProgressTests {
    /// One model of each kind.
    private static func models() throws -> [any LanguageModel] {
        try ModelKind.all.map { try tinyModel($0, width: 16, positions: 6) }
            + RecurrentKind.all.map { try $0.tinyModel(width: 12, vocabulary: 40) }
            + [tinyEncoderDecoder(heads: 2, width: 8)]
    }

    /// A runner whose gradients are finished part by part on another thread, and one that does all
    /// by itself.
    @Test("part by part they are what they are at once")
    func sameBits() throws {
        for model in try Self.models() { try expectSameBits(model) }
    }

    private func expectSameBits(_ model: any LanguageModel) throws {
        let (batchSize, length) = (7, 6)
        let (inputs, targets) = batch(of: model, batchSize * length)
        let starts = model is EncoderDecoder ? [Int32](repeating: 0, count: inputs.count) : nil
        for (threads, slots) in [(1, 4), (2, 7), (3, 5), (4, 2)] {
            func runner() -> BatchRunner {
                BatchRunner(
                    model: model, batchSize: batchSize, contextLength: length,
                    team: ThreadTeam(threadCount: threads), slotCount: slots)
            }
            let (alone, watched) = (runner(), runner())
            watched.progress = watched.makeProgress()
            for _ in 0..<3 {
                let losses = [alone, watched].map { runner in
                    takingParts(of: runner) {
                        runner.computeGradients(
                            inputs: inputs.span, targets: targets.span, documentStarts: starts,
                            scale: 0.125)
                    }
                }
                #expect(losses[0] == losses[1])
                #expect(alone.gradients.array == watched.gradients.array)
            }
        }
    }

    /// Calls `body` while another thread finishes the parts of a runner that is watched.
    private func takingParts(of runner: BatchRunner, _ body: () -> Double) -> Double {
        guard let progress = runner.progress else { return body() }
        let isDone = Monitor(false)
        let layout = runner.model.layout
        let ends = layout.partStarts.dropFirst() + [layout.floatCount]
        let parts = zip(layout.partStarts, ends).map { $0..<$1 }
        progress.begin()
        WorkerThread.start(named: "parts") {
            for part in parts.reversed() { progress.finish(part) }
            isDone.withLock { $0 = true }
            isDone.notifyAll()
        }
        let loss = body()
        isDone.wait { $0 ? () : nil }
        return loss
    }

    private func batch(of model: any LanguageModel, _ count: Int) -> ([TokenID], [TokenID]) {
        guard model is EncoderDecoder else {
            return randomBatch(count, vocabulary: model.configuration.vocabularySize, seed: 5)
        }
        let windows = (0..<count / 6).map { number in
            PairSample("", pairs: number == 3 ? [(4, 0)] : [(2, 3)], length: 6)
        }
        return (windows.flatMap(\.ids), windows.flatMap(\.targets))
    }

    @Test("a backward pass tells of each layer, from the last to the first")
    func order() throws {
        for layout in try Self.models().map(\.layout) {
            #expect(layout.partStarts.first == 0)
            #expect(layout.partStarts.count > 2)
            #expect(layout.partStarts == layout.partStarts.sorted())
            let starts = Set(layout.tensors.map(\.offset))
            #expect(layout.partStarts.allSatisfy { starts.contains($0) })
        }
        // The last layers are done while the first are still computed: of many batches at least
        // once before the other thread has looked.
        let model = try tinyModel(ModelKind.gpt2, width: 64, positions: 32)
        let runner = BatchRunner(
            model: model, batchSize: 1, contextLength: 32, team: ThreadTeam(threadCount: 1))
        let (inputs, targets) = randomBatch(
            32, vocabulary: model.configuration.vocabularySize, seed: 5)
        let progress = runner.makeProgress()
        runner.progress = progress
        let isRunning = Monitor(true)
        let earlyCount = Monitor(0)
        let start = model.layout.partStarts[model.layout.partStarts.count - 1]
        for _ in 0..<500 where earlyCount.withLock({ $0 }) == 0 {
            progress.begin()
            isRunning.withLock { $0 = true }
            let isDone = Monitor(false)
            WorkerThread.start(named: "parts") {
                progress.finish(start..<start + 1)
                if isRunning.withLock({ $0 }) { earlyCount.withLock { $0 += 1 } }
                isDone.withLock { $0 = true }
                isDone.notifyAll()
            }
            _ = runner.computeGradients(inputs: inputs.span, targets: targets.span, scale: 1)
            isRunning.withLock { $0 = false }
            isDone.wait { $0 ? () : nil }
        }
        #expect(earlyCount.withLock { $0 } > 0)
    }
}
