import Models
import Testing
import Tokenization
import VocabularyLearning
import Work

/// Models of every family, tiny and random, away from their start so that no logits are level.
enum EngineModel: String, CaseIterable, CustomTestStringConvertible {
    case gpt2, llama, qwen3, rnn, lstm, gru, pairs

    var testDescription: String { rawValue }

    /// More tokens than the vocabulary has.
    static let tokenCount = 280

    /// 270 tokens learned from a line of text, and the special tokens of conversations and pairs.
    static func vocabulary() throws -> Vocabulary {
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 270
        let counter = PieceCounter(.gpt4)
        counter.count(Array("the mill turns and the stones turn and grind the corn".utf8).span)
        return try VocabularyTrainer(configuration).train(counter.takeCounts())
            .adding(specialTokens: ChatTemplate.specialTokens + [PairTemplate.padding])
    }

    func shape(of vocabulary: Vocabulary, positions: Int = 96) throws -> any ModelShape {
        switch self {
        case .gpt2, .llama, .qwen3:
            var shape = GPTConfiguration(try #require(Architecture(rawValue: rawValue)))
            (shape.layerCount, shape.headCount, shape.embeddingSize) = (2, 2, 24)
            if self == .llama { (shape.headCount, shape.keyValueHeadCount) = (4, 2) }
            (shape.positionCount, shape.vocabularySize) = (positions, Self.tokenCount)
            return shape
        case .rnn, .lstm, .gru:
            var shape = RecurrentConfiguration()
            shape.architecture = try #require(RecurrentArchitecture(rawValue: rawValue))
            (shape.layerCount, shape.embeddingSize) = (2, 18)
            (shape.positionCount, shape.vocabularySize) = (positions, Self.tokenCount)
            return shape
        case .pairs:
            let template = try PairTemplate(vocabulary)
            var shape = EncoderDecoderConfiguration()
            (shape.layerCount, shape.headCount, shape.embeddingSize) = (2, 2, 24)
            shape.intermediateSize = 32
            shape.positionCount = positions
            shape.fit(
                vocabularySize: Self.tokenCount, padToken: template.pad, endToken: template.end)
            return shape
        }
    }

    func model(of vocabulary: Vocabulary, positions: Int = 96) throws -> any LanguageModel {
        let model = try shape(of: vocabulary, positions: positions).makeModel(seed: 3)
        var generator = RandomGenerator(seed: 5)
        for tensor in model.layout.tensors where !tensor.isConstant {
            for index in tensor.range { model.parameters[index] += Float(generator.normal() * 0.2) }
        }
        return model
    }
}
