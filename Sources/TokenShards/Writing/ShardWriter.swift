import Bytes
import Files
import Foundation
public import Tokenization

/// Writes documents, as ids, into a data set of one part, in one go.
///
/// The data set appears when all is done, in place of the one that was in the directory; until then
/// that is untouched. A writer that is given up leaves nothing behind. The bytes depend on the
/// documents and their order alone.
///
/// ```swift
/// var writer = try ShardWriter(
///     directory: "shards/mine", vocabulary: vocabulary, configuration: .init())
/// let encoder = BytePairEncoder(vocabulary)
/// for text in texts { try writer.append(encoder.encode(text), to: .train) }
/// let manifest = try writer.finish()
/// ```
public struct ShardWriter: ~Copyable {
    private let directory: String
    private let vocabulary: Vocabulary
    private let workspace: String
    private let format: ShardFormat
    private var part: PartWriter
    private var documents: PackedDocuments
    /// Text of the document at hand, for its length and its hash.
    private var text: [UInt8] = []
    private var isFinished = false
    /// Whether the directory was made for it.
    private let isNew: Bool

    private static let partName = "part"
    /// Documents that are packed before they go to the shards.
    private static let batchCount = 256

    /// Prepares a data set in `directory`.
    ///
    /// - Throws: ``ShardError/notOurs(path:)`` if a file there would be replaced that Quern has not
    ///   written.
    /// - Precondition: the vocabulary has an end-of-text token, unless the policy is `none`.
    public init(
        directory: String, vocabulary: Vocabulary, configuration: ShardConfiguration
    ) throws {
        try DataSetAssembly.checkReplaceable(directory)
        let format = ShardFormat(configuration, vocabulary: vocabulary)
        let workspace = directory + "/" + ShardManifest.workspacePrefix + "writer"
        let isNew = !FileManager.default.fileExists(atPath: directory)
        let part = try PartWriter(directory: workspace + "/" + Self.partName, format: format)
        self.isNew = isNew
        self.directory = directory
        self.vocabulary = vocabulary
        self.workspace = workspace
        self.format = format
        self.part = part
        documents = PackedDocuments(format)
    }

    deinit {
        // The error for the caller is the reason to give up, not a failure to tidy.
        guard !isFinished else { return }
        try? FileSystem.removeItem(workspace)
        if isNew, (try? FileSystem.namesInDirectory(directory)) == [] {
            try? FileSystem.removeItem(directory)
        }
    }

    /// Appends one document. Its ids are decoded, for the length and the hash of its text. O(bytes
    /// of the text).
    ///
    /// - Parameters:
    ///   - ids: the document's tokens, without an end-of-text token: the writer places that.
    ///   - place: where in its source it stood; nil if that is not known.
    ///   - split: the part of the data set it goes to.
    ///   - answers: the tokens of a conversation that are to be learned, in order; nil for any
    ///     other document.
    ///   - idsTellAnswers: whether the ids tell the same, as those of ChatML do. The index of a
    ///     shard says it where those of one of its documents do not.
    /// - Throws: `TokenizationError.unknownToken` for an id that the vocabulary does not have;
    ///   nothing is then appended.
    /// - Precondition: with answers, the policy of the end-of-text token is `none`.
    public mutating func append(
        _ ids: Span<TokenID>, place: DocumentPlace? = nil, to split: Split,
        answers: [Range<Int>]? = nil, idsTellAnswers: Bool = true
    ) throws {
        precondition(!isFinished, "the data set is finished already")
        text.removeAll(keepingCapacity: true)
        try vocabulary.decode(ids, into: &text)
        documents.append(
            ids, byteCount: text.count, contentHash: XXH64.hash(of: text.span), place: place,
            to: split, answers: answers, idsTellAnswers: idsTellAnswers)
        if documents.count == Self.batchCount { try flush() }
    }

    /// Appends one document, whose ids are in an array. O(bytes of the text).
    ///
    /// - Throws: `TokenizationError.unknownToken` for an id that the vocabulary does not have;
    ///   nothing is then appended.
    public mutating func append(
        _ ids: [TokenID], place: DocumentPlace? = nil, to split: Split
    ) throws {
        try append(ids.span, place: place, to: split)
    }

    private mutating func flush() throws {
        try part.append(documents)
        documents = PackedDocuments(format)
    }

    /// Closes the last shards and writes the manifest. A writer can be finished once.
    ///
    /// Not consuming, since a variable at the top level of a program cannot be consumed.
    ///
    /// - Parameters:
    ///   - sources: the files that documents came from, for the manifest.
    ///   - skipped: counts of what was left out, for the manifest.
    ///   - willReplace: called with the manifest before the data set that is in the directory is
    ///     replaced; where it throws, that stays.
    public mutating func finish(
        sources: [ShardManifest.Source] = [], skipped: ShardManifest.Skipped = .init(),
        willReplace: (ShardManifest) throws -> Void = { _ in }
    ) throws -> ShardManifest {
        precondition(!isFinished, "the data set is finished already")
        try flush()
        let last = try part.finish()
        for file in last.files { try file.sync() }
        try DataSetAssembly.commit(
            parts: [(Self.partName, last.state)], format: format, sources: sources,
            skipped: skipped, from: workspace, willReplace: willReplace)
        isFinished = true
        let manifest = try DataSetAssembly.complete(from: workspace, to: directory)
        try DataSetAssembly.removeRemains(in: directory)
        return manifest
    }
}
