import Bytes
public import Work

/// The documents that are left out of a corpus, and the order of the rest: section `corpus.refine`
/// of a pipeline's configuration.
public struct RefinementConfiguration: Codable, Sendable, Equatable {
    /// Limits on each document.
    public var filter = DocumentFilter()
    /// The rules of quality that were published, by name; see ``QualityRule``.
    ///
    /// Each entry is a family's name for all its rules, a rule's for one, `NAME=LIMIT` for one with
    /// another limit, or `NAME=off` for all of a family but one. Families are asked in the order in
    /// which they are first named, behind ``filter`` and before duplicates are looked for.
    public var rules: [String] = []
    /// Files of evaluation texts: documents go that have ``evaluationWordCount`` words in a row in
    /// common with one of them.
    public var evaluationPaths: [String] = []
    /// Words in a row by which that is told.
    public var evaluationWordCount = 13
    /// Other corpora, files or folders: documents go that are the same as one of theirs, or nearly
    /// the same, as ``removesDuplicates`` and ``removesNearDuplicates`` say.
    public var otherPaths: [String] = []
    /// The names of members of JSON that are kept in the lines of the result.
    public var keptFields: [String] = []
    /// Only the first of documents with the same bytes stays.
    public var removesDuplicates = true
    /// Only the first of documents that are nearly the same stays.
    public var removesNearDuplicates = false
    /// The rule by which documents are nearly the same.
    public var nearDuplicates = NearDuplicateRule()
    /// The documents are put into an order that chance seems to have made.
    public var shuffles = false
    /// The seed of that order; the same seed gives the same one.
    public var shuffleSeed: UInt64 = 0
    /// The form of the result's files.
    public var partFormat = PartFormat.jsonl
    /// Bytes of JSON lines, or of rows, in a file of the result; the last line of a file may go
    /// beyond it.
    public var partByteCount = 512 << 20
    /// The level of zstd with which the result is compressed.
    public var compressionLevel = 3
    /// The memory to use. The result does not depend on it.
    public var memory = ByteSize(byteCount: 1 << 30)
    /// Directory for data that does not fit into memory; beside the result unless it is given.
    public var scratchDirectory: String?

    /// The keys of the JSON object, each of which may be left out; those of the filter and of the
    /// rule for near-duplicates stand beside them.
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case rules
        case evaluationPaths = "decontaminate"
        case evaluationWordCount = "decontamination_words"
        case otherPaths = "against"
        case keptFields = "keep_fields"
        case removesDuplicates = "remove_duplicates"
        case removesNearDuplicates = "remove_near_duplicates"
        case shuffles = "shuffle"
        case shuffleSeed = "shuffle_seed"
        case partFormat = "part_format"
        case partByteCount = "part_bytes"
        case compressionLevel = "compression_level"
        case memory
        case scratchDirectory = "scratch_directory"
    }

    /// Exact duplicates go; everything else stays as it is.
    public init() {}

    /// Reads the keys that are there and takes the default for the others.
    public init(from decoder: any Decoder) throws {
        filter = try DocumentFilter(from: decoder)
        nearDuplicates = try NearDuplicateRule(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try container.read(.rules, into: &rules)
        try container.read(.evaluationPaths, into: &evaluationPaths)
        try container.read(.evaluationWordCount, into: &evaluationWordCount)
        try container.read(.otherPaths, into: &otherPaths)
        try container.read(.keptFields, into: &keptFields)
        try container.read(.removesDuplicates, into: &removesDuplicates)
        try container.read(.removesNearDuplicates, into: &removesNearDuplicates)
        try container.read(.shuffles, into: &shuffles)
        try container.read(.shuffleSeed, into: &shuffleSeed)
        try container.read(.partFormat, into: &partFormat)
        try container.read(.partByteCount, into: &partByteCount)
        try container.read(.compressionLevel, into: &compressionLevel)
        try container.read(.memory, into: &memory)
        scratchDirectory = try container.decodeIfPresent(String.self, forKey: .scratchDirectory)
    }

    /// Writes all keys into one object; the form of the files if it is not JSON lines, and other
    /// corpora if there are any, so that the results of versions without these keys are those of
    /// the same configuration.
    public func encode(to encoder: any Encoder) throws {
        try filter.encode(to: encoder)
        try nearDuplicates.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(rules, forKey: .rules)
        try container.encode(evaluationPaths, forKey: .evaluationPaths)
        try container.encode(evaluationWordCount, forKey: .evaluationWordCount)
        if !otherPaths.isEmpty { try container.encode(otherPaths, forKey: .otherPaths) }
        try container.encode(keptFields, forKey: .keptFields)
        try container.encode(removesDuplicates, forKey: .removesDuplicates)
        try container.encode(removesNearDuplicates, forKey: .removesNearDuplicates)
        try container.encode(shuffles, forKey: .shuffles)
        try container.encode(shuffleSeed, forKey: .shuffleSeed)
        if partFormat != .jsonl { try container.encode(partFormat, forKey: .partFormat) }
        try container.encode(partByteCount, forKey: .partByteCount)
        try container.encode(compressionLevel, forKey: .compressionLevel)
        try container.encode(memory, forKey: .memory)
        try container.encodeIfPresent(scratchDirectory, forKey: .scratchDirectory)
    }

    /// The same without what the result does not depend on.
    package var essence: RefinementConfiguration {
        var essence = self
        essence.memory = RefinementConfiguration().memory
        essence.scratchDirectory = nil
        return essence
    }

    /// About the most that lies on the disk at once, the result included.
    ///
    /// - Parameters:
    ///   - documents: documents of the corpus.
    ///   - textByteCount: bytes of their text, compressed.
    ///   - isShared: whether several processes share the work.
    package func diskByteCount(documents: Int, textByteCount: Int, isShared: Bool) -> Int {
        let bytesOfNear =
            4 * nearDuplicates.permutationCount + 16 * nearDuplicates.bandCount + 8
        let texts = (isShared || removesNearDuplicates ? 1 : 0) + (shuffles ? 1 : 0)
        let bytesOfDocument =
            (removesNearDuplicates ? bytesOfNear : 0) + (isShared ? 24 : 0)
            + (isShared && removesDuplicates ? 24 : 0)
        // The blocks of a shared result are there beside its files.
        let bytesOfTexts = Double(1 + texts + (isShared ? 1 : 0)) * Double(textByteCount)
        return Int(min(1e18, bytesOfTexts + Double(documents) * Double(bytesOfDocument)))
    }

    /// The same with no more memory than `byteCount`, but with what the work needs at least.
    package func limited(to byteCount: Int, threadCount: Int) -> RefinementConfiguration {
        let least = RefinementMemory.least(threadCount: threadCount).byteCount
        var limited = self
        limited.memory = ByteSize(byteCount: max(least, min(memory.byteCount, byteCount)))
        return limited
    }

    /// Throws if a value makes no sense, or if the memory is not enough for so many threads.
    public func validate(threadCount: Int) throws(RefinementError) {
        if let fault = numericFault { throw .badValue(key: fault.key, wish: fault.reason) }
        try filter.validate()
        _ = try QualityRules(rules)
        guard otherPaths.isEmpty || removesDuplicates || removesNearDuplicates else {
            throw .badValue(
                key: CodingKeys.otherPaths.rawValue,
                wish: "finds duplicates of other corpora; turn on remove_duplicates, "
                    + "remove_near_duplicates or both")
        }
        if let name = keptFields.first(where: { ["text", "source"].contains($0) }) {
            throw .badValue(
                key: CodingKeys.keptFields.rawValue,
                wish: "cannot name \(name), which each line of the result has anyway")
        }
        guard Set(keptFields).count == keptFields.count else {
            throw .badValue(key: CodingKeys.keptFields.rawValue, wish: "names a field twice")
        }
        let least = RefinementMemory.least(threadCount: threadCount)
        guard memory.byteCount >= least.byteCount else {
            throw .badValue(
                key: CodingKeys.memory.rawValue,
                wish: "must be at least \(least) with \(threadCount) threads")
        }
    }
}

/// The shares of the steps in the memory that may be used, in bytes.
///
/// Of `memory`, 40 MiB are for the program and 12 MiB a thread for the documents under way (more
/// where a single document is larger); the rest is divided in the shares below. What a step has
/// beyond its share goes to scratch files.
public struct RefinementMemory: Sendable, Equatable {
    /// Hashes of the documents so far.
    var hashTable: Int
    /// Hashes that found no place in the table, while they are sorted.
    var hashSorter: Int
    /// Bands of signatures, while they are sorted.
    var bandSorter: Int
    /// Clusters of near-duplicates: 5 bytes a document.
    var clusters: Int
    /// Documents, while they are put into another order.
    var documents: Int

    /// The shares of `memory`.
    public init(_ memory: ByteSize, threadCount: Int) {
        let eighth = max(0, memory.byteCount - Self.fixedByteCount(threadCount: threadCount)) / 8
        hashTable = 2 * eighth
        hashSorter = eighth
        bandSorter = 2 * eighth
        clusters = eighth
        documents = 2 * eighth
    }

    /// Of several processes that share the work: for hashes, while they are sorted.
    package var byteCountOfMatching: Int { hashTable + hashSorter + bandSorter + documents }
    /// For keys, while they are sorted, or documents, while they are divided.
    package var byteCountOfComparing: Int { hashSorter + bandSorter + documents }
    /// For documents that go, and for those that are united.
    package var byteCountOfSets: Int { hashTable + clusters }

    /// The least memory with which the work can be done.
    static func least(threadCount: Int) -> ByteSize {
        ByteSize(byteCount: fixedByteCount(threadCount: threadCount) + (24 << 20)).roundedUp
    }

    private static func fixedByteCount(threadCount: Int) -> Int { (40 + 12 * threadCount) << 20 }
}
