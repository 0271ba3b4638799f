import Bytes
import Files
import Foundation
public import Tokenization

/// A finished data set: its manifest, and the shards of it that a caller asked for.
///
/// ```swift
/// let set = try ShardSet(directory: "shards/kjv", vocabulary: vocabulary)
/// let windows = set.windows(in: .train, length: 256, stride: 256)
/// ```
public struct ShardSet: Sendable {
    /// The directory it lies in.
    public let directory: String
    /// Manifest of the data set; for files of another program, what reading them has shown.
    public let manifest: ShardManifest
    /// Layout of the files: Quern's own, or another program's.
    public let layout: DataSetLayout
    private let train: [TokenShard]
    private let validation: [TokenShard]
    /// Names of what stands beside another program's files and is not read.
    private let leftOut: [String]

    /// Opens every shard of `directory`, and checks headers and sizes. O(shards).
    ///
    /// A directory without a manifest may hold the shards of llm.c, the files of nanoGPT or the
    /// indexed data sets of Megatron-LM instead. They do not say which vocabulary they belong to,
    /// so that one must be given, and all their ids are read and compared with it. O(tokens).
    ///
    /// - Parameters:
    ///   - directory: the data set.
    ///   - vocabulary: the vocabulary that the ids are taken for, which must be the one they were
    ///     made with; nil to look without one.
    public init(directory: String, vocabulary: Vocabulary? = nil) throws(ShardError) {
        self.directory = directory
        if let vocabulary,
            FileSystem.isMissing(directory + "/" + ShardManifest.fileName),
            let foreign = try ForeignDataSet(directory: directory, vocabulary: vocabulary)
        {
            manifest = foreign.manifest
            layout = foreign.layout
            train = foreign.shards[.train] ?? []
            validation = foreign.shards[.validation] ?? []
            leftOut = foreign.leftOut
            return
        }
        layout = .quern
        leftOut = []
        manifest = try ShardManifest(directory: directory)
        if let vocabulary {
            let expected = hexadecimal(vocabulary.fingerprint)
            guard expected == manifest.vocabulary.fingerprint else {
                throw .vocabularyMismatch(
                    directory: directory, expected: expected, found: manifest.vocabulary.fingerprint
                )
            }
        }
        var opened: [Split: [TokenShard]] = [:]
        for entry in manifest.shards {
            opened[entry.split, default: []].append(
                try TokenShard(directory: directory, entry: entry, manifest: manifest))
        }
        train = opened[.train] ?? []
        validation = opened[.validation] ?? []
    }

    /// Takes what was read of the shards out of the process's memory, of which the kernel may keep
    /// a copy, so that a long walk over many tokens takes no more memory than a short one.
    /// O(pages in memory).
    package func forgetPages() {
        for shard in train + validation { shard.forgetPages() }
    }

    /// Whether a directory seems to hold another program's ids, by the names in it. O(names).
    package static func isForeign(_ directory: String) -> Bool {
        let names = (try? FileSystem.namesInDirectory(directory)) ?? []
        return names.contains(where: ForeignFile.isOfIDs)
    }

    /// Notice of what is known of another program's files, and what cannot be; nil for Quern's own.
    public var foreignNotice: String? {
        guard layout != .quern else { return nil }
        func names(_ split: Split) -> String {
            let names = shards(of: split).map(\.entry.name)
            return names.isEmpty ? "nothing" : Self.listed(names)
        }
        let rest = leftOut.isEmpty ? "" : "; not read: \(Self.listed(leftOut))"
        return """
            \(directory) has no manifest and is read as \(layout.rawValue)'s: \
            \(manifest.train.tokens + manifest.validation.tokens) ids, all in the vocabulary, in \
            \(manifest.train.documents + manifest.validation.documents) documents; by the words of \
            their names, \(names(.train)) for training and \(names(.validation)) for validation; \
            whether they were made with this vocabulary and are as they were written cannot be \
            checked\(rest)
            """
    }

    /// The first few names, and how many there are besides.
    private static func listed(_ names: [String]) -> String {
        names.prefix(4).joined(separator: ", ")
            + (names.count > 4 ? " and \(names.count - 4) more" : "")
    }

    /// A fingerprint of the ids and their order: 16 hexadecimal digits. O(shards).
    ///
    /// It does not depend on where the data set lies or what its sources were called.
    public var fingerprint: String { manifest.fingerprint }

    /// The shards of a split, in order.
    public func shards(of split: Split) -> [TokenShard] {
        split == .train ? train : validation
    }

    /// The windows of a split.
    ///
    /// - Parameters:
    ///   - split: the part of the data set.
    ///   - length: predictions a window, the context; a window reads one token more.
    ///   - stride: tokens from the beginning of a window to that of the next.
    ///   - marksDocuments: whether batches of them say where documents begin.
    public func windows(
        in split: Split, length: Int, stride: Int, marksDocuments: Bool = false
    ) -> WindowSequence {
        WindowSequence(
            shards: shards(of: split), length: length, stride: stride,
            marksDocuments: marksDocuments)
    }
}
