import Foundation
import Models
import Testing

@Suite struct ExplanationTests {
    private let ids: [TokenID] = [3, 1, 6, 1]

    private func steps(
        _ model: any LanguageModel, layer: Int = 0, head: Int = 0
    ) throws -> [String: Explanation.Step] {
        let explanation = try #require(
            try model.explanation(of: ids, focus: .init(layer: layer, head: head)))
        #expect(explanation.ids == ids)
        return Dictionary(uniqueKeysWithValues: explanation.steps.map { ($0.name, $0) })
    }

    private func map(_ step: Explanation.Step?) throws -> Explanation.Values {
        guard case .map(let map, _) = try #require(step).detail else {
            throw Failure.noMap
        }
        return map
    }

    private enum Failure: Error { case noMap, noOdds, noColumns }

    private func isClose(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Bool {
        zip(a, b).allSatisfy { abs($0 - $1) <= 2e-4 * max(1, abs($1)) }
    }

    /// The logits and odds of an explanation, against those of the model's kernels from token
    /// number `first` on.
    private func checkOdds(
        _ step: Explanation.Step?, _ model: any LanguageModel, _ ids: [TokenID]? = nil,
        from first: Int = 0
    ) throws {
        let ids = ids ?? self.ids
        let logits = model.logits(for: ids, documentStarts: nil, kernels: .best)
            .dropFirst(first * model.configuration.vocabularySize)
        let step = try #require(step)
        let shown = try #require(step.values.first)
        #expect(shown.tokens == first..<ids.count && shown.elements.count == logits.count)
        #expect(isClose(shown.elements, logits))
        guard case .odds(let odds) = step.detail else { throw Failure.noOdds }
        let last = logits.suffix(shown.columnCount).map { Double($0) }
        let sum = last.reduce(0) { $0 + exp($1) }
        let probabilities = last.map { Float(exp($0) / sum) }
        #expect(isClose(odds.map(\.value), probabilities.sorted(by: >).prefix(5)))
        for choice in odds {
            #expect(isClose([choice.value], [probabilities[choice.token.index]]))
        }
    }

    @Test("the decoder's numbers are those of the kernels", arguments: ModelKind.all)
    func decoder(kind: ModelKind) throws {
        let model = try tinyModel(kind)
        for layer in 0..<2 {
            let steps = try steps(model, layer: layer, head: 1)
            try checkOdds(steps["odds"], model)
            // The weights are those that attention's kernels end with.
            let maps = try #require(model.attentionMaps(for: ids))
            let weights = try map(steps["softmax"])
            #expect(isClose(weights.elements, maps.weights(layer: layer, head: 1)))
            let plain = PlainGPT<Float>(model).logits(for: ids)
            #expect(steps["odds"]?.values.first?.elements == plain)
        }
    }

    @Test("each step follows from the ones before by its formula", arguments: ModelKind.all)
    func formulas(kind: ModelKind) throws {
        let model = try tinyModel(kind)
        let steps = try steps(model, layer: 1, head: 1)
        let projected = try #require(steps["query-key-value"]?.values)
        let turned = steps["rotation"]?.values ?? projected
        let (q, k, v) = (turned[0], turned[1], projected[2])
        let (scores, scaled) = (try map(steps["scores"]), try map(steps["scale"]))
        let (masked, weights) = (try map(steps["mask"]), try map(steps["softmax"]))
        let context = try #require(steps["context"]?.values.first)
        for i in ids.indices {
            var mean = [Float](repeating: 0, count: v.columnCount)
            for j in ids.indices {
                let place = i * ids.count + j
                let product = zip(q.row(i), k.row(j)).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(isClose([scores.elements[place]], [product]))
                let root = Float(q.columnCount).squareRoot()
                #expect(isClose([scaled.elements[place]], [product / root]))
                // The last block is looked at, in which most windows slide.
                let variations = model.configuration.variations
                let slides = !variations.fullLayers.contains(1)
                let window = slides ? variations.slidingWindow ?? ids.count : ids.count
                let isSeen = j <= i && j > i - window
                #expect(
                    masked.elements[place] == (isSeen ? scaled.elements[place] : -.infinity))
                #expect(isSeen || weights.elements[place] == 0)
                for (c, value) in v.row(j).enumerated() {
                    mean[c] += weights.elements[place] * value
                }
            }
            #expect(isClose([weights.row(i).reduce(0, +)], [1]))
            #expect(isClose(context.row(i), mean))
        }
        let stream = try #require(steps["blocks-before"]?.values.first)
        let heads = try #require(steps["heads"]?.values)
        let middle = try #require(steps["attention-residual"]?.values.first)
        let added = steps["attention-added-norm"]?.values.first ?? heads[1]
        #expect(isClose(middle.elements, zip(stream.elements, added.elements).map(+)))
        let d = q.columnCount
        #expect(heads[0].row(3).dropFirst(d).prefix(d).elementsEqual(context.row(3)))
    }

    @Test func `a token's neighbours are the nearest by cosine`() throws {
        let model = try tinyModel()
        guard case .neighbours(let lengths, let nearest) = try steps(model)["embedding"]?.detail
        else { throw Failure.noMap }
        let width = model.configuration.embeddingSize
        let tensor = try #require(model.layout.tensor(named: "wte.weight"))
        func row(_ id: Int) -> [Float] {
            (0..<width).map { model.parameters[tensor.offset + id * width + $0] }
        }
        func cosine(_ a: Int, _ b: Int) -> Float {
            func product(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).map(*).reduce(0, +) }
            let lengths = product(row(a), row(a)) * product(row(b), row(b))
            return product(row(a), row(b)) / lengths.squareRoot()
        }
        for (t, id) in ids.enumerated() {
            let others = (0..<11).filter { $0 != id.index }
            let expected = others.sorted { cosine(id.index, $0) > cosine(id.index, $1) }.prefix(3)
            #expect(nearest[t].map(\.token.index) == Array(expected))
            #expect(isClose(nearest[t].map(\.value), expected.map { cosine(id.index, $0) }))
            let square = row(id.index).map { $0 * $0 }.reduce(0, +)
            #expect(isClose([lengths[t]], [square.squareRoot()]))
        }
    }

    @Test("a recurrent model's gates make its states", arguments: RecurrentKind.all)
    func recurrent(kind: RecurrentKind) throws {
        let model = try kind.tinyModel()
        for layer in 0..<2 {
            let steps = try steps(model, layer: layer)
            try checkOdds(steps["odds"], model)
            let states = try #require(steps["state"]?.values)
            guard kind.architecture == .lstm else { continue }
            let gates = try #require(steps["gates"]?.values).map(\.elements)
            let (c, h, units) = (states[0].elements, states[1].elements, states[0].columnCount)
            for index in c.indices {
                let before = index < units ? 0 : c[index - units]
                let cell = gates[1][index] * before + gates[0][index] * gates[2][index]
                #expect(isClose([c[index]], [cell]))
                #expect(isClose([h[index]], [gates[3][index] * tanh(cell)]))
            }
            guard case .columns(let names, let means) = steps["gates"]?.detail else {
                throw Failure.noColumns
            }
            #expect(names.count == 4)
            #expect(
                isClose([means.row(0)[1]], [gates[1].prefix(units).reduce(0, +) / Float(units)]))
        }
    }

    /// A source of three tokens and its end, padding, and two tokens of a target.
    private let pair: [TokenID] = [3, 8, 6, 1, 0, 5, 2]

    @Test("a pair's numbers are those of the kernels, and each step follows by its formula")
    func encoderDecoder() throws {
        let model = try tinyEncoderDecoder()
        let plain = PlainEncoderDecoder<Float>(model).logits(for: pair)
        // The maps are of what is written: a token more is not read.
        let maps = try #require(model.attentionMaps(for: pair + [4]))
        for (layer, head) in [(0, 1), (1, 0)] {
            let explanation = try #require(
                try model.explanation(of: pair, focus: .init(layer: layer, head: head)))
            #expect(explanation.ids == pair)
            #expect(Set(explanation.steps.map(\.name)).count == explanation.steps.count)
            let steps = Dictionary(
                uniqueKeysWithValues: explanation.steps.map { ($0.name, $0) })
            try checkOdds(steps["odds"], model, pair, from: 4)
            #expect(steps["odds"]?.values.first?.elements == Array(plain.dropFirst(4 * 11)))
            let weights = try map(steps["cross-softmax"])
            #expect(isClose(weights.elements, maps.weights(layer: layer, head: head)))
            for (prefix, queries, keys) in [
                ("encoder", 0..<4, 0..<4), ("decoder", 4..<7, 4..<7), ("cross", 4..<7, 0..<4),
            ] {
                try checkAttention(
                    steps, prefix, queries, keys, isMasked: prefix == "decoder", head: head)
            }
            #expect(steps["encoder-mask"] == nil && steps["cross-mask"] == nil)
            // What the encoder gives is what the last of its steps left.
            let memory = try #require(steps["encoder-output"]?.values.first)
            let last = try #require(
                (steps["encoder-blocks-after"] ?? steps["encoder-feed-forward-norm"])?.values.last)
            #expect(memory.elements == last.elements)
            #expect((steps["encoder-blocks-before"] == nil) == (layer == 0))
        }
    }

    /// The steps of one attention, from the values before them.
    private func checkAttention(
        _ steps: [String: Explanation.Step], _ prefix: String, _ queries: Range<Int>,
        _ keys: Range<Int>, isMasked: Bool, head: Int
    ) throws {
        let projected = try #require(steps[prefix + "-query-key-value"]?.values)
        let (q, k, v) = (projected[0], projected[1], projected[2])
        #expect(q.tokens == queries && k.tokens == keys && v.tokens == keys)
        let (scores, scaled) = (
            try map(steps[prefix + "-scores"]), try map(steps[prefix + "-scale"])
        )
        let weights = try map(steps[prefix + "-softmax"])
        guard case .map(_, let columns) = steps[prefix + "-softmax"]?.detail else {
            throw Failure.noMap
        }
        #expect(weights.tokens == queries && columns == keys)
        let context = try #require(steps[prefix + "-context"]?.values.first)
        for i in 0..<queries.count {
            let seen = isMasked ? i + 1 : keys.count
            let powers = (0..<seen).map { exp(scaled.row(i)[scaled.row(i).startIndex + $0]) }
            var mean = [Float](repeating: 0, count: v.columnCount)
            for j in 0..<keys.count {
                let place = i * keys.count + j
                let product = zip(q.row(i), k.row(j)).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(isClose([scores.elements[place]], [product]))
                #expect(
                    isClose([scaled.elements[place]], [product / Float(q.columnCount).squareRoot()])
                )
                let weight = j < seen ? powers[j] / powers.reduce(0, +) : 0
                #expect(isClose([weights.elements[place]], [weight]))
                for (c, value) in v.row(j).enumerated() { mean[c] += weight * value }
            }
            #expect(isClose(context.row(i), mean))
        }
        let heads = try #require(steps[prefix + "-heads"]?.values.first)
        let d = q.columnCount
        #expect(heads.row(1).dropFirst(head * d).prefix(d).elementsEqual(context.row(1)))
        let norm = try #require(steps[prefix + "-attention-norm"]?.values)
        #expect(norm.map(\.tokens) == [queries, queries])
    }

    @Test func `a side's scaled embeddings and positions are added`() throws {
        let model = try tinyEncoderDecoder()
        let explanation = try #require(try model.explanation(of: pair, focus: .init()))
        let rows = try #require(explanation.steps.first { $0.name == "embedding" }?.values.first)
        let values = try #require(explanation.steps.first { $0.name == "positions" }?.values)
        // Each side counts from 0: sines first, then cosines.
        #expect(Array(values[0].row(0)) == [0, 0, 0, 0, 1, 1, 1, 1])
        #expect(values[0].row(4).elementsEqual(values[0].row(0)))
        let root = Float(8).squareRoot()
        let sums = zip(rows.elements, values[0].elements).map { root * $0 + $1 }
        #expect(isClose(values[1].elements, sums))
    }

    @Test func `a layer or head that is not there is refused`() throws {
        let model = try tinyModel()
        #expect(throws: ModelError.noSuchPart(name: "layer", number: 3, count: 2)) {
            try model.explanation(of: ids, focus: .init(layer: 2))
        }
        #expect(throws: ModelError.noSuchPart(name: "head", number: 3, count: 2)) {
            try model.explanation(of: ids, focus: .init(head: 2))
        }
    }
}
