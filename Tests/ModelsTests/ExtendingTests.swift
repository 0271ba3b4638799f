import Models
import Testing
import Work

@Suite struct ExtendingTests {
    @Test(
        "old rows stay, and new ones are the mean of the old with a little noise",
        arguments: ModelKind.all)
    func rows(kind: ModelKind) throws {
        let model = try tinyModel(kind, vocabulary: 11)
        let larger = try model.extended(toVocabularySize: 13, seed: 4)
        #expect(larger.configuration.vocabularySize == 13)
        for (old, new) in zip(model.layout.tensors, larger.layout.tensors) {
            for index in 0..<old.count {
                #expect(
                    larger.parameters[new.offset + index] == model.parameters[old.offset + index])
            }
            guard new.count > old.count else { continue }
            let width = old.shape[1]
            #expect(new.shape == [13, width])
            for column in 0..<width {
                func value(_ row: Int) -> Float {
                    larger.parameters[new.offset + row * width + column]
                }
                let column = (0..<11).map(value)
                let mean = column.reduce(0, +) / 11
                let spread = column.reduce(0) { max($0, abs($1 - mean)) }
                for row in 11..<13 { #expect(abs(value(row) - mean) < spread / 15) }
                #expect(value(11) != value(12))
            }
        }
        let again = try model.extended(toVocabularySize: 13, seed: 4)
        #expect(again.parameters.array == larger.parameters.array)
    }

    @Test("the logits of old tokens do not change", arguments: ModelKind.all)
    func logits(kind: ModelKind) throws {
        let model = try tinyModel(kind, vocabulary: 11)
        let larger = try model.extended(toVocabularySize: 13, seed: 4)
        let (before, after) = (model.logits(for: [1, 5, 2]), larger.logits(for: [1, 5, 2]))
        for row in 0..<3 {
            for token in 0..<11 {
                #expect(abs(before[row * 11 + token] - after[row * 13 + token]) < 1e-5)
            }
        }
    }

    @Test("a target that is not scored has no part in any gradient", arguments: availableLevels)
    func masked(level: KernelLevel) throws {
        let model = try tinyModel(vocabulary: 11)
        let runner = BatchRunner(
            model: model, batchSize: 2, contextLength: 6, team: ThreadTeam(threadCount: 2),
            kernels: level)
        let inputs: [TokenID] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1]
        func gradients(_ inputs: [TokenID], _ targets: [TokenID]) -> [Float] {
            _ = runner.computeGradients(inputs: inputs.span, targets: targets.span, scale: 0.25)
            return runner.gradients.array
        }
        // Without a scored target, every gradient is exactly zero.
        #expect(gradients(inputs, Array(repeating: .ignored, count: 12)).allSatisfy { $0 == 0 })
        // Inputs behind the last that is scored do not matter, to the bit.
        let targets: [TokenID] =
            [nil, 3, 4, nil, nil, nil, 8, nil, 10, nil, nil, nil].map { $0 ?? .ignored }
        let truth = gradients(inputs, targets)
        #expect(truth.contains { $0 != 0 })
        for place in [3, 4, 5, 9, 10, 11] {
            var other = inputs
            other[place] = TokenID((other[place].index + 3) % 11)
            #expect(gradients(other, targets) == truth)
        }
    }
}
