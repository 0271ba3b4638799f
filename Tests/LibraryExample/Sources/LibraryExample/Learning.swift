import Tokenization

/// A vocabulary of 1,000 tokens, or fewer if the texts have no more to give.
func learn(from texts: [[UInt8]]) throws -> Vocabulary {
    var configuration = VocabularyConfiguration()
    configuration.vocabularySize = 1_000
    let counter = PieceCounter(configuration.pattern)
    for text in texts { counter.count(text.span) }
    return try VocabularyTrainer(configuration).train(counter.takeCounts())
}
