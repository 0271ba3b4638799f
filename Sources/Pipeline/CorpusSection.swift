import Corpora
import Refinement

/// The section "corpus" of `pipeline.json`: how texts are read, and what is made of them first.
struct CorpusSection: Codable, Sendable, Equatable {
    /// Which texts there are and how they are read.
    var reading = CorpusConfiguration()
    /// What is left out of them, and in which order the rest stands; `nil` to take them as they are.
    var refinement: RefinementConfiguration?

    /// The keys beside those of reading.
    enum CodingKeys: String, CodingKey, CaseIterable {
        case refinement = "refine"
    }

    init() {}

    init(from decoder: any Decoder) throws {
        reading = try CorpusConfiguration(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        refinement = try container.decodeIfPresent(
            RefinementConfiguration.self, forKey: .refinement)
    }

    func encode(to encoder: any Encoder) throws {
        try reading.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(refinement, forKey: .refinement)
    }
}
