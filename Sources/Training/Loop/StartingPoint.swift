import Bytes
import Files
import Foundation
package import Models
package import Tokenization

/// A model that training begins from, where it does not begin at random: `init_from`.
struct StartingPoint {
    /// The model's directory, or a name that stands for it.
    let path: String

    /// The shape of a model of `vocabulary` that begins from this one: its own, with more tokens
    /// where the vocabulary has more.
    ///
    /// - Throws: ``TrainingError/otherVocabulary(path:)`` when its ids mean something else than
    ///   those of `vocabulary`, and ``TrainingError/damaged(path:fault:sound:)`` when the model is
    ///   not as it was written.
    func shape(vocabulary: Vocabulary) throws -> any ModelShape {
        let directory = try CheckpointStore.soundModelDirectory(at: path)
        var shape = try ModelConfiguration(directory: directory).shape
        // Without a `tokenizer.json` the ids cannot be compared, and are taken to fit.
        if FileManager.default.fileExists(atPath: directory + "/tokenizer.json") {
            let own = try Vocabulary(directory: directory)
            guard vocabulary.isExtension(of: own) else {
                throw TrainingError.otherVocabulary(path: path)
            }
        }
        shape.vocabularySize = max(shape.vocabularySize, vocabulary.count)
        return shape
    }

    /// The hash of the model's weights, in hexadecimal; nil where they lie in several files.
    /// O(bytes), at the speed of memory.
    var fingerprint: String? {
        get throws {
            let path = CheckpointStore.resolved(path) + "/model.safetensors"
            guard FileManager.default.fileExists(atPath: path) else { return nil }
            let file = try MappedFile(path: path)
            return hexadecimal(file.withBytes { XXH64.hash(of: $0) })
        }
    }

    /// The model, with rows for all of `shape`'s tokens.
    func model(_ shape: any ModelShape, seed: UInt64) throws -> any LanguageModel {
        let model = try ModelDirectory(path: CheckpointStore.resolved(path)).model()
        guard ModelConfiguration(model.configuration) != ModelConfiguration(shape) else {
            return model
        }
        return try model.extended(toVocabularySize: shape.vocabularySize, seed: seed)
    }
}

extension ModelShape {
    /// Takes the size of a vocabulary and, where texts are pairs, their two tokens from it.
    package mutating func fit(_ vocabulary: Vocabulary) {
        fit(
            vocabularySize: vocabulary.count,
            padToken: vocabulary.specialToken(PairTemplate.padding),
            endToken: vocabulary.endOfText)
    }
}
