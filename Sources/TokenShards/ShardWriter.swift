import Foundation
import Storage
public import Tokenization

/// Writes documents, as ids, into the shards of a data set.
///
/// Each shard appears under its name when it is full, and the manifest when all is done; until then
/// the directory is not a data set. The bytes depend on the documents and their order alone.
///
/// ```swift
/// var writer = try ShardWriter(directory: "shards/mine", vocabulary: vocabulary, configuration: .init())
/// try writer.append(ids.span, byteCount: text.count, contentHash: hash, to: .train)
/// let manifest = try writer.finish(sources: [], skipped: .init())
/// ```
public struct ShardWriter: ~Copyable {
    private let directory: String
    private let configuration: ShardConfiguration
    private let vocabularySize: Int
    private let fingerprint: UInt64
    private let endOfTextID: UInt32?
    private let width: TokenWidth
    private var train: OpenShard?
    private var validation: OpenShard?
    private var manifest: ShardManifest
    /// Whether the directory is there and an earlier data set is gone from it.
    private var hasBegun = false

    /// Prepares a data set in `directory`. The first document makes the directory if need be; the
    /// manifest of an earlier data set goes then, its shards with it.
    ///
    /// - Precondition: the vocabulary has an end-of-text token, unless the policy is `none`.
    public init(
        directory: String, vocabulary: Vocabulary, configuration: ShardConfiguration
    ) throws {
        precondition(
            configuration.endOfText == .none || vocabulary.endOfText != nil,
            "the policy \(configuration.endOfText) needs an end-of-text token")
        self.directory = directory
        self.configuration = configuration
        vocabularySize = vocabulary.count
        fingerprint = vocabulary.fingerprint
        endOfTextID = configuration.endOfText == .none ? nil : vocabulary.endOfText?.rawValue
        width = TokenWidth(vocabularySize: vocabulary.count)
        manifest = ShardManifest(
            vocabulary: .init(
                fingerprint: hexadecimal(vocabulary.fingerprint), size: vocabulary.count),
            endOfText: configuration.endOfText, endOfTextID: endOfTextID.map(Int.init),
            dtype: width)
        if configuration.allowSpecial != .none {
            manifest.allowSpecial = configuration.allowSpecial
        }
    }

    /// Tokens written so far, of both splits.
    public var tokenCount: Int {
        manifest.train.tokens + manifest.validation.tokens
    }

    /// Appends one document. O(ids).
    ///
    /// - Parameters:
    ///   - ids: the document's tokens, without an end-of-text token: the writer places that.
    ///   - byteCount: the length of its text.
    ///   - contentHash: the XXH64 of its text.
    ///   - place: where in its source it stood; nil if that is not known.
    ///   - split: the part of the data set it goes to.
    public mutating func append(
        _ ids: Span<UInt32>, byteCount: Int, contentHash: UInt64, place: DocumentPlace? = nil,
        to split: Split
    ) throws {
        if !hasBegun {
            try makeDirectory(directory)
            try Self.removeDataSet(in: directory)
            hasBegun = true
        }
        let count = ids.count + (endOfTextID == nil ? 0 : 1)
        // Taken out while it is written to: a shard whose writing fails is given up whole.
        var shard = split == .train ? train.take() : validation.take()
        if let open = shard.take() {
            if open.tokenCount > 0, open.tokenCount + count > configuration.tokensPerShard {
                try close(open, split)
            } else {
                shard = consume open
            }
        }
        var open: OpenShard
        if let current = shard.take() {
            open = current
        } else {
            open = try OpenShard(path: path(ofNextShardOf: split), width: width)
        }
        try open.append(
            ids, endOfText: endOfTextID, policy: configuration.endOfText,
            vocabularySize: vocabularySize, byteCount: byteCount, contentHash: contentHash,
            place: place)
        if split == .train {
            train = consume open
            manifest.train.add(tokens: count, bytes: byteCount)
        } else {
            validation = consume open
            manifest.validation.add(tokens: count, bytes: byteCount)
        }
    }

    private func path(ofNextShardOf split: Split) -> String {
        let digits = String(manifest.shards.count { $0.split == split })
        let zeros = String(repeating: "0", count: max(0, 6 - digits.count))
        return "\(directory)/\(split.rawValue)_\(zeros)\(digits).bin"
    }

    private mutating func close(_ shard: consuming OpenShard, _ split: Split) throws {
        let header = ShardHeader(
            width: width, tokenCount: shard.tokenCount, vocabularySize: vocabularySize,
            vocabularyFingerprint: fingerprint, endOfText: configuration.endOfText,
            endOfTextID: endOfTextID ?? 0)
        manifest.shards.append(try shard.close(header: header, split: split))
    }

    /// Closes the last shards and writes the manifest.
    public consuming func finish(
        sources: [ShardManifest.Source], skipped: ShardManifest.Skipped
    ) throws -> ShardManifest {
        guard manifest.train.documents + manifest.validation.documents > 0 else {
            throw ShardError.noDocuments
        }
        if let open = train.take() { try close(open, .train) }
        if let open = validation.take() { try close(open, .validation) }
        manifest.sources = sources
        manifest.skipped = skipped
        try manifest.write(toDirectory: directory)
        return manifest
    }

    /// Removes a data set's files from `directory` and nothing else, its manifest first.
    private static func removeDataSet(in directory: String) throws {
        let manifest = directory + "/" + ShardManifest.fileName
        if FileManager.default.fileExists(atPath: manifest) {
            try removeItem(manifest)
            try syncDirectory(containing: manifest)
        }
        for name in try namesInDirectory(directory) where isShardFile(name) {
            try removeItem(directory + "/" + name)
        }
    }

    /// Whether `name` is `train_` or `val_`, six or more digits, and an extension of ours.
    private static func isShardFile(_ name: String) -> Bool {
        guard let underscore = name.firstIndex(of: "_"), let dot = name.firstIndex(of: "."),
            underscore < dot, Split(rawValue: String(name[..<underscore])) != nil
        else { return false }
        let digits = name[name.index(after: underscore)..<dot]
        return digits.count >= 6 && digits.allSatisfy(\.isNumber)
            && [".bin", ".idx", ".bin.partial", ".idx.partial"].contains(name[dot...])
    }
}

extension ShardManifest.Totals {
    mutating func add(tokens: Int, bytes: Int) {
        self.tokens += tokens
        self.bytes += bytes
        documents += 1
    }
}
