import Models
import Tokenization
import VocabularyLearning

/// A vocabulary of 270 tokens, learned from a line of text, and models of it.
enum TinyModel {
    static func vocabulary() throws -> Vocabulary {
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 270
        let counter = PieceCounter(.gpt4)
        counter.count(Array("the mill turns and the stones turn and grind the corn".utf8).span)
        return try VocabularyTrainer(configuration).train(counter.takeCounts())
    }

    static func model(
        of vocabulary: Vocabulary, layers: Int, heads: Int, width: Int, positions: Int
    ) throws -> GPT {
        var shape = GPTConfiguration(.gpt2)
        (shape.layerCount, shape.headCount, shape.embeddingSize) = (layers, heads, width)
        (shape.positionCount, shape.vocabularySize) = (positions, vocabulary.count)
        return try GPT(shape, seed: 3)
    }
}
