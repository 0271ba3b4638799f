import Models
import Testing
import Work

@Suite struct RunnerMemoryTests {
    @Test("what is said before is what is held afterwards", arguments: Architecture.allCases)
    func memory(_ architecture: Architecture) throws {
        var configuration = GPTConfiguration(
            architecture: architecture, layerCount: 2, headCount: 4, embeddingSize: 24,
            positionCount: 20, vocabularySize: 70)
        // Of six floats a pair or two.
        if architecture == .gptNeoX { configuration.variations.rotaryShare = 0.75 }
        for tied in [true, false] where tied || architecture != .gpt2 {
            configuration.tiesEmbeddings = tied
            let model = try GPT(configuration, seed: 1)
            for (batchSize, slots, threads) in [
                (1, nil, 2), (6, 6, 3), (8, nil, 1), (12, 9, 2), (12, 7, 8), (12, 1, 1),
            ] {
                let team = ThreadTeam(threadCount: threads)
                let runner = BatchRunner(
                    model: model, batchSize: batchSize, contextLength: 13, team: team,
                    slotCount: slots)
                let planned = BatchRunner.memory(
                    of: configuration, batchSize: batchSize, contextLength: 13,
                    threadCount: threads, slotCount: slots)
                #expect(runner.memory == planned)
                #expect(planned.activations > 0 && planned.panels > 0)
            }
        }
    }

    @Test("gradients are those of slots at once and one for each doubling of the waves")
    func gradientCounts() throws {
        let configuration = GPTConfiguration(
            architecture: .gpt2, layerCount: 1, headCount: 1, embeddingSize: 8, positionCount: 4,
            vocabularySize: 9)
        func count(_ slots: Int?, _ batchSize: Int, threads: Int) -> Int {
            BatchRunner.memory(
                of: configuration, batchSize: batchSize, contextLength: 4, threadCount: threads,
                slotCount: slots
            ).gradients / 4 / configuration.layout.floatCount
        }
        // A batch of one, and the default.
        #expect((1...8).map { count(nil, 1, threads: $0) }.allSatisfy { $0 == 1 })
        #expect([1, 2, 3, 4, 5].map { count(nil, 16, threads: $0) } == [3, 4, 4, 4, 3])
        #expect([2, 3, 4, 5].map { count(nil, $0, threads: 2) } == [2, 3, 4, 4])
        // Four at once, or as many as there are threads.
        #expect([8, 16, 32, 64].map { count($0, 64, threads: 2) } == [5, 6, 7, 8])
        #expect([8, 16, 32, 64].map { count($0, 64, threads: 7) } == [8, 9, 10, 11])
        #expect([8, 16, 32, 64].map { count($0, 64, threads: 1) } == [4, 5, 6, 7])
    }

    @Test("a profile covers all the time, and changes nothing")
    func profile() throws {
        let configuration = GPTConfiguration(
            architecture: .gpt2, layerCount: 2, headCount: 2, embeddingSize: 16, positionCount: 16,
            vocabularySize: 50)
        let model = try GPT(configuration, seed: 2)
        let ids = (0..<12 * 16).map { TokenID($0 * 7 % 50) }
        func gradients(threads: Int, profiled: Bool) -> [Float] {
            let runner = BatchRunner(
                model: model, batchSize: 12, contextLength: 16,
                team: ThreadTeam(threadCount: threads), slotCount: 6)
            let profile = StepProfile(threadCount: threads)
            if profiled { runner.profile = profile }
            let duration = ContinuousClock().measure {
                _ = runner.computeGradients(inputs: ids.span, targets: ids.span, scale: 0.01)
            }
            let covered = StepPart.allCases.reduce(0) { $0 + profile.seconds($1) }
            #expect(covered <= duration / .seconds(1))
            for part: StepPart in [
                .embedding, .attentionForward, .head, .feedForwardBackward, .gradientSum,
            ] {
                #expect((profile.seconds(part) > 0) == profiled)
            }
            return runner.gradients.array
        }
        let plain = gradients(threads: 2, profiled: false)
        for threads in [1, 2, 7] { #expect(gradients(threads: threads, profiled: true) == plain) }
    }
}
