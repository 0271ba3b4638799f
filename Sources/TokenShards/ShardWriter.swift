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

    /// Starts a data set in `directory`, which is made if need be; the manifest of an earlier one
    /// goes first, its shards with it.
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
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        try Self.removeDataSet(in: directory)
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
    ///   - split: the part of the data set it goes to.
    public mutating func append(
        _ ids: Span<UInt32>, byteCount: Int, contentHash: UInt64, to split: Split
    ) throws {
        let count = ids.count + (endOfTextID == nil ? 0 : 1)
        if split == .train {
            try append(ids, count, byteCount, contentHash, split, to: &train)
        } else {
            try append(ids, count, byteCount, contentHash, split, to: &validation)
        }
    }

    private mutating func append(
        _ ids: Span<UInt32>, _ count: Int, _ byteCount: Int, _ contentHash: UInt64, _ split: Split,
        to shard: inout OpenShard?
    ) throws {
        if let open = shard.take() {
            if open.tokenCount > 0, open.tokenCount + count > configuration.tokensPerShard {
                try close(open, split)
            } else {
                shard = consume open
            }
        }
        if shard == nil {
            let number = manifest.shards.count { $0.split == split }
            let digits = String(number)
            let name =
                "\(split.rawValue)_" + String(repeating: "0", count: max(0, 6 - digits.count))
                + digits + ".bin"
            shard = try OpenShard(path: directory + "/" + name, width: width)
        }
        try shard!.append(
            ids, endOfText: endOfTextID, policy: configuration.endOfText,
            vocabularySize: vocabularySize, byteCount: byteCount, contentHash: contentHash)
        if split == .train {
            manifest.train.add(tokens: count, bytes: byteCount)
        } else {
            manifest.validation.add(tokens: count, bytes: byteCount)
        }
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
        let manager = FileManager.default
        let manifest = directory + "/" + ShardManifest.fileName
        if manager.fileExists(atPath: manifest) {
            try manager.removeItem(atPath: manifest)
            try syncDirectory(containing: manifest)
        }
        for name in try manager.contentsOfDirectory(atPath: directory)
        where isShardFile(name) {
            try manager.removeItem(atPath: directory + "/" + name)
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

/// A shard that is being written, and its index.
struct OpenShard: ~Copyable {
    private var data: FileReplacement
    private var index: FileReplacement
    private let path: String
    private let width: TokenWidth
    private var pending: [UInt8] = []
    private var pendingIndex: [UInt8] = []
    private var hash = XXH64()
    private var documentCount = 0
    private var byteCount = 0
    private(set) var tokenCount = 0

    private static let flushByteCount = 1 << 20

    init(path: String, width: TokenWidth) throws {
        self.path = path
        self.width = width
        data = try FileReplacement(path: path)
        index = try FileReplacement(path: Self.indexPath(of: path))
        let header = [UInt8](repeating: 0, count: ShardHeader.byteCount)
        try unsafe data.write(header.span.bytes)
        let indexHeader = [UInt8](repeating: 0, count: DocumentIndex.headerByteCount)
        try unsafe index.write(indexHeader.span.bytes)
    }

    static func indexPath(of path: String) -> String {
        path.hasSuffix(".bin") ? path.dropLast(4) + ".idx" : path + ".idx"
    }

    mutating func append(
        _ ids: Span<UInt32>, endOfText: UInt32?, policy: EndOfTextPolicy, vocabularySize: Int,
        byteCount: Int, contentHash: UInt64
    ) throws {
        guard tokenCount + ids.count < ShardHeader.maximumTokenCount else {
            throw ShardError.badShard(
                path: path, reason: "a document has more tokens than a shard's header can count")
        }
        pendingIndex.append(littleEndian: UInt64(tokenCount))
        pendingIndex.append(littleEndian: UInt64(byteCount))
        pendingIndex.append(littleEndian: contentHash)

        let before = policy == .before ? endOfText : nil
        let after = policy == .after ? endOfText : nil
        let count = ids.count + (before == nil ? 0 : 1) + (after == nil ? 0 : 1)
        if let before { pack(before) }
        let size = UInt32(vocabularySize)
        for position in ids.indices {
            let id = ids[position]
            guard id < size else {
                throw ShardError.tokenOutOfRange(id: id, vocabularySize: vocabularySize)
            }
            pack(id)
        }
        if let after { pack(after) }

        tokenCount += count
        documentCount += 1
        self.byteCount += byteCount
        if pending.count >= Self.flushByteCount { try flush() }
    }

    private mutating func pack(_ id: UInt32) {
        pending.append(UInt8(truncatingIfNeeded: id))
        pending.append(UInt8(truncatingIfNeeded: id >> 8))
        if width == .uint32 {
            pending.append(UInt8(truncatingIfNeeded: id >> 16))
            pending.append(UInt8(truncatingIfNeeded: id >> 24))
        }
    }

    private mutating func flush() throws {
        unsafe hash.update(pending.span.bytes)
        try unsafe data.write(pending.span.bytes)
        pending.removeAll(keepingCapacity: true)
        try unsafe index.write(pendingIndex.span.bytes)
        pendingIndex.removeAll(keepingCapacity: true)
    }

    consuming func close(header: ShardHeader, split: Split) throws -> ShardManifest.Shard {
        try flush()
        let headerBytes = header.bytes
        try unsafe data.overwrite(headerBytes.span.bytes, at: 0)
        var indexHeader = DocumentIndex.magic
        indexHeader.append(littleEndian: UInt32(1))
        indexHeader.append(littleEndian: UInt32(DocumentIndex.entryByteCount))
        indexHeader.append(littleEndian: UInt64(documentCount))
        try unsafe index.overwrite(indexHeader.span.bytes, at: 0)
        let (name, tokens, documents, bytes) = (
            path.split(separator: "/").last.map(String.init) ?? path, tokenCount, documentCount,
            byteCount
        )
        let (checksum, path) = (hash.digest(), path)
        try index.commit()
        try data.commit()
        let indexChecksum = try DocumentIndex(path: Self.indexPath(of: path)).checksum()
        return ShardManifest.Shard(
            name: name, split: split, tokens: tokens, documents: documents, bytes: bytes,
            checksum: hexadecimal(checksum), indexChecksum: hexadecimal(indexChecksum))
    }
}
