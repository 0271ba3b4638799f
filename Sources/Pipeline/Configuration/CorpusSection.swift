import Corpora
import Refinement

/// The section "corpus" of `pipeline.json`: how texts are read, and what is made of them first.
struct CorpusSection: Codable, Sendable, Equatable {
    /// Inputs and settings of reading them; with sources, the settings of those that give none.
    var reading = CorpusConfiguration()
    /// Refinement: which texts are left out, and in which order the rest stands; `nil` to take them
    /// as they are.
    var refinement: RefinementConfiguration?
    /// The corpora that are learned from, where there are several.
    var sources: [CorpusSource] = []

    /// The keys beside those of reading.
    enum CodingKeys: String, CodingKey, CaseIterable {
        case refinement = "refine"
        case sources
    }

    init() {}

    init(from decoder: any Decoder) throws {
        reading = try CorpusConfiguration(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        refinement = try container.decodeIfPresent(
            RefinementConfiguration.self, forKey: .refinement)
        sources = try container.decodeIfPresent([CorpusSource].self, forKey: .sources) ?? []
    }

    func encode(to encoder: any Encoder) throws {
        try reading.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(refinement, forKey: .refinement)
        try container.encode(sources, forKey: .sources)
    }

    /// Throws unless there is either one corpus or sources that can be told from each other.
    func validate() throws(PipelineError) {
        guard sources.isEmpty || reading.inputs.isEmpty && reading.inputsFrom == nil else {
            throw .badValue(
                key: "corpus.sources",
                reason: """
                    the section has inputs of its own as well: make them a source, {"name": …, \
                    "inputs": …}, or remove one of the two
                    """)
        }
        try CorpusSource.validate(sources)
    }
}
