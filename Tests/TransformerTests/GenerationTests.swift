import Testing
import Transformer

@Suite struct KeyValueCacheTests {
    @Test(
        "prompt and steps give the logits of a whole forward, at every level",
        arguments: availableLevels, ModelKind.all)
    func againstForward(level: KernelLevel, kind: ModelKind) throws {
        let model = try tinyModel(kind, width: 24, positions: 9, vocabulary: 19)
        let ids = randomBatch(9, vocabulary: 19, seed: 1).inputs
        for promptLength in [1, 2, 5, 9] {
            let cache = KeyValueCache(model, kernels: level)
            for count in promptLength...9 {
                if count == promptLength {
                    let prompt = Array(ids[..<count])
                    cache.prefill(prompt.span)
                } else {
                    cache.step(ids[count - 1])
                }
                let all = model.logits(for: Array(ids[..<count]), kernels: level)
                for (found, expected) in zip(cache.logits.array, all.suffix(19)) {
                    #expect(abs(found - expected) < 1e-4)
                }
                #expect(cache.count == count)
            }
        }
    }

    @Test("a cache that is reset knows nothing of what it read")
    func reset() throws {
        let model = try tinyModel()
        let cache = KeyValueCache(model)
        let (long, short): ([Int32], [Int32]) = ([1, 2, 3, 4, 5], [7, 8])
        cache.prefill(long.span)
        cache.prefill(short.span)
        let fresh = KeyValueCache(model)
        fresh.prefill(short.span)
        #expect(cache.logits.array == fresh.logits.array)
    }

    @Test("logits of the model are the twin's", arguments: ModelKind.all)
    func logits(kind: ModelKind) throws {
        let model = try tinyModel(kind)
        let ids: [Int32] = [1, 9, 0, 4]
        let expected = PlainGPT<Double>(model).logits(for: ids)
        for (found, value) in zip(model.logits(for: ids), expected) {
            #expect(abs(Double(found) - value) < 1e-4)
        }
    }
}

@Suite struct TextGeneratorTests {
    @Test("greedy generation is the likeliest token of the twin, again and again")
    func greedy() throws {
        let model = try tinyModel(positions: 12)
        let twin = PlainGPT<Double>(model)
        var ids: [Int32] = [3, 5]
        var generator = TextGenerator(model, configuration: .greedy(maximumTokenCount: 10))
        generator.start(prompt: ids)
        while let token = generator.next() {
            let logits = twin.logits(for: ids).suffix(11).map(Float.init)
            #expect(token == Sampler.likeliest(in: logits.span))
            ids.append(token)
        }
        #expect(ids.count == 12)
    }

    @Test("a full context slides: the text goes on from its latest tokens")
    func sliding() throws {
        let model = try tinyModel(positions: 8)
        var generator = TextGenerator(model, configuration: .greedy(maximumTokenCount: 30))
        var ids: [Int32] = [1, 2, 3]
        generator.start(prompt: ids)
        var windowStart = 0
        while let token = generator.next() {
            // A quarter of the eight leaves when a ninth would not fit.
            if ids.count - windowStart > 8 { windowStart = ids.count - 6 }
            let logits = model.logits(for: Array(ids[windowStart...])).suffix(11)
            let array = Array(logits)
            #expect(token == Sampler.likeliest(in: array.span))
            ids.append(token)
        }
        #expect(ids.count == 33)
    }

    @Test("a prompt longer than the context keeps its end")
    func longPrompt() throws {
        let model = try tinyModel(positions: 8)
        let prompt = randomBatch(50, vocabulary: 11, seed: 3).inputs
        var (long, short) = (
            TextGenerator(model, configuration: .greedy(maximumTokenCount: 5)),
            TextGenerator(model, configuration: .greedy(maximumTokenCount: 5))
        )
        long.start(prompt: prompt)
        short.start(prompt: Array(prompt.suffix(6)))
        for _ in 0..<6 { #expect(long.next() == short.next()) }
    }

    @Test("the same seed gives the same text, another seed another")
    func seeds() throws {
        let model = try tinyModel(positions: 16)
        func text(_ seed: UInt64) -> [Int32] {
            var configuration = GenerationConfiguration()
            configuration.temperature = 2
            configuration.seed = seed
            configuration.maximumTokenCount = 40
            var generator = TextGenerator(model, configuration: configuration)
            generator.start(prompt: [1])
            var ids: [Int32] = []
            while let id = generator.next() { ids.append(id) }
            return ids
        }
        #expect(text(1) == text(1))
        #expect(text(1) != text(2))
    }

    @Test("the end token ends the text and is not returned")
    func endToken() throws {
        let model = try tinyModel()
        var free = TextGenerator(model, configuration: .greedy(maximumTokenCount: 3))
        free.start(prompt: [2])
        let first = free.next()
        #expect(first != nil)
        var ended = TextGenerator(
            model, configuration: .greedy(maximumTokenCount: 3), endToken: first)
        ended.start(prompt: [2])
        #expect(ended.next() == nil)
        #expect(ended.next() == nil)
    }
}

@Suite struct SamplerTests {
    let logits: [Float] = [0, 1, 2, 3, 2.5, -1]

    func frequencies(_ configuration: GenerationConfiguration, draws: Int = 4_000) -> [Double] {
        var sampler = Sampler(configuration)
        var counts = [Double](repeating: 0, count: logits.count)
        for _ in 0..<draws {
            counts[Int(sampler.next(from: logits.span))] += 1 / Double(draws)
        }
        return counts
    }

    func configuration(
        temperature: Double = 1, topK: Int = 0, topP: Double = 1
    ) -> GenerationConfiguration {
        var configuration = GenerationConfiguration()
        configuration.temperature = temperature
        configuration.topK = topK
        configuration.topP = topP
        return configuration
    }

    func softmax(_ logits: [Double]) -> [Double] {
        let powers = logits.map { x in
            (0..<40).reversed().reduce(1.0) { 1 + $0 * x / Double($1 + 1) }
        }
        return powers.map { $0 / powers.reduce(0, +) }
    }

    @Test("temperature 0 takes the likeliest, the smallest id among equals")
    func greedy() {
        var sampler = Sampler(configuration(temperature: 0))
        #expect(sampler.next(from: logits.span) == 3)
        let equal: [Float] = [1, 4, 4, 0]
        #expect(sampler.next(from: equal.span) == 1)
    }

    @Test("draws follow the softmax of the logits over the temperature", arguments: [0.5, 1, 2])
    func distribution(temperature: Double) {
        let found = frequencies(configuration(temperature: temperature))
        let expected = softmax(logits.map { Double($0) / temperature })
        for (a, b) in zip(found, expected) { #expect(abs(a - b) < 0.03) }
    }

    @Test("top-k leaves the k likeliest, in their proportions")
    func topK() {
        let found = frequencies(configuration(topK: 2))
        let expected = softmax([3, 2.5])
        #expect(abs(found[3] - expected[0]) < 0.03)
        #expect(abs(found[4] - expected[1]) < 0.03)
        #expect(found[3] + found[4] > 0.999)
    }

    @Test("top-p leaves the smallest set that reaches p")
    func topP() {
        let probabilities = softmax(logits.map(Double.init))
        let two = probabilities[3] + probabilities[4]
        let less = frequencies(configuration(topP: two - 0.01))
        #expect(less[3] + less[4] > 0.999)
        #expect(less[4] > 0)
        let more = frequencies(configuration(topP: two + 0.01))
        #expect(more[2] > 0 && more[1] == 0)
        let tiny = frequencies(configuration(topP: 0.01))
        #expect(tiny[3] > 0.999)
    }

    @Test("numbers that make no sense are refused with a sentence")
    func validation() {
        #expect(throws: TransformerError.self) {
            try configuration(temperature: -1).validate()
        }
        #expect(throws: TransformerError.self) { try configuration(topK: -1).validate() }
        #expect(throws: TransformerError.self) { try configuration(topP: 0).validate() }
        #expect(throws: Never.self) { try configuration().validate() }
    }
}
