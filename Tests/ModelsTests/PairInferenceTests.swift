import Models
import Testing
import Work

@Suite struct PairInferenceTests {
    private let source: [TokenID] = [5, 9, 3, 1, 0]
    private let target: [TokenID] = [4, 2, 10, 7, 7, 3]

    private func read(
        _ ids: [TokenID], _ pass: PairInferencePass, _ state: any ReadingState
    ) {
        pass.read(ids.span, into: state)
    }

    private func logits(_ pass: any InferencePass, _ text: Int = 0) -> [Float] {
        pass.withLogits(ofText: text) { span in span.indices.map { span[$0] } }
    }

    /// The row of logits after all of `ids`, computed at once.
    private func expected(_ model: EncoderDecoder, _ ids: [TokenID]) -> [Float] {
        Array(model.logits(for: ids).suffix(model.configuration.vocabularySize))
    }

    private func isNear(_ a: [Float], _ b: [Float]) -> Bool {
        zip(a, b).allSatisfy { abs($0 - $1) < 1e-4 }
    }

    @Test("steps over caches give the logits of the whole pair, however it is read")
    func steps() throws {
        let model = try tinyEncoderDecoder(heads: 3, width: 48)
        let pass = PairInferencePass(model, team: ThreadTeam(threadCount: 2))
        for first in [1, 3, 5, 7] {
            // The source in one piece or two, and the target token by token.
            let all = source + target
            let state = pass.makeState(capacity: 24)
            read(Array(all[..<first]), pass, state)
            if first < source.count { #expect(logits(pass).allSatisfy { $0 == 0 }) }
            for place in first..<all.count {
                pass.step([all[place]], [state])
                guard place + 1 >= source.count else { continue }
                #expect(isNear(logits(pass), expected(model, Array(all[...place]))))
            }
            #expect(state.count == all.count)
            // Back to two tokens of the target, and on another way.
            #expect(state.rewind(to: source.count + 2) == source.count + 2)
            read([6, 8], pass, state)
            #expect(isNear(logits(pass), expected(model, source + target[..<2] + [6, 8])))
            #expect(state.rewind(to: 2) == 2)
            read([3, 1, 0], pass, state)
            #expect(isNear(logits(pass), expected(model, source)))
        }
    }

    @Test("keys and values of half the bytes are near")
    func halfCache() throws {
        let model = try tinyEncoderDecoder(width: 32)
        var found: [[Float]] = []
        for format in CacheFormat.allCases {
            let pass = PairInferencePass(model, cache: format, team: ThreadTeam(threadCount: 2))
            let state = pass.makeState(capacity: 24)
            read(source, pass, state)
            pass.step([4], [state])
            found.append(logits(pass))
        }
        #expect(found[0] != found[1])
        for (a, b) in zip(found[0], found[1]) { #expect(abs(a - b) < 0.02) }
    }

    @Test(
        "texts that step together have the bits of each alone, copies included",
        arguments: CacheFormat.allCases)
    func together(format: CacheFormat) throws {
        let model = try tinyEncoderDecoder(width: 32)
        let pass = PairInferencePass(
            model, cache: format, textCount: 3, team: ThreadTeam(threadCount: 2))
        let (a, b, c) = (
            pass.makeState(capacity: 20), pass.makeState(capacity: 24), pass.makeState(capacity: 9)
        )
        read(source, pass, a)
        read([2, 1, 0, 5], pass, b)
        c.copy(from: a, count: a.count)
        pass.step([4, 6, 8], [a, b, c])
        let found = [logits(pass, 0), logits(pass, 1), logits(pass, 2)]
        let alone = PairInferencePass(
            model, cache: format, team: ThreadTeam(threadCount: 1))
        for (ids, token, row) in [(source, 4, 0), ([2, 1, 0, 5], 6, 1), (source, 8, 2)] {
            let state = alone.makeState(capacity: 24)
            read(ids, alone, state)
            alone.step([TokenID(token)], [state])
            #expect(logits(alone) == found[row])
        }
    }

    @Test(
        "reduced weights are those of both sides, whatever the length of the source",
        arguments: [WeightFormat.float16, .bfloat16], [2, 40])
    func reduced(format: WeightFormat, sourceCount: Int) throws {
        let model = try tinyEncoderDecoder(heads: 3, width: 48, positions: 64)
        // A model of rounded matrices, read as it is, is what a reduced one computes. The rows of
        // the embedding are read as they are trained, and rounded as the head alone: they stay.
        let rounded = try EncoderDecoder(zeros: model.configuration)
        for tensor in model.layout.tensors {
            let isRounded = tensor.role == .matrix || tensor.role == .residualMatrix
            for index in tensor.range {
                let value = model.parameters[index]
                rounded.parameters[index] =
                    !isRounded
                    ? value
                    : format == .float16
                        ? Float(Float16(value)) : bfloat16(value)
            }
        }
        // The head is the embedding, which no step changes where it is exact already.
        for index in model.layout.tensors[0].range {
            let value = bfloat16(Float(Float16(model.parameters[index])))
            (model.parameters[index], rounded.parameters[index]) = (value, value)
        }
        let source = (0..<sourceCount).map { TokenID(2 + $0 % 9) } + [1, 0] as [TokenID]
        func logits(_ model: EncoderDecoder, _ format: WeightFormat) -> [Float] {
            let pass = PairInferencePass(model, weights: format, team: ThreadTeam(threadCount: 2))
            let state = pass.makeState(capacity: 64)
            read(source, pass, state)
            pass.step([4], [state])
            return self.logits(pass)
        }
        let found = logits(model, format)
        #expect(isNear(found, logits(rounded, .float32)))
        #expect(!isNear(found, logits(model, .float32)))
    }

    /// The nearest number of eight bits of precision, ties to even.
    private func bfloat16(_ value: Float) -> Float {
        let bits = value.bitPattern
        return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
    }

    @Test("one beam takes the likeliest token each time")
    func greedy() throws {
        let model = try tinyEncoderDecoder(width: 32)
        for (index, value) in model.layout.tensors[1].range.enumerated() {
            // The end is to come now and then.
            model.parameters[value] = index == 1 ? 1.5 : 0
        }
        let pass = PairInferencePass(model, team: ThreadTeam(threadCount: 1))
        for first in 2..<11 {
            let prompt: [TokenID] = [TokenID(first), 1, 0]
            var generator = TextGenerator(
                model, configuration: .greedy(maximumTokenCount: 12), endTokens: [1])
            generator.start(prompt: prompt)
            var ids: [TokenID] = []
            while let id = generator.next() { ids.append(id) }
            let found = BeamSearch(beamCount: 1, maximumTokenCount: 12).search(
                pass, prompt: prompt, endToken: 1, contextLimit: 24)
            #expect(found.map(\.tokens) == [ids])
            #expect(found.first?.hasEnded == (generator.ending() == .endToken))
        }
    }

    @Test("with beams for every continuation the best of all texts is found")
    func exhaustive() throws {
        let model = try tinyEncoderDecoder(width: 16, vocabulary: 4)
        let prompt: [TokenID] = [3, 2, 1, 0]
        // Every text of up to three tokens over the vocabulary of 4, of which 1 ends it.
        var best: (score: Double, tokens: [TokenID]) = (-.infinity, [])
        func visit(_ tokens: [TokenID], _ score: Double) {
            let row = expected(model, prompt + tokens).map(Double.init)
            let sum = row.reduce(0) { $0 + Double.exponential($1) }
            for token in 0..<4 {
                let next = score + row[token] - Double.logarithm(sum)
                let length = Double(tokens.count + 1)
                if token == 1 || tokens.count == 2 {
                    if next / length > best.score {
                        best = (next / length, tokens + (token == 1 ? [] : [TokenID(token)]))
                    }
                } else {
                    visit(tokens + [TokenID(token)], next)
                }
            }
        }
        visit([], 0)
        let pass = PairInferencePass(model, textCount: 16, team: ThreadTeam(threadCount: 1))
        let found = BeamSearch(beamCount: 16, maximumTokenCount: 3).search(
            pass, prompt: prompt, endToken: 1, contextLimit: 24)
        #expect(found.first?.tokens == best.tokens)
        #expect(abs((found.first?.score ?? 0) - best.score) < 1e-4)
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.score >= $1.score })
    }

    @Test("rows of the attention over the source sum to one, and follow the written tokens")
    func attention() throws {
        let model = try tinyEncoderDecoder(heads: 2, width: 16)
        let ids = source + target + [1]
        let maps = try #require(model.attentionMaps(for: ids))
        #expect(maps.keys == 0..<4 && maps.queries == 5..<12 && !maps.isCausal)
        #expect(maps.weights.count == 2 * 2 * 7 * 4)
        for row in 0..<2 * 2 * 7 {
            #expect(abs(maps.weights[row * 4..<row * 4 + 4].reduce(0, +) - 1) < 1e-5)
        }
        #expect(model.attentionMaps(for: [5, 3, 1]) == nil)
        #expect(model.attentionMaps(for: source) == nil)
    }
}
