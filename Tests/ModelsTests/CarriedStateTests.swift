import Testing
import Work

@testable import Models

@Suite struct CarriedStateTests {
    private static let (batchSize, length, windowCount) = (5, 4, 3)

    /// Texts of `windowCount` windows, one for each sequence of a batch.
    private struct Texts {
        let inputs: [TokenID]
        let targets: [TokenID]
        private let width = length * windowCount

        init(vocabulary: Int) {
            (inputs, targets) = randomBatch(
                batchSize * length * windowCount, vocabulary: vocabulary, seed: 2)
        }

        /// A window of every text.
        func window(_ number: Int) -> (inputs: [TokenID], targets: [TokenID]) {
            func cut(_ ids: [TokenID]) -> [TokenID] {
                (0..<batchSize).flatMap { row -> ArraySlice<TokenID> in
                    let start = row * width + number * length
                    return ids[start..<start + length]
                }
            }
            return (cut(inputs), cut(targets))
        }
    }

    private func runner(
        _ model: RecurrentModel, length: Int = length, threadCount: Int = 2,
        carriesState: Bool = true, kernels: KernelLevel = .best
    ) -> BatchRunner {
        BatchRunner(
            model: model, batchSize: Self.batchSize, contextLength: length,
            team: ThreadTeam(threadCount: threadCount), slotCount: 5, carriesState: carriesState,
            kernels: kernels)
    }

    @Test(
        "windows that go on have the losses of one window of all their tokens",
        arguments: RecurrentKind.all)
    func oneWindow(kind: RecurrentKind) throws {
        let model = try kind.tinyModel()
        let texts = Texts(vocabulary: 11)
        for level in availableLevels {
            let whole = runner(
                model, length: Self.length * Self.windowCount, carriesState: false, kernels: level
            ).tokenLosses(inputs: texts.inputs.span, targets: texts.targets.span)
            let parts = runner(model, kernels: level)
            for number in 0..<Self.windowCount {
                let window = texts.window(number)
                _ = parts.computeGradients(
                    inputs: window.inputs.span, targets: window.targets.span,
                    continues: .init(repeating: number > 0, count: Self.batchSize), scale: 1)
                let found = parts.batch.losses.array
                for row in 0..<Self.batchSize {
                    for t in 0..<Self.length {
                        let place = (row * Self.windowCount + number) * Self.length + t
                        #expect(abs(found[row * Self.length + t] - whole[place]) < 1e-6)
                    }
                }
            }
        }
    }

    @Test(
        "a sequence that does not go on knows nothing of the batch before",
        arguments: RecurrentKind.all)
    func beginning(kind: RecurrentKind) throws {
        let model = try kind.tinyModel()
        let texts = Texts(vocabulary: 11)
        let (first, second) = (texts.window(0), texts.window(1))
        let starts = ReadingKind.all[1].documentStarts(
            second.inputs.count, length: Self.length)
        func run(after before: [TokenID]?, _ continues: [Bool]?) -> (losses: [Float], [Float]) {
            let runner = runner(model)
            if let before {
                _ = runner.computeGradients(
                    inputs: before.span, targets: first.targets.span, scale: 1)
            }
            _ = runner.computeGradients(
                inputs: second.inputs.span, targets: second.targets.span, documentStarts: starts,
                continues: continues, scale: 1)
            return (runner.batch.losses.array, runner.gradients.array)
        }
        let fresh = run(after: nil, nil)
        let apart = run(after: first.inputs, nil)
        #expect(fresh.losses == apart.losses && fresh.1 == apart.1)

        // Sequences 1 and 3 go on, in which their first documents alone see what was before.
        let mixed = run(after: first.inputs, [false, true, false, true, false])
        let other = run(after: first.inputs.reversed(), [false, true, false, true, false])
        for row in 0..<Self.batchSize {
            for t in 0..<Self.length {
                let place = row * Self.length + t
                let sees = row % 2 == 1 && starts?[place] == 0
                #expect((mixed.losses[place] == fresh.losses[place]) != (sees && isScored(place)))
                #expect((mixed.losses[place] == other.losses[place]) != (sees && isScored(place)))
            }
        }
        func isScored(_ place: Int) -> Bool { second.targets[place] != .ignored }
    }

    @Test("losses alone neither see nor change it", arguments: RecurrentKind.all)
    func losses(kind: RecurrentKind) throws {
        let model = try kind.tinyModel()
        let (first, second) = (Texts(vocabulary: 11).window(0), Texts(vocabulary: 11).window(1))
        let (plain, carrying) = (runner(model, carriesState: false), runner(model))
        #expect(plain.carriedState == nil)
        _ = carrying.computeGradients(
            inputs: first.inputs.span, targets: first.targets.span, scale: 1)
        let state = try #require(carrying.carriedState).array
        #expect(state.allSatisfy { $0 != 0 })
        let found = carrying.tokenLosses(
            inputs: second.inputs.span, targets: second.targets.span)
        #expect(
            found == plain.tokenLosses(inputs: second.inputs.span, targets: second.targets.span))
        #expect(carrying.carriedState?.array == state)
    }

    @Test("the same bits for 1, 2, 3 and 7 threads", arguments: RecurrentKind.all)
    func threads(kind: RecurrentKind) throws {
        let model = try kind.tinyModel(width: 70, vocabulary: 90)
        model.initialize(seed: 8)
        let texts = Texts(vocabulary: 90)
        let dropout = Dropout(rate: 0.2, seed: 1, firstSequence: 3)
        var results: [[[Float]]] = []
        for count in [1, 2, 3, 7] {
            let runner = runner(model, threadCount: count)
            var result: [[Float]] = []
            for number in 0..<Self.windowCount {
                let window = texts.window(number)
                _ = runner.computeGradients(
                    inputs: window.inputs.span, targets: window.targets.span,
                    continues: (0..<Self.batchSize).map { ($0 + number) % 3 != 0 }, scale: 1,
                    dropout: dropout)
                result += [
                    runner.batch.losses.array, runner.gradients.array,
                    try #require(runner.carriedState).array,
                ]
            }
            results.append(result)
        }
        for result in results.dropFirst() { #expect(result == results[0]) }
    }

    @Test("its memory is said before, and other families have none")
    func memory() throws {
        let model = try RecurrentKind.all[2].tinyModel()
        let planned = [false, true].map {
            BatchRunner.memory(
                of: model.configuration, batchSize: Self.batchSize, contextLength: Self.length,
                threadCount: 2, slotCount: 5, carriesState: $0)
        }
        #expect(planned == [false, true].map { runner(model, carriesState: $0).memory })
        let state = try #require(model.configuration.carriedStateShape)
        #expect(
            planned[1].total - planned[0].total == 4 * Self.batchSize * state.reduce(1, *))
        #expect(
            ModelFamilies.statefulArchitectures
                == RecurrentArchitecture.allCases.map(\.rawValue))
    }
}
