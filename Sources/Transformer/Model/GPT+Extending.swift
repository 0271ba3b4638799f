import Work

extension GPT {
    /// A copy of this model with rows for more tokens, in the embedding and in a head of its own.
    /// O(parameters).
    ///
    /// A new row is the mean of the rows that are there, with noise of a hundredth of their
    /// standard deviation, column by column. So a new token begins as likely as the average one and
    /// changes the others' probabilities by no more than its share, where a row of the usual random
    /// start could take most of it (Hewitt, "Initializing New Word Embeddings for Pretrained
    /// Language Models", 2021). The noise keeps two new tokens from being one and the same.
    ///
    /// - Parameters:
    ///   - vocabularySize: tokens of the copy, at least as many as there are.
    ///   - seed: chooses the noise.
    public func extended(
        toVocabularySize vocabularySize: Int, seed: UInt64
    ) throws(TransformerError) -> GPT {
        let oldSize = configuration.vocabularySize
        precondition(vocabularySize >= oldSize, "a vocabulary grows, it does not shrink")
        var shape = configuration
        shape.vocabularySize = vocabularySize
        let copy = try GPT(zeros: shape)
        var generator = RandomGenerator(seed: seed)
        for (old, new) in zip(layout.tensors, copy.layout.tensors) {
            for index in 0..<old.count {
                copy.parameters[new.offset + index] = parameters[old.offset + index]
            }
            guard new.count > old.count else { continue }
            let width = old.count / oldSize
            for column in 0..<width {
                let values = (0..<oldSize).map {
                    Double(parameters[old.offset + $0 * width + column])
                }
                let mean = values.reduce(0, +) / Double(oldSize)
                let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(oldSize)
                for row in oldSize..<vocabularySize {
                    copy.parameters[new.offset + row * width + column] = Float(
                        mean + generator.normal() * variance.squareRoot() / 100)
                }
            }
        }
        return copy
    }
}
