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
        guard case .map(let map) = try #require(step).detail else {
            throw Failure.noMap
        }
        return map
    }

    private enum Failure: Error { case noMap, noOdds, noColumns }

    private func isClose(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Bool {
        zip(a, b).allSatisfy { abs($0 - $1) <= 2e-4 * max(1, abs($1)) }
    }

    /// The logits and odds of an explanation, against those of the model's kernels.
    private func checkOdds(_ step: Explanation.Step?, _ model: any LanguageModel) throws {
        let logits = model.logits(for: ids, documentStarts: nil, kernels: .best)
        let step = try #require(step)
        let shown = try #require(step.values.first)
        #expect(shown.rowCount == ids.count && shown.elements.count == logits.count)
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
                #expect(
                    masked.elements[place] == (j > i ? -.infinity : scaled.elements[place]))
                #expect(j <= i || weights.elements[place] == 0)
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
        #expect(isClose(middle.elements, zip(stream.elements, heads[1].elements).map(+)))
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
