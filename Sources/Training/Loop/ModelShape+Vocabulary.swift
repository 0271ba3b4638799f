package import Models
package import Tokenization

extension ModelShape {
    /// Takes the size of a vocabulary and, where texts are pairs, their two tokens from it.
    package mutating func fit(_ vocabulary: Vocabulary) {
        fit(
            vocabularySize: vocabulary.count,
            padToken: vocabulary.specialToken(PairTemplate.padding),
            endToken: vocabulary.endOfText)
    }
}
