import Files
import Foundation
import Training

/// What was measured on the data and the model of a run for its report: `measurements.json` in its
/// directory.
///
/// Each half names what it was measured on, so that it is measured again where that is another one
/// now. The file holds no times: the same run gives the same bytes.
struct RunMeasurements: Codable, Sendable, Equatable {
    /// Version of this layout.
    var version = 1
    /// Of the shards and the vocabulary.
    var data: DataMeasurement?
    /// Of the model.
    var model: ModelMeasurement?

    /// Name of the file.
    static let fileName = "measurements.json"

    /// Nothing yet.
    init() {}

    /// What was measured of the run in `directory`; nil where nothing was or the file cannot be
    /// read.
    init?(runDirectory directory: String) {
        guard let data = try? FileSystem.contents(directory + "/" + Self.fileName),
            data.count < 1 << 24,
            let read = try? StrictJSON.decodeCounts(RunMeasurements.self, from: data),
            read.isBounded
        else { return nil }
        self = read
    }

    /// Whether its lists are as short as those that are written, so that reading them takes no time
    /// and sums stay within 64 bits.
    private var isBounded: Bool {
        let attention = model?.attention
        let counts: [(Int?, Int)] = [
            (data?.sources.count, 100), (data?.lengths.count, 64), (data?.ranks.count, 1_000),
            (data?.text.count, 1_000), (data?.encodings.count, 16), (model?.parts.count, 100),
            (data?.tokenLengths.count, 100), (model?.calibration.count, 100),
            (attention?.tokens.count, 64), (attention?.layers.count, 64),
            (attention?.heads.count, 64), (model?.byPosition?.points.count, 100),
        ]
        return counts.allSatisfy { ($0.0 ?? 0) <= $0.1 }
    }
}

/// What was measured on shards and their vocabulary.
struct DataMeasurement: Codable, Sendable, Equatable {
    /// Documents of similar length.
    struct LengthBin: Codable, Sendable, Equatable {
        /// The fewest bytes; the most are one less than twice as many.
        var bytes: Int
        /// Documents.
        var documents: Int
    }

    /// Text from one source.
    struct Source: Codable, Sendable, Equatable {
        /// Its name.
        var name: String
        /// Documents that were looked at.
        var documents: Int
        /// Bytes of their text.
        var bytes: Int
        /// Tokens that they were encoded as.
        var tokens: Int
        /// Share of what is learned from that it was given, of several data sets.
        var share: Double?

        /// Bytes a token.
        var bytesPerToken: Double { Double(bytes) / Double(max(tokens, 1)) }
    }

    /// How often the token of a rank occurs.
    struct Rank: Codable, Sendable, Equatable {
        /// From 1, the most frequent.
        var rank: Int
        /// Occurrences among the tokens that were counted.
        var count: Int
    }

    /// A token.
    struct Token: Codable, Sendable, Equatable {
        /// Its number.
        var id: Int
        /// Its text, on one line.
        var text: String
        /// Bytes that it stands for.
        var bytes: Int
        /// Occurrences among the tokens that were counted.
        var count: Int
    }

    /// A vocabulary and what it makes of one and the same text.
    struct Encoding: Codable, Sendable, Equatable {
        /// Its name.
        var name: String
        /// Tokens of the vocabulary.
        var size: Int
        /// Tokens of the text.
        var tokens: Int
        /// Bytes of the text.
        var bytes: Int

        /// Bytes a token.
        var bytesPerToken: Double { Double(bytes) / Double(max(tokens, 1)) }
    }

    /// Fingerprints of the shards and the vocabulary.
    var key: String
    /// Documents that were looked at, of all that there are.
    var documents: Int
    /// All documents.
    var documentsInAll: Int
    /// Documents by their length.
    var lengths: [LengthBin] = []
    /// Text by source.
    var sources: [Source] = []
    /// Tokens that were counted, of those in the training split.
    var counted = 0
    /// Tokens of the training split.
    var tokensInAll = 0
    /// Frequencies of some ranks.
    var ranks: [Rank] = []
    /// Tokens of the vocabulary that were never met.
    var unusedCount = 0
    /// Tokens that were met, and less than a hundred times.
    var rareCount = 0
    /// Some of those that were never met.
    var unused: [Token] = []
    /// The longest tokens.
    var longest: [Token] = []
    /// The tokens that were merged last.
    var newest: [Token] = []
    /// The most frequent tokens.
    var frequent: [Token] = []
    /// Number of tokens by the bytes that they stand for, from 1 on.
    var tokenLengths: [Int] = []
    /// Tokens of the vocabulary.
    var vocabularySize = 0
    /// A text in its tokens.
    var text: [String] = []
    /// What this vocabulary and others make of held-out text.
    var encodings: [Encoding] = []

    enum CodingKeys: String, CodingKey {
        case key, documents, lengths, sources, counted, ranks, unused, longest, newest, frequent
        case text, encodings
        case documentsInAll = "documents_in_all"
        case tokensInAll = "tokens_in_all"
        case unusedCount = "unused_count"
        case rareCount = "rare_count"
        case tokenLengths = "token_lengths"
        case vocabularySize = "vocabulary_size"
    }
}

/// What was measured on a model.
struct ModelMeasurement: Codable, Sendable, Equatable {
    /// Attention of heads on a text.
    struct Attention: Codable, Sendable, Equatable {
        /// The text's tokens.
        var tokens: [String]
        /// Layers that are shown, counted from 1.
        var layers: [Int]
        /// Heads that are shown, counted from 1.
        var heads: [Int]
        /// For each layer and head the weights of each row in hundredths, (queries, keys).
        var weights: [[[Int]]]
    }

    /// Predictions of similar confidence.
    struct CalibrationBin: Codable, Sendable, Equatable {
        /// Predictions.
        var count: Int
        /// Mean probability of the token that was held for the likeliest.
        var confidence: Double
        /// Share of the predictions that were right.
        var accuracy: Double
    }

    /// Parameters of a part.
    struct Part: Codable, Sendable, Equatable {
        /// Name of the part.
        var name: String
        /// Its parameters.
        var parameters: Int
    }

    /// Hash of the checkpoint.
    var key: String
    /// The step after which it was written.
    var step: Int
    /// What the model is, as titles and values.
    var facts: [[String]] = []
    /// Parameters by part.
    var parts: [Part] = []
    /// Operations to train on one token.
    var operationsPerToken = 0.0
    /// Attention; nil for a model without.
    var attention: Attention?
    /// Predictions of the validation split by tenths of confidence.
    var calibration: [CalibrationBin] = []
    /// Losses by position in the document; nil where there is no validation split, or it is pairs.
    var byPosition: LossCurve?

    enum CodingKeys: String, CodingKey {
        case key, step, facts, parts, attention, calibration
        case operationsPerToken = "operations_per_token"
        case byPosition = "by_position"
    }

    /// Predictions of the calibration.
    var predictionCount: Int { calibration.reduce(0) { $0 + $1.count } }

    /// Share of them that were right; nil without one.
    var accuracy: Double? {
        let count = predictionCount
        guard count > 0 else { return nil }
        return calibration.reduce(0) { $0 + $1.accuracy * Double($1.count) } / Double(count)
    }

    /// Mean distance of confidence and accuracy: the expected calibration error (Guo et al., "On
    /// Calibration of Modern Neural Networks", 2017); nil without a prediction.
    var calibrationError: Double? {
        let count = predictionCount
        guard count > 0 else { return nil }
        return calibration.reduce(0) {
            $0 + abs($1.accuracy - $1.confidence) * Double($1.count)
        } / Double(count)
    }
}
