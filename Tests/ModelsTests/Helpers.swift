import Models
import Testing
import Work

/// A kind of model that tests go through: an architecture and what it can be told.
struct ModelKind: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let change: @Sendable (inout GPTConfiguration) -> Void

    init(_ name: String, _ change: @escaping @Sendable (inout GPTConfiguration) -> Void) {
        testDescription = name
        self.change = change
    }

    static let gpt2 = ModelKind("gpt2") { _ in }

    /// Every architecture, with every choice that it has.
    static let all = [
        gpt2,
        ModelKind("gpt2, its own head, narrow inside") {
            $0.tiesEmbeddings = false
            $0.intermediateSize = 9
        },
        ModelKind("llama") { $0.architecture = .llama },
        ModelKind("llama, shared keys, its own head") {
            $0.architecture = .llama
            $0.headCount = 4
            $0.keyValueHeadCount = 2
            $0.intermediateSize = 7
            $0.tiesEmbeddings = false
        },
        ModelKind("llama, one head of keys, fast turns") {
            $0.architecture = .llama
            $0.keyValueHeadCount = 1
            $0.rotaryBase = 30
        },
        ModelKind("qwen3") { $0.architecture = .qwen3 },
        ModelKind("qwen3, wide heads, shared keys, its own head") {
            $0.architecture = .qwen3
            $0.keyValueHeadCount = 1
            $0.headDimension = 6
            $0.tiesEmbeddings = false
        },
        ModelKind("gpt2, sinusoidal positions") { $0.positions = .sinusoidal },
        ModelKind("gpt2, relu") { $0.variations.activation = .relu },
        ModelKind("gpt2, gelu of the normal distribution") { $0.variations.activation = .gelu },
        ModelKind("gpt2, silu") { $0.variations.activation = .silu },
        ModelKind("llama, biases, gelu gates, positions of Llama 3.1") {
            $0.architecture = .llama
            $0.keyValueHeadCount = 1
            $0.variations.attentionBiases = .all
            $0.variations.feedForwardBiases = true
            $0.variations.activation = .gelu
            $0.rotaryBase = 30
            $0.variations.rotaryScaling = .llama3(
                .init(
                    factor: 4, lowFrequencyFactor: 1, highFrequencyFactor: 3,
                    originalPositionCount: 20))
        },
        ModelKind("mistral, a window of three") {
            $0.architecture = .mistral
            $0.keyValueHeadCount = 1
            $0.variations.slidingWindow = 3
        },
        ModelKind("qwen2, yarn, a window of two in the second layer") {
            $0.architecture = .qwen2
            $0.variations.rotaryScaling = .yarn(.init(factor: 4, originalPositionCount: 12))
            $0.variations.slidingWindow = 2
            $0.variations.fullLayers = [0]
        },
        ModelKind("qwen3, biases, linear positions, relu gates") {
            $0.architecture = .qwen3
            $0.variations.attentionBiases = .all
            $0.variations.activation = .relu
            $0.variations.rotaryScaling = .linear(factor: 3)
        },
        ModelKind("gpt_neox, half of each head turns") {
            $0.architecture = .gptNeoX
            $0.tiesEmbeddings = false
            $0.variations.rotaryShare = evenShare(of: $0.headSize)
        },
        ModelKind("gpt_neox, one part behind the other, gelu_new, its own head") {
            $0.architecture = .gptNeoX
            $0.tiesEmbeddings = false
            $0.variations.rotaryShare = evenShare(of: $0.headSize)
            $0.variations.isParallel = false
            $0.variations.activation = .geluTanh
        },
        ModelKind("gpt_neox, no biases in attention, whole heads turn") {
            $0.architecture = .gptNeoX
            $0.variations.rotaryShare = 1
            $0.variations.attentionBiases = GPTVariations.AttentionBiases.none
            $0.rotaryBase = 30
        },
        ModelKind("gemma3, a window of three in the first layer, linear positions in the second") {
            $0.architecture = .gemma3
            $0.keyValueHeadCount = 1
            $0.headDimension = 6
            $0.rotaryBase = 50
            $0.variations.rotaryScaling = .linear(factor: 3)
            $0.variations.slidingWindow = 3
            $0.variations.fullLayers = [1]
            $0.variations.localRotaryBase = 20
        },
        ModelKind("gemma3, a window in the second layer, other scores, biases, its own head") {
            $0.architecture = .gemma3
            $0.tiesEmbeddings = false
            $0.variations.attentionBiases = .all
            $0.variations.slidingWindow = 2
            $0.variations.fullLayers = [0]
            $0.variations.scoreDivisor = 10
        },
        ModelKind("gemma3 without a window") { $0.architecture = .gemma3 },
    ]
}

/// About half of a head of `size` floats, which is an even number of them.
private func evenShare(of size: Int) -> Double { (Double(size / 4 * 2) + 0.5) / Double(size) }

/// A model small enough to check by brute force, away from its start so that nothing is zero.
func tinyModel(
    _ kind: ModelKind = .gpt2, layers: Int = 2, heads: Int = 2, width: Int = 8, positions: Int = 6,
    vocabulary: Int = 11, seed: UInt64 = 1
) throws -> GPT {
    var configuration = GPTConfiguration(
        architecture: .gpt2, layerCount: layers, headCount: heads, embeddingSize: width,
        positionCount: positions,
        vocabularySize: vocabulary)
    kind.change(&configuration)
    let model = try GPT(configuration, seed: seed)
    var generator = RandomGenerator(seed: seed &+ 100)
    for tensor in model.layout.tensors {
        for index in tensor.range { model.parameters[index] += Float(generator.normal() * 0.3) }
    }
    return model
}

/// Rounds factors of norms that are stored less one to what a sum with one holds, so that a file
/// that has the sums has all of them.
func roundOffsetGains(_ model: GPT) {
    guard model.configuration.architecture == .gemma3 else { return }
    for tensor in model.layout.tensors where tensor.role == .gain {
        for index in tensor.range { model.parameters[index] = (1 + model.parameters[index]) - 1 }
    }
}

/// Kind of reading a sequence: whole or cut into documents, with or without dropout.
struct ReadingKind: CustomTestStringConvertible, Sendable {
    let testDescription: String
    /// For position i the first of its document, in a sequence of any length.
    let documentStart: (@Sendable (Int) -> Int32)?
    let dropoutRate: Double?

    func documentStarts(_ count: Int, length: Int) -> [Int32]? {
        documentStart.map { start in (0..<count).map { start($0 % length) } }
    }

    func dropout(firstSequence: Int = 5) -> Dropout? {
        dropoutRate.map { Dropout(rate: $0, seed: 9, firstSequence: firstSequence) }
    }

    static let all = [
        ReadingKind(testDescription: "whole", documentStart: nil, dropoutRate: nil),
        ReadingKind(
            testDescription: "documents of 2, 1, 3 and so on",
            documentStart: { Int32($0 < 2 ? 0 : $0 < 3 ? 2 : $0 / 3 * 3) }, dropoutRate: nil),
        ReadingKind(testDescription: "dropout", documentStart: nil, dropoutRate: 0.3),
        ReadingKind(
            testDescription: "documents and dropout", documentStart: { Int32($0 / 4 * 4) },
            dropoutRate: 0.5),
    ]

    /// The simplest and the fullest, where all would take too long.
    static let some = [all[0], all[3]]
}

/// Ids that look random, and targets of which about a fifth are not scored.
func randomBatch(
    _ count: Int, vocabulary: Int, seed: UInt64
) -> (inputs: [TokenID], targets: [TokenID]) {
    var generator = RandomGenerator(seed: seed)
    let inputs = (0..<count).map { _ in TokenID(Int.random(in: 0..<vocabulary, using: &generator)) }
    let targets = (0..<count).map { _ -> TokenID in
        generator.uniform() < 0.2
            ? .ignored : TokenID(Int.random(in: 0..<vocabulary, using: &generator))
    }
    return (inputs, targets)
}

let availableLevels = KernelLevel.allCases.filter { $0.isAvailable && $0.precision == .float32 }
