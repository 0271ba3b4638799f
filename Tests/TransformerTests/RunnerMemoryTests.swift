import Testing
import Transformer
import Work

@Suite struct RunnerMemoryTests {
    @Test("what is said before is what is held afterwards", arguments: Architecture.allCases)
    func memory(_ architecture: Architecture) throws {
        var configuration = GPTConfiguration(
            architecture: architecture, layerCount: 2, headCount: 4, embeddingSize: 24,
            positionCount: 20, vocabularySize: 70)
        for tied in [true, false] where tied || architecture != .gpt2 {
            configuration.tiesEmbeddings = tied
            let model = try GPT(configuration, seed: 1)
            for (batchSize, perSlot, threads) in [(1, nil, 2), (6, 1, 3), (8, nil, 1), (12, 2, 2)] {
                let team = ThreadTeam(threadCount: threads)
                let runner = BatchRunner(
                    model: model, batchSize: batchSize, contextLength: 13, team: team,
                    sequencesPerSlot: perSlot)
                let planned = BatchRunner.memory(
                    of: configuration, batchSize: batchSize, contextLength: 13,
                    threadCount: threads, sequencesPerSlot: perSlot)
                #expect(runner.memory == planned)
                #expect(planned.activations > 0 && planned.panels > 0)
            }
        }
    }

    @Test("waves of slots give what slots at once give, and a profile covers all the time")
    func profile() throws {
        let configuration = GPTConfiguration(
            layerCount: 2, headCount: 2, embeddingSize: 16, positionCount: 16, vocabularySize: 50)
        let model = try GPT(configuration, seed: 2)
        let ids = (0..<12 * 16).map { Int32($0 * 7 % 50) }
        func gradients(_ batchSize: Int, profiled: Bool) -> [Float] {
            let runner = BatchRunner(
                model: model, batchSize: batchSize, contextLength: 16,
                team: ThreadTeam(threadCount: 2), sequencesPerSlot: 2)
            let profile = StepProfile(threadCount: 2)
            if profiled { runner.profile = profile }
            let duration = ContinuousClock().measure {
                for start in stride(from: 0, to: 12, by: batchSize) {
                    let part = Array(ids[start * 16..<(start + batchSize) * 16])
                    _ = runner.accumulateGradients(
                        inputs: part.span, targets: part.span, scale: 0.01)
                }
            }
            let covered = StepPart.allCases.reduce(0) { $0 + profile.seconds($1) }
            #expect(covered <= duration / .seconds(1))
            for part: StepPart in [.embedding, .attentionForward, .head, .feedForwardBackward] {
                #expect((profile.seconds(part) > 0) == profiled)
            }
            return runner.gradients.array
        }
        let whole = gradients(12, profiled: false)
        #expect(gradients(12, profiled: true) == whole)
        #expect(gradients(4, profiled: true) == whole)
        #expect(gradients(2, profiled: false) == whole)
    }
}
