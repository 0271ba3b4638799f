import Bytes
import Files
import Foundation
import Tokenization

/// A directory of ids that another program wrote, made known as a data set.
///
/// Nothing in it says which vocabulary the ids belong to, how long the texts were, or whether a
/// byte has changed. So every id is read once before the first is used: each must be one of the
/// vocabulary's, documents are found by its end-of-text token where no index has them, and the
/// texts' bytes are counted. The first token of each document stays in memory, 8 bytes a document.
struct ForeignDataSet {
    let layout: DataSetLayout
    let manifest: ShardManifest
    let shards: [Split: [TokenShard]]
    /// Names in the directory that do not say that there are ids, sorted.
    let leftOut: [String]

    /// Reads `directory`; nil if there is no file of ids in it, or only Quern's own shards, whose
    /// manifest is missing. O(tokens).
    ///
    /// - Throws: ``ShardError/foreign(path:reason:)`` for files that are not known, or contradict
    ///   themselves, each other or the vocabulary.
    init?(directory: String, vocabulary: Vocabulary) throws(ShardError) {
        let names: [String]
        do throws(FileError) {
            names =
                FileSystem.isMissing(directory) ? [] : try FileSystem.namesInDirectory(directory)
        } catch {
            throw .file(error)
        }
        let ofIDs = names.filter { ForeignFile.isOfIDs($0) }
        leftOut = names.filter { !$0.hasPrefix(".") && !ofIDs.contains($0) }
        var files: [ForeignFile] = []
        var own: String?
        for name in ofIDs where name.hasSuffix(".bin") {
            if let file = try ForeignFile(directory: directory, name: name) {
                files.append(file)
            } else {
                own = own ?? name
            }
        }
        guard let first = files.first else { return nil }
        if let own {
            throw .foreign(
                path: directory + "/" + own,
                reason: "it is Quern's, and \(first.file.path) \(first.layout.rawValue)'s: keep "
                    + "one kind in a directory")
        }
        for index in ofIDs where index.hasSuffix(".idx") {
            let data = index.dropLast(4) + ".bin"
            guard !ofIDs.contains(String(data)) else { continue }
            throw .foreign(
                path: directory + "/" + index, reason: "its ids are missing: there is no \(data)")
        }
        for file in files where file.layout != first.layout || file.width != first.width {
            throw .foreign(
                path: file.file.path,
                reason: """
                    it is \(file.layout.rawValue)'s with ids of \(file.width.rawValue), and \
                    \(first.file.path) is \(first.layout.rawValue)'s with \(first.width.rawValue): \
                    keep one kind in a directory
                    """)
        }
        layout = first.layout

        guard files.contains(where: { $0.tokenCount > 0 }) else {
            throw .foreign(
                path: directory,
                reason: "its files are \(layout.rawValue)'s and hold no id; make them again")
        }

        let endOfText = vocabulary.endOfText
        let tokenLengths = (0..<vocabulary.count).map { number in
            let id = TokenID(number)
            return vocabulary.isSpecial(id) ? 0 : vocabulary.bytes(of: id).count
        }
        var scans: [ForeignScan] = []
        for file in files {
            let shard = TokenShard(file, documentStarts: [], endOfText: .none, vocabulary)
            scans.append(
                try ForeignScan(shard, tokenLengths: tokenLengths, endOfText: endOfText))
        }
        let policy = ForeignScan.policy(of: files, scans)
        var manifest = ShardManifest(
            vocabulary: .init(
                fingerprint: hexadecimal(vocabulary.fingerprint), size: vocabulary.count),
            endOfText: policy, endOfTextID: policy == .none ? nil : endOfText,
            dtype: first.width)
        var shards: [Split: [TokenShard]] = [:]
        for (file, scan) in zip(files, scans) {
            let starts = scan.documentStarts(of: file, policy)
            let shard = TokenShard(
                file, scan, documentStarts: starts, endOfText: policy, vocabulary)
            shards[file.split, default: []].append(shard)
            manifest.append(shard.entry)
        }
        self.manifest = manifest
        self.shards = shards
    }
}

extension ShardManifest {
    /// Adds a shard, and what it holds to the sums of its split.
    fileprivate mutating func append(_ shard: Shard) {
        shards.append(shard)
        var totals = totals(of: shard.split)
        totals.tokens += shard.tokens
        totals.documents += shard.documents
        totals.bytes += shard.bytes
        if shard.split == .train { train = totals } else { validation = totals }
    }
}

extension TokenShard {
    /// A shard over a foreign file; `scan` is what reading it has shown, nil before that.
    fileprivate convenience init(
        _ file: ForeignFile, _ scan: ForeignScan? = nil, documentStarts: [Int],
        endOfText: EndOfTextPolicy, _ vocabulary: Vocabulary
    ) {
        let index = DocumentIndex(firstTokens: documentStarts)
        let path = file.file.path
        self.init(
            file: file.file, dataStart: file.dataStart, index: index,
            header: ShardHeader(
                width: file.width, tokenCount: file.tokenCount, vocabularySize: vocabulary.count,
                vocabularyFingerprint: vocabulary.fingerprint, endOfText: endOfText,
                endOfTextID: vocabulary.endOfText ?? 0),
            entry: .init(
                name: path.split(separator: "/").last.map(String.init) ?? path, split: file.split,
                tokens: file.tokenCount, documents: documentStarts.count,
                bytes: scan?.byteCount ?? 0, checksum: hexadecimal(scan?.checksum ?? 0),
                indexChecksum: hexadecimal(index.checksum())))
    }
}

/// Layout of a data set, by the program that wrote it.
public enum DataSetLayout: String, Codable, Sendable {
    /// Shards with indices and a manifest.
    case quern
    /// llm.c's shards: ids after a header that counts them.
    case llmc = "llm.c"
    /// nanoGPT's `train.bin` and `val.bin`: 16-bit ids and nothing else.
    case nanogpt = "nanoGPT"
    /// Megatron-LM's indexed data set.
    case megatron = "Megatron-LM"
}
