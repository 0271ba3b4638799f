public import Corpora
public import Refinement
import TokenShards
import Work

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

/// One of several corpora that a model learns from: an element of `corpus.sources` in
/// `pipeline.json`.
///
/// Keys of the section `corpus` beside the list hold for every source that does not say otherwise:
///
/// ```json
/// "corpus": {
///   "validation_fraction": 0.01,
///   "sources": [
///     {"name": "web", "weight": 0.7, "inputs": ["web/*.jsonl.zst"]},
///     {"name": "code", "weight": 0.3, "inputs": ["code"], "text_field": "content"}
///   ]
/// }
/// ```
public struct CorpusSource: Codable, Sendable, Equatable {
    /// Name in reports, and of the directories that are made of it.
    public var name: String
    /// Its share of what is learned from, in proportion to the weights of the others.
    public var weight: Double
    /// Inputs and settings of reading them.
    public var corpus: CorpusConfiguration
    /// Refinement: which texts are left out, and in which order the rest stands; `nil` to take them
    /// as they are.
    public var refinement: RefinementConfiguration?

    /// The keys beside those of reading.
    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, weight
        case refinement = "refine"
    }

    /// A source.
    public init(
        name: String, weight: Double = 1, corpus: CorpusConfiguration,
        refinement: RefinementConfiguration? = nil
    ) {
        self.name = name
        self.weight = weight
        self.corpus = corpus
        self.refinement = refinement
    }

    /// Reads the keys that are there and takes the default for the others. A name that is not there
    /// is empty, which validation refuses.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decodeIfPresent(String.self, forKey: .name) ?? ""
        weight = try container.decodeIfPresent(Double.self, forKey: .weight) ?? 1
        refinement = try container.decodeIfPresent(
            RefinementConfiguration.self, forKey: .refinement)
        corpus = try CorpusConfiguration(from: decoder)
    }

    /// Writes all keys into one object.
    public func encode(to encoder: any Encoder) throws {
        try corpus.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(weight, forKey: .weight)
        try container.encodeIfPresent(refinement, forKey: .refinement)
    }

    /// Throws unless the sources can be told from each other and drawn from. O(sources).
    static func validate(_ sources: [CorpusSource]) throws(PipelineError) {
        var names: Set<String> = []
        for (number, source) in sources.enumerated() {
            func check(
                _ isGood: Bool, _ key: CodingKeys, _ reason: String
            ) throws(PipelineError) {
                guard !isGood else { return }
                throw .badValue(
                    key: "corpus.sources[\(number)].\(key.rawValue)", reason: reason)
            }
            let name = source.name
            try checkFolderName(name, key: "corpus.sources[\(number)].name")
            try check(
                !isReserved(name), .name,
                "\"\(name)\" is a name of files in progress: choose another")
            try check(
                names.insert(name).inserted, .name, "two sources are called \"\(name)\": rename one"
            )
            if let reason = weightKey.number?.fault(in: source) {
                throw .badValue(
                    key: "corpus.sources[\(number)].weight",
                    reason: "it \(reason); to learn nothing from a source, remove it")
            }
        }
    }

    /// Whether what is made beside the directories of sources may have this name.
    private static func isReserved(_ name: String) -> Bool {
        name.hasPrefix(".") || name.hasPrefix(ShardManifest.workspacePrefix)
            || ShardManifest.isShardFile(name)
            || [".partial", ".replaced", ".quarantine"].contains { name.hasSuffix($0) }
    }
}

/// Bytes of the longest name of a directory: what is kept of a run has a date and a step behind it,
/// and file systems allow 255.
let longestNameByteCount = 200

/// Throws unless a directory of this name, which is the value of `key`, can be made within another.
func checkFolderName(_ name: String, key: String) throws(PipelineError) {
    guard !name.isEmpty, !name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "/") }),
        name != ".", name != "..", name.utf8.count <= longestNameByteCount
    else {
        throw .badValue(
            key: key,
            reason:
                "it names directories, so it may not be empty, hold a slash or a NUL, be . or .., "
                + "or have more than \(longestNameByteCount) bytes"
        )
    }
}
