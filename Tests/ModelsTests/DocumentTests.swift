import Models
import Testing
import Work

@Suite struct DocumentTests {
    @Test(
        "changing a document leaves the logits of the others bit-equal",
        arguments: ModelKind.all, availableLevels)
    func leak(kind: ModelKind, level: KernelLevel) throws {
        let length = 90
        let model = try tinyModel(kind, positions: length)
        let cuts = [0, 30, 41, 75, length]
        let starts = zip(cuts, cuts.dropFirst()).flatMap { start, end in
            (start..<end).map { _ in Int32(start) }
        }
        let ids = randomBatch(length, vocabulary: 11, seed: 1).inputs
        let logits = model.logits(for: ids, documentStarts: starts, kernels: level)
        for (start, end) in zip(cuts, cuts.dropFirst()) {
            var changed = ids
            for index in start..<end { changed[index] = TokenID((ids[index].index + 3) % 11) }
            let others = model.logits(for: changed, documentStarts: starts, kernels: level)
            for index in 0..<length {
                let row = index * 11..<(index + 1) * 11
                #expect((logits[row] == others[row]) == !(start..<end).contains(index))
            }
        }
    }

    @Test("a document has the logits that it has alone", arguments: ModelKind.all)
    func alone(kind: ModelKind) throws {
        let model = try tinyModel(kind, positions: 80)
        let ids = randomBatch(80, vocabulary: 11, seed: 2).inputs
        let starts = (0..<80).map { $0 < 37 ? 0 : 37 as Int32 }
        let together = model.logits(for: ids, documentStarts: starts)
        let apart = model.logits(for: Array(ids[..<37])) + model.logits(for: Array(ids[37...]))
        for (a, b) in zip(together, apart) { #expect(abs(a - b) < 1e-5) }
    }

    @Test("one document from the beginning is the whole sequence, bit for bit")
    func whole() throws {
        let model = try tinyModel(positions: 40)
        let (inputs, targets) = randomBatch(80, vocabulary: 11, seed: 3)
        func gradients(_ starts: [Int32]?) -> [Float] {
            let runner = BatchRunner(
                model: model, batchSize: 2, contextLength: 40, team: ThreadTeam(threadCount: 1))
            _ = runner.computeGradients(
                inputs: inputs.span, targets: targets.span, documentStarts: starts, scale: 1)
            return runner.gradients.array
        }
        #expect(gradients(nil) == gradients([Int32](repeating: 0, count: 80)))
    }
}
