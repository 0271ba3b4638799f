import Transformer

/// A model small enough to check by brute force, away from its start so that nothing is zero.
func tinyModel(
    layers: Int = 2, heads: Int = 2, width: Int = 8, positions: Int = 6, vocabulary: Int = 11,
    seed: UInt64 = 1
) throws -> GPT {
    let model = try GPT(
        GPTConfiguration(
            layerCount: layers, headCount: heads, embeddingSize: width, positionCount: positions,
            vocabularySize: vocabulary), seed: seed)
    var generator = RandomGenerator(seed: seed &+ 100)
    for tensor in model.layout.tensors {
        for index in tensor.range { model.parameters[index] += Float(generator.normal() * 0.3) }
    }
    return model
}

/// Ids that look random, and targets of which about a fifth are not scored.
func randomBatch(
    _ count: Int, vocabulary: Int, seed: UInt64
) -> (inputs: [Int32], targets: [Int32]) {
    var generator = RandomGenerator(seed: seed)
    let inputs = (0..<count).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &generator) }
    let targets = (0..<count).map { _ -> Int32 in
        generator.uniform() < 0.2 ? -1 : Int32.random(in: 0..<Int32(vocabulary), using: &generator)
    }
    return (inputs, targets)
}

let availableLevels = KernelLevel.allCases.filter(\.isAvailable)
