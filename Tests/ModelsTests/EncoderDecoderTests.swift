import Models
import Testing
import Work

/// A small encoder–decoder, away from its start so that nothing is zero. 0 is padding, 1 ends a
/// text.
func tinyEncoderDecoder(
    layers: Int = 2, heads: Int = 2, width: Int = 8, inside: Int? = nil, positions: Int = 24,
    vocabulary: Int = 11
) throws -> EncoderDecoder {
    var configuration = EncoderDecoderConfiguration()
    configuration.layerCount = layers
    configuration.headCount = heads
    configuration.embeddingSize = width
    configuration.intermediateSize = inside
    configuration.positionCount = positions
    configuration.vocabularySize = vocabulary
    configuration.padToken = 0
    configuration.endToken = 1
    let model = try EncoderDecoder(configuration, seed: 1)
    var generator = RandomGenerator(seed: 101)
    for tensor in model.layout.tensors {
        for index in tensor.range { model.parameters[index] += Float(generator.normal() * 0.3) }
    }
    return model
}

/// A window of pairs and what is scored of it.
struct PairSample: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let ids: [TokenID]
    let targets: [TokenID]
    let starts: [Int32]?

    /// Pairs of so many source and target tokens, in a window of `length`.
    init(_ name: String, pairs: [(source: Int, target: Int)], length: Int, vocabulary: Int = 11) {
        testDescription = name
        var generator = RandomGenerator(seed: 7)
        func token() -> TokenID { TokenID(Int.random(in: 2..<vocabulary, using: &generator)) }
        var (ids, targets): ([TokenID], [TokenID]) = ([], [])
        var starts: [Int32] = []
        for pair in pairs {
            let start = Int32(ids.count)
            let target = (0..<pair.target).map { _ in token() }
            if pair.source > 0 { ids += (1..<pair.source).map { _ in token() } + [TokenID(1)] }
            targets += Array(repeating: .ignored, count: pair.source)
            if pair.target > 0 {
                ids += [TokenID(0)] + target.dropLast()
                targets +=
                    target.dropLast().enumerated().map {
                        $0.offset % 4 == 2 ? .ignored : $0.element
                    } + [TokenID(1)]
            }
            starts += Array(repeating: start, count: ids.count - Int(start))
        }
        let filling = Int32(ids.count)
        while ids.count < length {
            ids.append(TokenID(1))
            targets.append(.ignored)
            starts.append(filling)
        }
        self.ids = ids
        self.targets = targets
        self.starts = pairs.count == 1 && filling == ids.count ? nil : starts
    }

    static let all = [
        PairSample("one pair", pairs: [(5, 7)], length: 12),
        PairSample("three pairs and filling", pairs: [(4, 3), (2, 6), (3, 1)], length: 24),
        PairSample("a pair without a source", pairs: [(0, 3), (3, 2)], length: 8),
        PairSample("a target alone", pairs: [(0, 5)], length: 5),
        PairSample("a pair without a target", pairs: [(3, 2), (4, 0)], length: 12),
        PairSample("nothing to write", pairs: [(4, 0)], length: 6),
    ]
}

@Suite struct EncoderDecoderTests {
    @Test(
        "the gradient of every parameter is the central difference, in double",
        arguments: PairSample.all[0...2])
    func centralDifferences(sample: PairSample) throws {
        var plain = PlainEncoderDecoder<Double>(try tinyEncoderDecoder(inside: 9))
        let gradients = plain.gradients(
            sample.ids, targets: sample.targets, scale: 0.5, documentStarts: sample.starts)
        let step = 1e-5
        // Padding's vector is read, but learns as a row of the head alone; so its own embedding
        // is left out here.
        for tensor in plain.layout.tensors where tensor.role != .embedding {
            let (first, rest) = (tensor.range.lowerBound, max(1, tensor.count / 2))
            for index in stride(from: first, to: tensor.range.upperBound, by: rest) {
                let value = plain.parameters[index]
                func loss(_ value: Double) -> Double {
                    plain.parameters[index] = value
                    return 0.5
                        * plain.losses(
                            sample.ids, targets: sample.targets, documentStarts: sample.starts
                        ).reduce(0, +)
                }
                let difference = (loss(value + step) - loss(value - step)) / (2 * step)
                plain.parameters[index] = value
                let found = gradients[index]
                if tensor.name == "final_logits_bias" {
                    #expect(found == 0, "it is not trained")
                } else {
                    #expect(
                        abs(difference - found) <= 1e-7 * max(1, abs(difference)),
                        "\(tensor.name) at \(index - tensor.offset)")
                }
            }
        }
        // Every other token's vector, among them those that are read on both sides.
        let tokens = plain.layout.tensors[0]
        for index in stride(from: tokens.offset + 8, to: tokens.range.upperBound, by: 5) {
            let value = plain.parameters[index]
            func loss(_ value: Double) -> Double {
                plain.parameters[index] = value
                return 0.5
                    * plain.losses(
                        sample.ids, targets: sample.targets, documentStarts: sample.starts
                    ).reduce(0, +)
            }
            let difference = (loss(value + step) - loss(value - step)) / (2 * step)
            plain.parameters[index] = value
            #expect(abs(difference - gradients[index]) <= 1e-7 * max(1, abs(difference)))
        }
    }

    @Test("logits are those of the plain model", arguments: PairSample.all, availableLevels)
    func logits(sample: PairSample, level: KernelLevel) throws {
        for (width, heads) in [(8, 2), (48, 3)] {
            let model = try tinyEncoderDecoder(heads: heads, width: width)
            let plain = PlainEncoderDecoder<Double>(model)
            let found = model.logits(for: sample.ids, documentStarts: sample.starts, kernels: level)
            let expected = plain.logits(for: sample.ids, documentStarts: sample.starts)
            for (found, expected) in zip(found, expected) {
                #expect(abs(Double(found) - expected) < 1e-4)
            }
        }
    }
}
