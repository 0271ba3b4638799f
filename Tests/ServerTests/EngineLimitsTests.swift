import Models
import Testing
import Tokenization

@testable import Server

@Suite struct EngineLimitsTests {
    /// An engine of a model that reads on without an end, with one slot.
    private func endlessEngine(queue: Int = 1) throws -> TextEngine {
        let vocabulary = try EngineModel.vocabulary()
        var options = EngineOptions()
        (options.slotCount, options.queueLength, options.threadCount) = (1, queue, 1)
        return try TextEngine(
            model: EngineModel.gru.model(of: vocabulary), vocabulary: vocabulary, name: "mill",
            options: options)
    }

    /// A request that ends only when it is made to.
    private var endless: TextRequest {
        var request = TextRequest(prompt: [1, 2, 3])
        request.generation.maximumTokenCount = 1 << 30
        request.ignoresEnd = true
        return request
    }

    private func short(_ count: Int = 3) -> TextRequest {
        var request = endless
        request.generation.maximumTokenCount = count
        return request
    }

    @Test func `a full queue refuses, and has room when a client goes away`() async throws {
        let engine = try endlessEngine()
        do {
            var events = try engine.submit(endless).makeAsyncIterator()
            _ = await events.next()
            let waiting = try engine.submit(short())
            #expect(engine.statistics.waitingCount == 1)
            #expect(throws: EngineRefusal.queueIsFull(retryAfterSeconds: 1)) {
                try engine.submit(short())
            }
            #expect(engine.statistics.refusedCounts == ["queue_full": 1])
            // One that waits leaves at once.
            let task = Task { await TextTrace(waiting, sampleCount: 1) }
            task.cancel()
            _ = await task.value
            #expect(engine.statistics.waitingCount == 0)
            #expect(engine.statistics.cancelledCount == 1)
            _ = await events.next()
        }
        // So does one that is at work, and its slot is another's.
        let trace = try await engine.trace(short())
        #expect(trace.reasons == [.length])
        #expect(engine.statistics.cancelledCount == 2)
        #expect(engine.statistics.runningCount == 0)
        #expect(engine.statistics.stateByteCount == 0)
    }

    @Test func `without a queue a request begins where a slot is free`() async throws {
        let engine = try endlessEngine(queue: 0)
        for _ in 0..<3 {
            let trace = try await engine.trace(short())
            #expect(trace.reasons == [.length])
        }
        var events = try engine.submit(endless).makeAsyncIterator()
        _ = await events.next()
        #expect(throws: EngineRefusal.self) { try engine.submit(short()) }
        _ = await events.next()
    }

    /// A request must be at work when the engine is stopped. How long it takes depends on the
    /// machine: it becomes longer until it is.
    @Test func `an engine that stops lets what is at work finish in time`() async throws {
        for count in [50, 500, 5_000, 50_000] {
            let engine = try endlessEngine(queue: 3)
            var events = try engine.submit(short(count)).makeAsyncIterator()
            _ = await events.next()
            let waiting = try engine.submit(short())
            await engine.stop(grace: .seconds(600))
            var last: TextEvent?
            while let event = await events.next() { last = event }
            guard case .finished(let usage) = last else {
                Issue.record("\(String(describing: last))")
                return
            }
            #expect(usage.completionTokenCount == count)
            #expect(throws: EngineRefusal.isStopping) { try engine.submit(short()) }
            // Whoever stops it again does not wait.
            await engine.stop(grace: .zero)
            if await TextTrace(waiting, sampleCount: 1).failure == .stopped { return }
        }
        Issue.record("what waited was never stopped")
    }

    @Test func `what is not done in time fails`() async throws {
        let engine = try endlessEngine()
        var events = try engine.submit(endless).makeAsyncIterator()
        _ = await events.next()
        async let first: Void = engine.stop(grace: .seconds(600))
        await engine.stop(grace: .zero)
        await first
        var last: TextEvent?
        while let event = await events.next() { last = event }
        guard case .failed(.stopped) = last else {
            Issue.record("\(String(describing: last))")
            return
        }
        #expect(engine.statistics.failedCount == 1)
        #expect(engine.statistics.runningCount == 0)
    }

    @Test func `a request that cannot be served is refused with its numbers`() async throws {
        let vocabulary = try EngineModel.vocabulary()
        let engine = try TextEngine(
            model: EngineModel.gpt2.model(of: vocabulary), vocabulary: vocabulary, name: "mill")
        #expect(engine.contextLimit == 96)
        func refusal(_ change: (inout TextRequest) -> Void) -> EngineRefusal? {
            var request = TextRequest(prompt: [1, 2, 3])
            request.generation.maximumTokenCount = 93
            change(&request)
            do throws(EngineRefusal) {
                _ = try engine.submit(request)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal { _ in } == nil)
        #expect(
            refusal { $0.prompt.append(4) }
                == .doesNotFit(promptCount: 4, tokenCount: 93, limit: 96))
        #expect(
            refusal { $0.generation.maximumTokenCount = 1 << 31 }
                == .doesNotFit(promptCount: 3, tokenCount: 1 << 31, limit: 96))
        #expect(refusal { $0.prompt = [] } == .promptIsEmpty)
        #expect(refusal { $0.prompt[1] = 280 } == .unknownToken(280, count: 280))
        let changes: [(inout TextRequest) -> Void] = [
            { $0.sampleCount = 0 }, { $0.sampleCount = 17 }, { $0.alternativeCount = 21 },
            { $0.alternativeCount = -1 }, { $0.generation.temperature = .nan },
            { $0.generation.topP = 0 }, { $0.generation.stopStrings = [""] },
            { $0.adjustments.presencePenalty = .infinity },
            { $0.adjustments.logitBias[3] = .nan },
        ]
        for change in changes { #expect(refusal(change)?.reason == "bad_request") }
        #expect(
            engine.statistics.refusedCounts == [
                "bad_request": changes.count + 2, "context_size": 2,
            ])
    }

    @Test func `a prompt of pairs has a source and the beginning of its target`() async throws {
        let vocabulary = try EngineModel.vocabulary()
        let engine = try TextEngine(
            model: EngineModel.pairs.model(of: vocabulary), vocabulary: vocabulary, name: "mill")
        let template = try PairTemplate(vocabulary)
        #expect(engine.readsPairs)
        #expect(throws: EngineRefusal.noTarget(template.pad)) {
            try engine.submit(TextRequest(prompt: [1, 2, template.end]))
        }
    }

    @Test func `counters tell what was done`() async throws {
        let engine = try endlessEngine()
        var request = short(7)
        request.sampleCount = 2
        for _ in 0..<2 { _ = try await engine.trace(request) }
        let statistics = engine.statistics
        #expect(statistics.promptTokenCount == 3)
        #expect(statistics.cachedTokenCount == 3)
        #expect(statistics.drawnTokenCount == 28)
        #expect(statistics.finishedCount == 2)
        #expect(statistics.timeToFirstToken.count == 2)
        #expect(statistics.timeBetweenTokens.count == 24)
        // One slot: a prompt, and six steps for each of the texts.
        #expect(statistics.modelCallCount == 25)
        #expect(statistics.busySlotsPerCall == 1)
        #expect(statistics.cachedPromptCount == 1)
        #expect(statistics.cacheByteCount > 0)
        #expect(statistics.drawingSeconds > 0 && statistics.promptSeconds > 0)
    }

    @Test func `prompts that begin alike are read once, also when they come together`()
        async throws
    {
        let vocabulary = try EngineModel.vocabulary()
        var options = EngineOptions()
        options.chunkLength = 16
        let engine = try TextEngine(
            model: EngineModel.qwen3.model(of: vocabulary), vocabulary: vocabulary, name: "mill",
            options: options)
        var maker = RequestMaker(.qwen3, vocabulary, seed: 6)
        let beginning = maker.tokens(50)
        let requests = (0..<6).map { number in
            var request = TextRequest(prompt: beginning + [TokenID(number)])
            request.generation.maximumTokenCount = 2
            return request
        }
        let traces = try await engine.traces(requests)
        #expect(traces.allSatisfy { $0.failure == nil })
        #expect(engine.statistics.promptTokenCount == 51 + 5)
        #expect(engine.statistics.cachedTokenCount == 5 * 50)
        #expect(traces.count { $0.cachedCount == 50 } == 5)
    }

    @Test func `a histogram counts each measurement once`() {
        var histogram = Histogram(bounds: [1, 2, 5])
        for value in [0, 1, 1.5, 2, 4, 6, 100] { histogram.add(value) }
        #expect(histogram.counts == [2, 2, 1, 2])
        #expect(histogram.count == 7)
        #expect(histogram.sum == 114.5)
    }
}
