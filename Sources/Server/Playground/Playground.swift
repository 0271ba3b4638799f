import Bytes
import Foundation
import Models
import Tokenization

/// The playground: what its page asks beside the interface that every client uses, as JSON.
///
/// It shows how texts become tokens, what a model's heads look at, how windows slide, and the
/// curves of runs. Every answer is bounded, whatever is asked. Calls block, for seconds at most;
/// they may come from several threads, and those that compute with a model take turns.
public struct Playground: Sendable {
    /// Limits of what is asked.
    enum Limit {
        /// Bytes of a text that is cut into tokens.
        static let textByteCount = 16_384
        /// Vocabularies side by side.
        static let vocabularyCount = 8
        /// Bytes of a word whose merges are shown: they take its square.
        static let wordByteCount = 96
        /// Tokens whose attention is shown.
        static let attendingCount = 128
        /// Weights of an answer.
        static let weightCount = 1 << 23
        /// Predictions of a window.
        static let windowLength = 4_096
        /// Predictions of all windows of an answer.
        static let predictionCount = 1 << 17
        /// Runs of a list.
        static let runCount = 1_000
        /// Points of a curve.
        static let pointCount = 1_000
        /// Vocabularies of the list of a folder.
        static let listedVocabularyCount = 64
        /// Bytes of a vocabulary's file.
        static let vocabularyByteCount = 1 << 27
    }

    let models: [ShownModel]
    let recordings: Recordings
    let vocabularyFolder: VocabularyFolder
    /// Held by the one that computes.
    let turn = NSLock()

    /// A playground of the models that are served.
    ///
    /// - Parameters:
    ///   - models: the models.
    ///   - runsDirectory: the directory of the runs that are shown, which need not be there.
    ///   - vocabulariesDirectory: the directory of the vocabularies that can be compared with those
    ///     of the models, which need not be there.
    public init(models: [ServedModel], runsDirectory: String, vocabulariesDirectory: String) {
        self.init(
            shown: models.map { ShownModel($0.name, $0.vocabulary, $0.model) },
            runsDirectory: runsDirectory, vocabulariesDirectory: vocabulariesDirectory)
    }

    init(shown models: [ShownModel], runsDirectory: String, vocabulariesDirectory: String) {
        self.models = models
        recordings = Recordings(directory: runsDirectory)
        vocabularyFolder = VocabularyFolder(directory: vocabulariesDirectory)
    }

    /// The model that a request names.
    func model(_ name: String, parameter: String) throws(PlaygroundError) -> ShownModel {
        guard let model = models.first(where: { ExactName($0.name) == ExactName(name) }) else {
            let names = models.map(\.name).joined(separator: ", ")
            throw PlaygroundError(
                "no model \(name.prefix(100)) is served; there is \(names)", parameter: parameter)
        }
        return model
    }
}

/// A model as the playground looks at it.
///
/// Unchecked, because a model is a class that a trainer changes; one that is served does not
/// change.
struct ShownModel: @unchecked Sendable {
    let tokenizer: ShownVocabulary
    let model: any LanguageModel

    var name: String { tokenizer.name }
    var vocabulary: Vocabulary { tokenizer.vocabulary }

    init(_ name: String, _ vocabulary: Vocabulary, _ model: any LanguageModel) {
        tokenizer = ShownVocabulary(name, vocabulary)
        self.model = model
    }
}

extension Data {
    /// The object that `body` makes, on one line.
    static func answer(_ body: (inout JSONText) -> Void) -> Data {
        var json = JSONText(isCompact: true)
        json.object(nil, body)
        return Data(json.bytes)
    }
}
