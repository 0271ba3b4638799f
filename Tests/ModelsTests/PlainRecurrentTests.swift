import Models
import Testing
import Work

/// A recurrent model that tests go through.
struct RecurrentKind: CustomTestStringConvertible, Sendable {
    let architecture: RecurrentArchitecture
    /// Hidden units; nil for as many as floats of a token.
    var hiddenUnitCount: Int?
    var tying: Bool?

    var testDescription: String {
        "\(architecture)\(hiddenUnitCount.map { ", \($0) units" } ?? "")"
            + (tying == false ? ", its own head" : "")
    }

    /// Every cell, with a tied head and with hidden units of another number.
    static let all = RecurrentArchitecture.allCases.flatMap {
        [
            RecurrentKind(architecture: $0),
            RecurrentKind(architecture: $0, hiddenUnitCount: 5, tying: false),
        ]
    }

    /// A model small enough to check by brute force, away from its start so that nothing is zero.
    func tinyModel(
        layers: Int = 2, width: Int = 6, positions: Int = 6, vocabulary: Int = 11, seed: UInt64 = 1
    ) throws -> RecurrentModel {
        let model = try RecurrentModel(
            RecurrentConfiguration(
                architecture: architecture, layerCount: layers, embeddingSize: width,
                hiddenUnitCount: hiddenUnitCount, positionCount: positions,
                vocabularySize: vocabulary, tying: tying), seed: seed)
        var generator = RandomGenerator(seed: seed &+ 100)
        for tensor in model.layout.tensors {
            for index in tensor.range { model.parameters[index] += Float(generator.normal() * 0.3) }
        }
        return model
    }
}

@Suite struct PlainRecurrentTests {
    @Test(
        "the gradient of every parameter is the central difference, in double",
        arguments: RecurrentKind.all, ReadingKind.some)
    func centralDifferences(kind: RecurrentKind, reading: ReadingKind) throws {
        var twin = PlainRecurrent<Double>(try kind.tinyModel(vocabulary: 7))
        let ids: [TokenID] = [3, 1, 6, 1, 0, 2]
        let targets: [TokenID] = [1, .ignored, 1, 5, 2, 6]
        let starts = reading.documentStarts(6, length: 6)
        let dropout = reading.dropout()
        let gradients = twin.gradients(
            ids, targets: targets, scale: 0.5, documentStarts: starts, dropout: dropout)
        let step = 1e-5
        for tensor in twin.layout.tensors {
            // Every tensor, and of a large one every few places.
            for index in stride(
                from: tensor.range.lowerBound, to: tensor.range.upperBound,
                by: max(1, tensor.count / 6))
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
            let greatest = tensor.range.reduce(0) { max($0, abs(gradients[$1])) }
            #expect(greatest > 1e-6, "\(tensor.name) has no gradient to compare")
        }
    }

    @Test("hidden weights begin within 1/√H and biases at zero", arguments: [8, 13, 32])
    func start(width: Int) throws {
        let model = try RecurrentModel(
            RecurrentConfiguration(
                architecture: .lstm, layerCount: 1, embeddingSize: width, positionCount: 4,
                vocabularySize: 10), seed: 3)
        let weight = try #require(model.layout.tensor(named: "rnn.weight_hh_l0"))
        let floats = model.parameters.array(weight.range)
        let bound = 1 / Float(width).squareRoot()
        #expect(floats.allSatisfy { abs($0) <= bound })
        #expect(Set(floats).count > floats.count * 9 / 10 && floats.max()! > 0.8 * bound)
        for name in ["rnn.bias_ih_l0", "rnn.bias_hh_l0"] {
            let bias = try #require(model.layout.tensor(named: name))
            #expect(model.parameters.array(bias.range).allSatisfy { $0 == 0 })
        }
    }

    @Test("a shape is refused where no model has it")
    func validation() throws {
        var shape = RecurrentConfiguration(
            architecture: .gru, layerCount: 1, embeddingSize: 4, hiddenUnitCount: 5,
            positionCount: 4, vocabularySize: 10)
        #expect(throws: Never.self) { try shape.validate() }
        #expect(!shape.tiesEmbeddings)
        shape.tying = true
        #expect(throws: ModelError.self) { try shape.validate() }
        shape.hiddenUnitCount = nil
        #expect(throws: Never.self) { try shape.validate() }
        shape.layerCount = 0
        #expect(throws: ModelError.self) { try shape.validate() }
    }

    @Test("parameters are counted as the layout has them", arguments: RecurrentKind.all)
    func counts(kind: RecurrentKind) throws {
        let model = try kind.tinyModel()
        let outside = model.layout.tensors.filter { $0.role == .embedding || $0.role == .head }
        #expect(
            model.configuration.nonEmbeddingParameterCount
                == model.layout.parameterCount - outside.reduce(0) { $0 + $1.count })
    }
}
