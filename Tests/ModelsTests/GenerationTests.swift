import Foundation
import Testing
import Work

@testable import Models

@Suite struct InferencePassTests {
    @Test(
        "prompt and steps give the logits of a whole forward, at every level",
        arguments: availableLevels, ModelKind.all)
    func againstForward(level: KernelLevel, kind: ModelKind) throws {
        let model = try tinyModel(kind, width: 24, positions: 9, vocabulary: 19)
        let ids = randomBatch(9, vocabulary: 19, seed: 1).inputs
        let pass = GPTInferencePass(model, team: ThreadTeam(threadCount: 2), kernels: level)
        for promptLength in [1, 2, 5, 9] {
            let cache = KeyValueCache(model.configuration)
            for count in promptLength...9 {
                if count == promptLength {
                    let prompt = Array(ids[..<count])
                    pass.read(prompt.span, into: cache)
                } else {
                    pass.step([ids[count - 1]], [cache])
                }
                let all = model.logits(for: Array(ids[..<count]), kernels: level)
                for (found, expected) in zip(pass.logits(), all.suffix(19)) {
                    #expect(abs(found - expected) < 1e-4)
                }
                #expect(cache.count == count)
            }
        }
    }

    @Test(
        "a text longer than a chunk, read in parts of any size, is a whole forward",
        arguments: [0, 3, 6, 11, 12, 13, 18].map { ModelKind.all[$0] })
    func chunks(kind: ModelKind) throws {
        let model = try tinyModel(kind, width: 16, positions: 300, vocabulary: 19)
        let ids = randomBatch(300, vocabulary: 19, seed: 2).inputs
        let expected = model.logits(for: ids).suffix(19)
        for weights in [WeightFormat.float32, .float16, .bfloat16] {
            let pass = GPTInferencePass(
                model, weights: weights, team: ThreadTeam(threadCount: 2))
            for cuts in [[300], [17, 300], [1, 2, 258, 300], [299, 300]] {
                let cache = KeyValueCache(model.configuration)
                var start = 0
                for end in cuts {
                    let part = Array(ids[start..<end])
                    pass.read(part.span, into: cache)
                    start = end
                }
                let tolerance: Float = weights == .float32 ? 1e-3 : 0.5
                for (found, expected) in zip(pass.logits(), expected) {
                    #expect(abs(found - expected) < tolerance)
                }
            }
        }
    }

    @Test(
        "parts of a text whose products are longer than a block are a whole forward",
        arguments: ["gpt2", "llama"])
    func longProducts(name: String) throws {
        let kind = ModelKind(name) {
            $0.architecture = name == "gpt2" ? .gpt2 : .llama
            $0.intermediateSize = 1_024
        }
        let model = try tinyModel(kind, layers: 1, width: 16, positions: 40, vocabulary: 19)
        let ids = randomBatch(40, vocabulary: 19, seed: 2).inputs
        let pass = GPTInferencePass(model, team: ThreadTeam(threadCount: 2))
        let cache = KeyValueCache(model.configuration)
        pass.read(ids.span, into: cache)
        for (found, expected) in zip(pass.logits(), model.logits(for: ids).suffix(19)) {
            #expect(abs(found - expected) < 1e-3 * max(1, abs(expected)))
        }
    }

    /// Every format of weights, and of caches.
    private static let formats =
        WeightFormat.allCases.map { ($0, CacheFormat.float32) }
        + [(.float32, .float16), (.blocks4, .float16)]

    @Test(
        "the bits are those of one thread and of each text alone", arguments: formats,
        [0, 3, 5, 12, 13, 18].map { ModelKind.all[$0] })
    func sameBits(formats: (WeightFormat, CacheFormat), kind: ModelKind) throws {
        let (weights, format) = formats
        let model = try tinyModel(kind, width: 96, positions: 80, vocabulary: 131)
        let texts = (0..<6).map { randomBatch(40 + $0, vocabulary: 131, seed: UInt64($0)).inputs }
        let alone = GPTInferencePass(
            model, weights: weights, cache: format, team: ThreadTeam(threadCount: 1))
        let together = GPTInferencePass(
            model, weights: weights, cache: format, textCount: 6,
            team: ThreadTeam(threadCount: 3))
        var caches: [KeyValueCache] = []
        for text in texts {
            let cache = KeyValueCache(model.configuration, capacity: 64, format: format)
            let prompt = Array(text.dropLast(10))
            together.read(prompt.span, into: cache)
            caches.append(cache)
        }
        for step in 0..<10 {
            together.step(texts.map { $0[$0.count - 10 + step] }, caches)
        }
        for (number, text) in texts.enumerated() {
            let cache = KeyValueCache(model.configuration, format: format)
            let prompt = Array(text.dropLast(10))
            alone.read(prompt.span, into: cache)
            for token in text.suffix(10) { alone.step([token], [cache]) }
            #expect(alone.logits() == together.logits(ofText: number))
        }
    }

    @Test("what reduced weights say is what a model of the rounded weights says")
    func reduced() throws {
        for kind in [0, 4, 11, 13, 18].map({ ModelKind.all[$0] }) {
            let model = try tinyModel(kind, width: 40, positions: 60, vocabulary: 35)
            let ids = randomBatch(50, vocabulary: 35, seed: 3).inputs
            let exact = model.logits(for: ids).suffix(35)
            var errors: [Float] = []
            for weights in [WeightFormat.float16, .bfloat16, .int8, .blocks4] {
                let pass = GPTInferencePass(
                    model, weights: weights, team: ThreadTeam(threadCount: 2))
                let (whole, steps) = (
                    KeyValueCache(model.configuration), KeyValueCache(model.configuration)
                )
                pass.read(ids.span, into: whole)
                let found = pass.logits()
                for id in ids { pass.step([id], [steps]) }
                // Panels and rows see the same rounded weights.
                for (a, b) in zip(pass.logits(), found) { #expect(abs(a - b) < 1e-3) }
                errors.append(zip(found, exact).map { abs($0 - $1) }.max() ?? 0)
                #expect(pass.weightByteCount < 4 * model.layout.parameterCount)
            }
            #expect(errors.allSatisfy { $0 > 0 } && errors.dropLast().allSatisfy { $0 < 1 })
            #expect(errors[0] < errors[1] / 2)
        }
    }

    @Test("a cache of half the bytes is near, in prompts and in steps", arguments: ModelKind.all)
    func halfCache(kind: ModelKind) throws {
        let model = try tinyModel(kind, width: 24, positions: 90, vocabulary: 19)
        let ids = randomBatch(80, vocabulary: 19, seed: 6).inputs
        let expected = Array(model.logits(for: ids).suffix(19))
        let pass = GPTInferencePass(model, cache: .float16, team: ThreadTeam(threadCount: 2))
        for promptLength in [1, 50, 80] {
            let cache = pass.makeState(capacity: 85)
            let prompt = Array(ids[..<promptLength])
            pass.read(prompt.span, into: cache)
            for id in ids[promptLength...] { pass.step([id], [cache]) }
            let found = pass.logits()
            for (a, b) in zip(found, expected) { #expect(abs(a - b) < 0.02) }
            #expect(found != expected)
            #expect(
                cache.byteCount
                    == model.configuration.stateByteCount(tokenCount: 85, cache: .float16))
            #expect(2 * cache.byteCount == model.configuration.stateByteCount(tokenCount: 85))
        }
    }

    @Test(
        "a cache forgets its end, and takes over another's beginning",
        arguments: CacheFormat.allCases)
    func caches(format: CacheFormat) throws {
        let model = try tinyModel(positions: 9)
        let pass = GPTInferencePass(model, cache: format, team: ThreadTeam(threadCount: 1))
        let (long, tail): ([TokenID], [TokenID]) = ([1, 2, 3, 4, 5], [7, 8])
        let (first, second) = (
            KeyValueCache(model.configuration, format: format),
            KeyValueCache(model.configuration, capacity: 5, format: format)
        )
        pass.read(long.span, into: first)
        #expect(first.rewind(to: 3) == 3)
        second.copy(from: first, count: 3)
        #expect(second.count == 3)
        pass.read(tail.span, into: first)
        let continued = pass.logits()
        pass.read(tail.span, into: second)
        #expect(pass.logits() == continued)
        let fresh = KeyValueCache(model.configuration, format: format)
        let all: [TokenID] = [1, 2, 3, 7, 8]
        pass.read(all.span, into: fresh)
        for (a, b) in zip(pass.logits(), continued) { #expect(abs(a - b) < 1e-4) }
    }

    @Test("logits of the model are the twin's", arguments: ModelKind.all)
    func logits(kind: ModelKind) throws {
        let model = try tinyModel(kind)
        let ids: [TokenID] = [1, 9, 0, 4]
        let expected = PlainGPT<Double>(model).logits(for: ids)
        for (found, value) in zip(model.logits(for: ids), expected) {
            #expect(abs(Double(found) - value) < 1e-4)
        }
    }
}

extension InferencePass {
    fileprivate func logits(ofText text: Int = 0) -> [Float] {
        withLogits(ofText: text) { span in span.indices.map { span[$0] } }
    }
}

@Suite struct TextGeneratorTests {
    @Test("greedy generation is the likeliest token of the twin, again and again")
    func greedy() throws {
        let model = try tinyModel(positions: 12)
        let twin = PlainGPT<Double>(model)
        var ids: [TokenID] = [3, 5]
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
        var ids: [TokenID] = [1, 2, 3]
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

    @Test("a full context keeps its first tokens, if it is to", arguments: [1, 3, 4, 100])
    func kept(count: Int) throws {
        let model = try tinyModel(positions: 8)
        var configuration = GenerationConfiguration.greedy(maximumTokenCount: 30)
        configuration.keptTokenCount = count
        var generator = TextGenerator(model, configuration: configuration)
        var window: [TokenID] = [1, 2, 3, 4, 5]
        generator.start(prompt: window)
        while let token = generator.next() {
            // At most half of the eight stay, and six are left.
            if window.count > 8 {
                let first = min(count, 4)
                window = Array(window.prefix(first) + window.suffix(6 - first))
            }
            let logits = Array(model.logits(for: window).suffix(11))
            #expect(token == Sampler.likeliest(in: logits.span))
            window.append(token)
        }
    }

    @Test("penalties spare the tokens that they are to spare")
    func spared() throws {
        var configuration = GenerationConfiguration.greedy(maximumTokenCount: 1)
        configuration.repetitionPenalty = 4
        var adjustments = LogitAdjustments()
        (adjustments.presencePenalty, adjustments.frequencyPenalty) = (1, 1)
        adjustments.sparedTokens = [2]
        let logits: [Float] = [1, 2, 8, 7.5]
        var sampler = Sampler(configuration, adjustments: adjustments)
        for _ in 0..<3 {
            #expect(sampler.next(from: logits.span) == 2)
            sampler.noteDrawn(2)
        }
        adjustments.sparedTokens = []
        sampler = Sampler(configuration, adjustments: adjustments)
        sampler.noteDrawn(2)
        #expect(sampler.next(from: logits.span) == 3)
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
        func text(_ seed: UInt64) -> [TokenID] {
            var configuration = GenerationConfiguration()
            configuration.temperature = 2
            configuration.seed = seed
            configuration.maximumTokenCount = 40
            var generator = TextGenerator(model, configuration: configuration)
            generator.start(prompt: [1])
            var ids: [TokenID] = []
            while let id = generator.next() { ids.append(id) }
            return ids
        }
        #expect(text(1) == text(1))
        #expect(text(1) != text(2))
    }

    @Test("samples drawn together are those drawn alone, slides included")
    func samples() throws {
        let model = try tinyModel(positions: 16)
        var configuration = GenerationConfiguration()
        configuration.temperature = 2
        configuration.maximumTokenCount = 40
        configuration.repetitionPenalty = 1.2
        func draw(_ seed: UInt64, count: Int) -> [[TokenID]] {
            configuration.seed = seed
            var generator = TextGenerator(
                model, configuration: configuration, sampleCount: count, endTokens: [4])
            generator.start(prompt: [1, 2, 3])
            var texts = [[TokenID]](repeating: [], count: count)
            while true {
                let tokens = generator.advance()
                if tokens.allSatisfy({ $0 == nil }) { break }
                for (index, token) in tokens.enumerated() {
                    if let token { texts[index].append(token) }
                }
            }
            for index in 0..<count {
                let isLong = texts[index].count == 40
                #expect(generator.ending(ofSample: index) == (isLong ? .length : .endToken))
            }
            return texts
        }
        let together = draw(7, count: 5)
        for index in 0..<5 { #expect(draw(7 + UInt64(index), count: 1)[0] == together[index]) }
        #expect(Set(together).count > 1)
    }

    @Test("a prompt that continues the text is not read again, with the same result")
    func continuing() throws {
        let model = try tinyModel(positions: 40)
        func continuation(_ prompts: [[TokenID]]) -> [TokenID] {
            var generator = TextGenerator(model, configuration: .greedy(maximumTokenCount: 6))
            var text: [TokenID] = []
            for prompt in prompts {
                text = []
                generator.start(prompt: prompt)
                while let token = generator.next() { text.append(token) }
            }
            return text
        }
        let first: [TokenID] = [1, 2, 3]
        let second = first + continuation([first]) + [5, 6]
        #expect(continuation([first, second]) == continuation([second]))
        // Another beginning, and a shorter text.
        #expect(continuation([first, second, [1, 9]]) == continuation([[1, 9]]))
    }

    @Test("log-probabilities are the model's own")
    func logProbabilities() throws {
        let model = try tinyModel(positions: 12)
        var configuration = GenerationConfiguration()
        configuration.temperature = 3
        configuration.maximumTokenCount = 8
        var generator = TextGenerator(
            model, configuration: configuration, givesLogProbabilities: true)
        var ids: [TokenID] = [3]
        generator.start(prompt: ids)
        #expect(generator.logProbability() == nil)
        while let token = generator.next() {
            let logits = PlainGPT<Double>(model).logits(for: ids).suffix(11).map { $0 }
            let most = logits.max() ?? 0
            let sum = logits.reduce(0) { $0 + exp($1 - most) }
            let expected = logits[token.index] - most - log(sum)
            #expect(abs((generator.logProbability() ?? 1) - expected) < 1e-4)
            ids.append(token)
        }
        #expect(ids.count == 9)
    }

    @Test("a sample that is stopped gives nothing more")
    func stopping() throws {
        var generator = TextGenerator(
            try tinyModel(), configuration: .greedy(maximumTokenCount: 9), sampleCount: 2)
        generator.start(prompt: [1])
        #expect(generator.advance().allSatisfy { $0 != nil })
        generator.stop(sample: 0)
        let tokens = generator.advance()
        #expect(tokens[0] == nil && tokens[1] != nil)
        #expect(generator.ending(ofSample: 0) == .stopped)
    }

    @Test(
        "a model whose numbers are not finite gives no token, and says so",
        arguments: [Float.nan, .infinity, 3e38])
    func notFinite(number: Float) throws {
        let model = try tinyModel()
        for index in model.layout.tensors[0].range { model.parameters[index] = number }
        var generator = TextGenerator(model, configuration: .init())
        generator.start(prompt: [1, 2, 3])
        #expect(generator.next() == nil)
        #expect(generator.ending() == .notFinite)
        let pass = GPTInferencePass(model, team: ThreadTeam(threadCount: 1))
        pass.read([1, 2, 3].span, into: KeyValueCache(model.configuration))
        #expect(pass.likeliest(3).isEmpty)
    }

    @Test("the end token ends the text and is not returned")
    func endToken() throws {
        let model = try tinyModel()
        var free = TextGenerator(model, configuration: .greedy(maximumTokenCount: 3))
        free.start(prompt: [2])
        let drawn = free.next()
        let first = try #require(drawn)
        // Whichever of several it is.
        for others in [[], [TokenID(first.index == 0 ? 1 : 0)]] {
            var ended = TextGenerator(
                model, configuration: .greedy(maximumTokenCount: 3),
                endTokens: Set(others + [first]))
            ended.start(prompt: [2])
            #expect(ended.next() == nil)
            #expect(ended.next() == nil)
            #expect(ended.ending() == .endToken)
        }
    }
}

@Suite struct SamplerTests {
    let logits: [Float] = [0, 1, 2, 3, 2.5, -1]

    func frequencies(_ configuration: GenerationConfiguration, draws: Int = 4_000) -> [Double] {
        var sampler = Sampler(configuration)
        var counts = [Double](repeating: 0, count: logits.count)
        for _ in 0..<draws {
            counts[sampler.next(from: logits.span).index] += 1 / Double(draws)
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
        let powers = logits.map { exp($0) }
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

    /// The processors as their formulas read, with sorting and in double.
    func plainProbabilities(
        _ logits: [Float], _ c: GenerationConfiguration, seen: [TokenID]
    ) -> [Double] {
        var scores = logits.map(Double.init)
        for token in Set(seen) {
            let x = scores[token.index]
            scores[token.index] = x < 0 ? x * c.repetitionPenalty : x / c.repetitionPenalty
        }
        scores = scores.map { $0 / c.temperature }
        func order() -> [Int] {
            scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
        }
        func normalised() -> [Double] {
            let most = scores.max() ?? 0
            return softmax(scores.map { $0 - most })
        }
        if c.topK > 0, c.topK < scores.count {
            let least = scores[order()[c.topK - 1]]
            scores = scores.map { $0 < least ? -.infinity : $0 }
        }
        if c.topP < 1 {
            var before = 0.0
            let probabilities = normalised()
            for index in order() {
                if before >= c.topP { scores[index] = -.infinity }
                before += probabilities[index]
            }
        }
        let probabilities = normalised()
        let most = probabilities.max() ?? 0
        for index in scores.indices where probabilities[index] < c.minP * most {
            scores[index] = -.infinity
        }
        return normalised()
    }

    @Test("the processors are their formulas, alone and in every combination")
    func processors() {
        var generator = RandomGenerator(seed: 11)
        for count in [1, 2, 5, 40, 700] {
            for round in 0..<40 {
                var c = GenerationConfiguration()
                c.temperature = [0.3, 1, 2][round % 3]
                c.topK = [0, 1, 3, 20, 650][round % 5]
                c.topP = [1, 0.13, 0.57, 0.983][round % 4]
                c.minP = [0, 0, 0.06, 0.41][round / 4 % 4]
                c.repetitionPenalty = [1, 1.37, 0.71][round / 2 % 3]
                let logits = (0..<count).map { _ in Float(generator.normal() * 3) }
                let seen = (0..<5).map { _ in TokenID(Int(generator.next() % UInt64(count))) }
                var sampler = Sampler(c)
                sampler.note(seen)
                let found = sampler.probabilities(from: logits.span)
                let expected = plainProbabilities(logits, c, seen: seen)
                for (a, b) in zip(found, expected) {
                    #expect(abs(a - b) < 1e-5 && (a == 0) == (b == 0 || b < 1e-30))
                }
            }
        }
    }

    @Test("the greatest are those that sorting finds, ties and runs included")
    func selection() {
        var generator = RandomGenerator(seed: 12)
        for count in Array(1...30) + [500] {
            for kinds in [1, 2, 5, 1_000_000] {
                var values = (0..<count).map { _ in Float(generator.next() % UInt64(kinds)) }
                if count % 3 == 0 { values.sort() }
                if count % 3 == 1 { values.sort(by: >) }
                let order = values.indices.sorted { (values[$0], $1) > (values[$1], $0) }
                for rank in Set([1, count / 3 + 1, count]) {
                    let found = Selection.greatest(rank, in: values.span)
                    #expect(found.map(\.index) == Array(order.prefix(rank)))
                }
                let sum = values.reduce(0) { $0 + Double($1) }
                for share in [0.1, 0.5, 0.9] where sum > 0 {
                    var reached = 0.0
                    let expected = order.first {
                        reached += Double(values[$0])
                        return reached >= share * sum
                    }
                    let found = Selection.last(reaching: share * sum, of: values.span, sum: sum)
                    #expect(found.index == expected)
                }
            }
        }
    }

    @Test("the largest logits and the strongest penalties still give a token and probabilities")
    func extremes() {
        let logits: [Float] = [3e38, -3e38, 0, .greatestFiniteMagnitude, -1, 1e-30]
        for penalty in [1e-6, 1, 1e6] {
            for temperature in [1e-6, 1, 1e6] {
                for (topK, topP, minP) in [(0, 1.0, 0.0), (3, 0.5, 0), (0, 0.9, 1)] {
                    var extreme = configuration(temperature: temperature)
                    (extreme.topK, extreme.topP, extreme.minP) = (topK, topP, minP)
                    extreme.repetitionPenalty = penalty
                    var sampler = Sampler(extreme)
                    sampler.note([0, 1, 2, 3])
                    #expect((0..<6).contains(sampler.next(from: logits.span).index))
                    let sum = sampler.probabilities(from: logits.span).reduce(0, +)
                    #expect(abs(sum - 1) < 1e-6)
                }
            }
        }
    }

    @Test("numbers that make no sense are refused with a sentence")
    func validation() {
        #expect(throws: ModelError.self) {
            try configuration(temperature: -1).validate()
        }
        #expect(throws: ModelError.self) { try configuration(topK: -1).validate() }
        for penalty in [0, -1, 1e-300, 1e300, .nan] {
            var wrong = configuration()
            wrong.repetitionPenalty = penalty
            #expect(throws: ModelError.self) { try wrong.validate() }
        }
        #expect(throws: ModelError.self) { try configuration(topP: 0).validate() }
        #expect(throws: Never.self) { try configuration().validate() }
    }
}
