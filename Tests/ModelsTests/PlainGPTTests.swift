import Models
import Testing

@Suite struct PlainGPTTests {
    @Test(
        "the gradient of every parameter is the central difference, in double",
        arguments: ModelKind.all, ReadingKind.some)
    func centralDifferences(kind: ModelKind, reading: ReadingKind) throws {
        let model = try tinyModel(kind, positions: 5, vocabulary: 7)
        var twin = PlainGPT<Double>(model)
        let ids: [TokenID] = [3, 1, 6, 1, 0]
        let targets: [TokenID] = [1, .ignored, 1, 5, 2]
        let starts = reading.documentStarts(5, length: 5)
        let dropout = reading.dropout()
        let gradients = twin.gradients(
            ids, targets: targets, scale: 0.5, documentStarts: starts, dropout: dropout)
        let step = 1e-5
        for tensor in twin.layout.tensors {
            if tensor.isConstant {
                #expect(tensor.range.allSatisfy { gradients[$0] == 0 })
                continue
            }
            var greatest = 0.0
            // Every tensor, and of a large one every few places.
            for index in stride(
                from: tensor.range.lowerBound, to: tensor.range.upperBound,
                by: max(1, tensor.count / 2))
            {
                let value = twin.parameters[index]
                func loss(_ value: Double) -> Double {
                    twin.parameters[index] = value
                    return 0.5
                        * twin.losses(
                            ids, targets: targets, documentStarts: starts, dropout: dropout
                        ).reduce(0, +)
                }
                let difference = (loss(value + step) - loss(value - step)) / (2 * step)
                twin.parameters[index] = value
                #expect(
                    abs(difference - gradients[index]) <= 1e-7 * max(1, abs(difference)),
                    "\(tensor.name) at \(index - tensor.offset)")
            }
            for index in tensor.range { greatest = max(greatest, abs(gradients[index])) }
            // Adding a number to every key changes no softmax, so only this tensor may be flat.
            #expect(greatest > 1e-6, "\(tensor.name) has no gradient to compare")
        }
    }

    @Test("an untrained model expects every token about equally")
    func uniformStart() throws {
        let model = try GPT(
            GPTConfiguration(
                architecture: .gpt2, layerCount: 1, headCount: 1, embeddingSize: 8,
                positionCount: 4,
                vocabularySize: 10), seed: 3)
        let losses = PlainGPT<Double>(model).losses([1, 2, 3], targets: [2, 3, 4])
        for loss in losses { #expect(abs(loss - 2.302585) < 0.3) }
    }
}
