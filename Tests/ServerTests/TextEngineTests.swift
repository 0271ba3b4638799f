import Models
import Testing
import Tokenization
import Work

@testable import Server

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

@Suite struct TextEngineTests {
    /// Settings that must not change a text, but for the formats.
    private static func options(
        _ weights: WeightFormat, _ format: CacheFormat = .float32, slots: Int, chunk: Int,
        cache: Int = 1 << 20
    ) -> EngineOptions {
        var options = EngineOptions()
        options.weights = weights
        options.cache = format
        options.threadCount = 2
        (options.slotCount, options.chunkLength, options.cacheByteCount) = (slots, chunk, cache)
        return options
    }

    @Test(
        "texts are those of a plain loop: alone, in a crowd, from the cache and without it",
        arguments: EngineModel.allCases,
        WeightFormat.allCases.map { ($0, CacheFormat.float32) } + [(.float32, .float16)])
    func againstPlainLoop(kind: EngineModel, formats: (WeightFormat, CacheFormat)) async throws {
        let (weights, format) = formats
        let vocabulary = try EngineModel.vocabulary()
        let model = try kind.model(of: vocabulary)
        var maker = RequestMaker(kind, vocabulary, seed: 9)
        let requests = (0..<10).map { _ in maker.next() }
        let plain = PlainText(model, vocabulary, weights: weights, cache: format)
        let expected = try requests.map(plain.trace)
        for options in [
            Self.options(weights, format, slots: 20, chunk: 512),
            Self.options(weights, format, slots: 3, chunk: 7, cache: 20_000),
        ] {
            let engine = try TextEngine(
                model: model, vocabulary: vocabulary, name: "mill", options: options)
            let crowd = try await engine.traces(requests, order: maker.order(requests.count))
            for (place, trace) in crowd.enumerated() {
                trace.expect(expected[place], "request \(place) in a crowd")
            }
            // Again, where the cache knows the prompts or has lost them.
            for (place, request) in requests.enumerated() {
                let trace = try await engine.trace(request)
                #expect(trace.withoutCache == crowd[place].withoutCache, "request \(place) alone")
            }
            await engine.stop(grace: .seconds(60))
        }
    }

    @Test(
        "a request among 31 others has the events that it has alone",
        arguments: CacheFormat.allCases)
    func amongOthers(format: CacheFormat) async throws {
        let vocabulary = try EngineModel.vocabulary()
        let model = try EngineModel.llama.model(of: vocabulary)
        var maker = RequestMaker(.llama, vocabulary, seed: 77)
        let requests = (0..<32).map { _ in maker.next() }
        let single = try TextEngine(
            model: model, vocabulary: vocabulary, name: "mill",
            options: Self.options(.float32, format, slots: 1, chunk: 1 << 20, cache: 0))
        var alone: [TextTrace] = []
        for request in requests { alone.append(try await single.trace(request)) }
        #expect(single.statistics.cachedTokenCount == 0)
        for (slots, chunk) in [(64, 512), (17, 1), (5, 33)] {
            let engine = try TextEngine(
                model: model, vocabulary: vocabulary, name: "mill",
                options: Self.options(.float32, format, slots: slots, chunk: chunk))
            for round in 0..<2 {
                let traces = try await engine.traces(requests, order: maker.order(32))
                for (place, trace) in traces.enumerated() {
                    #expect(
                        trace.withoutCache == alone[place].withoutCache,
                        "request \(place), \(slots) slots, chunks of \(chunk), round \(round)")
                }
            }
            #expect(engine.statistics.cachedTokenCount > 0)
        }
    }

    @Test func `a text stops before a string wherever tokens cut it`() async throws {
        let vocabulary = try EngineModel.vocabulary()
        let engine = try TextEngine(
            model: EngineModel.gpt2.model(of: vocabulary), vocabulary: vocabulary, name: "mill",
            options: Self.options(.float32, slots: 4, chunk: 512))
        var request = TextRequest(prompt: [5, 9, 200])
        request.generation.maximumTokenCount = 30
        request.generation.temperature = 2
        request.ignoresEnd = true
        // Only letters may come, so that all that comes is text.
        for token in 0..<EngineModel.tokenCount {
            let isLetter =
                token < vocabulary.count
                && vocabulary.bytes(of: TokenID(token)).allSatisfy { (0x61...0x7A).contains($0) }
            if !isLetter || vocabulary.isSpecial(TokenID(token)) {
                request.adjustments.logitBias[TokenID(token)] = -1000
            }
        }
        let whole = try #require(try await engine.trace(request).texts.first)
        #expect(whole.count >= 30)
        for start in stride(from: 0, to: whole.count - 3, by: 3) {
            let string = Array(whole[start..<start + 3])
            var stopped = request
            stopped.generation.stopStrings = [String(decoding: string, as: UTF8.self), "#"]
            let trace = try await engine.trace(stopped)
            let place = try #require(
                whole.indices.first { whole[$0...].starts(with: string) })
            #expect(trace.texts == [Array(whole[..<place])])
            #expect(trace.reasons == [.stop])
        }
    }

    @Test func `the echo's log-probabilities are those of a whole forward`() async throws {
        let vocabulary = try EngineModel.vocabulary()
        for kind in [EngineModel.gpt2, .qwen3, .lstm] {
            let model = try kind.model(of: vocabulary)
            let engine = try TextEngine(
                model: model, vocabulary: vocabulary, name: "mill",
                options: Self.options(.float32, slots: 4, chunk: 11))
            var maker = RequestMaker(kind, vocabulary, seed: 4)
            var request = TextRequest(prompt: maker.tokens(50))
            request.generation.maximumTokenCount = 0
            (request.alternativeCount, request.echoesPrompt) = (20, true)
            let tokens = try await engine.trace(request).prompt
            #expect(tokens.map(\.token) == request.prompt)
            #expect(tokens[0].logProbability == nil && tokens[0].alternatives.isEmpty)
            let logits = model.logits(for: request.prompt, documentStarts: nil, kernels: .best)
            for place in 1..<50 {
                let start = (place - 1) * EngineModel.tokenCount
                let row = logits[start..<start + EngineModel.tokenCount].map(Double.init)
                let most = try #require(row.max())
                let shift = most + log(row.reduce(0) { $0 + exp($1 - most) })
                let own = try #require(tokens[place].logProbability)
                #expect(abs(own - (row[request.prompt[place].index] - shift)) < 1e-4)
                #expect(tokens[place].alternatives.count == 20)
                for alternative in tokens[place].alternatives {
                    let expected = row[alternative.token.index] - shift
                    #expect(abs(alternative.logProbability - expected) < 1e-4)
                    if alternative.token == request.prompt[place] {
                        #expect(alternative.logProbability == own)
                    }
                }
            }
        }
    }

    @Test func `a conversation ends at any token that only a program writes`() async throws {
        let vocabulary = try EngineModel.vocabulary()
        let engine = try TextEngine(
            model: EngineModel.gpt2.model(of: vocabulary), vocabulary: vocabulary, name: "mill")
        let start = try #require(vocabulary.specialToken("<|im_start|>"))
        var request = TextRequest(prompt: [1])
        request.generation.maximumTokenCount = 5
        request.adjustments.logitBias = [start: 1000]
        var trace = try await engine.trace(request)
        #expect(trace.tokens == [Array(repeating: ScoredToken(start, nil), count: 5)])
        #expect(trace.reasons == [.length])
        request.skipsSpecialTokens = true
        #expect(try await engine.trace(request).texts == [[]])
        request.skipsSpecialTokens = false
        request.endTokens = Set(vocabulary.specialTokens.map(\.id))
        trace = try await engine.trace(request)
        #expect(trace.tokens == [[ScoredToken(start, nil, isEnd: true)]])
        #expect(trace.texts == [[]] && trace.reasons == [.stop])
        // A token beyond the vocabulary ends every text, unless nothing may.
        (request.endTokens, request.moreEndTokens) = ([], [start])
        #expect(try await engine.trace(request).tokens == trace.tokens)
        (request.endTokens, request.moreEndTokens) = (nil, [])
        #expect(try await engine.trace(request).reasons == [.length])
        let ending = try TextEngine(
            model: EngineModel.gpt2.model(of: vocabulary), vocabulary: vocabulary, name: "mill",
            endTokens: [start])
        #expect(try await ending.trace(request).tokens == trace.tokens)
        let beyond = TokenID(EngineModel.tokenCount - 1)
        request.adjustments.logitBias = [beyond: 1000]
        trace = try await engine.trace(request)
        #expect(trace.tokens == [[ScoredToken(beyond, nil, isEnd: true)]])
        request.ignoresEnd = true
        trace = try await engine.trace(request)
        #expect(trace.tokens == [Array(repeating: ScoredToken(beyond, nil), count: 5)])
        #expect(trace.texts == [[]])
    }

    @Test func `numbers that are not finite fail their request alone`() async throws {
        let vocabulary = try EngineModel.vocabulary()
        let model = try EngineModel.llama.model(of: vocabulary)
        var maker = RequestMaker(.llama, vocabulary, seed: 31)
        var requests: [TextRequest] = []
        while requests.count < 6 {
            var request = maker.next()
            request.adjustments.logitBias = [7: -10_000]
            if !request.prompt.contains(7) { requests.append(request) }
        }
        let plain = PlainText(model, vocabulary, weights: .float32, cache: .float32)
        let expected = try requests.map(plain.trace)
        // Who reads token 7 knows no number any more.
        let embedding = try #require(model.layout.tensors.first { $0.role == .embedding })
        model.parameters[embedding.offset + 7 * embedding.shape[1]] = .nan
        var options = Self.options(.float32, slots: 20, chunk: 8)
        options.queueLength = 20
        let engine = try TextEngine(
            model: model, vocabulary: vocabulary, name: "mill", options: options)
        var bad = TextRequest(prompt: [1, 7, 2, 3, 4, 5, 6, 8, 9, 10])
        (bad.sampleCount, bad.generation.maximumTokenCount) = (3, 5)
        // A prompt that is sound, and a token that is not.
        var late = TextRequest(prompt: [1, 2, 3])
        late.adjustments.logitBias = [7: 10_000]
        (late.sampleCount, late.generation.maximumTokenCount) = (2, 5)
        let traces = try await engine.traces([bad, late] + requests)
        #expect(traces[0].failure == .notFinite && traces[0].tokens == [[], [], []])
        #expect(traces[1].failure == .notFinite)
        #expect(traces[1].tokens == Array(repeating: [ScoredToken(7, nil)], count: 2))
        for (trace, expected) in zip(traces[2...], expected) { trace.expect(expected, "") }
        #expect(engine.statistics.failedCount == 2)
        #expect(engine.statistics.runningCount == 0)
    }
}
