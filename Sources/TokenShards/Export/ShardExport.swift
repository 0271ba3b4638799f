import Files
import Foundation

/// Writes a data set in the layout of another program.
///
/// The directory appears whole or not at all: it is written beside its name and renamed at the end.
/// Memory does not depend on the data set.
///
/// ```swift
/// try ShardExport(of: set, as: .megatron).write(to: "export") { tokens in print(tokens) }
/// ```
public struct ShardExport {
    let set: ShardSet
    let format: ExportFormat
    /// Tokens a sample, for ``ExportFormat/mds``, whose samples are of one length.
    let sampleLength: Int

    /// The data set `set` as `format`.
    ///
    /// - Parameters:
    ///   - set: the data set to export.
    ///   - format: the layout to write.
    ///   - sampleLength: tokens a sample, for ``ExportFormat/mds``.
    /// - Throws: ``ShardError/cannotExport(reason:)`` where the layout cannot hold the data set.
    public init(
        of set: ShardSet, as format: ExportFormat, sampleLength: Int = 2_048
    ) throws(ShardError) {
        precondition(sampleLength > 0, "a sample has at least one token")
        guard format != .nanogpt || set.manifest.dtype == .uint16 else {
            throw .cannotExport(
                reason: """
                    nanoGPT stores ids in 16 bits and this vocabulary has \
                    \(set.manifest.vocabulary.size) tokens: choose another format
                    """)
        }
        self.set = set
        self.format = format
        self.sampleLength = sampleLength
    }

    /// Writes the directory `path`, once the shards are found to be as they were written.
    /// O(tokens).
    ///
    /// - Parameters:
    ///   - path: the directory to make.
    ///   - overwrites: whether a directory that holds nothing but files of this layout gives way.
    ///   - progress: called now and then with the tokens written so far.
    /// - Returns: the files, in the order in which they were written.
    public func write(
        to path: String, overwrites: Bool = false, progress: (Int) -> Void = { _ in }
    ) throws -> [String] {
        try FilePlace.check(output: path, inputs: [set.directory])
        let claim = try OutputClaim(path, .replaced, making: .directory(nil))
        // Not before the claim: until then another process may be about to make it.
        let isThere = !FileSystem.isMissing(path)
        if isThere {
            let names = (try? FileSystem.namesInDirectory(path)) ?? []
            let isOurs = !names.isEmpty && names.allSatisfy(format.names.contains)
            guard overwrites, isOurs else {
                throw ShardError.outputExists(path: path, isOfLayout: isOurs)
            }
        }
        try set.verifyChecksums()
        var staging = try StagingDirectory(claim)
        let files = try writeSplits(to: staging.path, progress)
        try staging.commit(replacing: isThere)
        return files.map { path + "/" + $0 }
    }

    private func writeSplits(
        to directory: String, _ progress: (Int) -> Void
    ) throws -> [String] {
        var files: [String] = []
        var done = 0
        for split in Split.allCases where !set.shards(of: split).isEmpty {
            let before = done
            let tokens = set.manifest.totals(of: split).tokens
            files += try write(split, to: directory) { count in progress(before + count) }
            done += tokens
            progress(done)
        }
        return files
    }

    private func write(
        _ split: Split, to directory: String, _ progress: (Int) -> Void
    ) throws -> [String] {
        switch format {
        case .nanogpt: try writeNanoGPT(split, to: directory, progress)
        case .megatron: try writeMegatron(split, to: directory, progress)
        case .datatrove: try writeDatatrove(split, to: directory, progress)
        case .olmo: try writeOLMo(split, to: directory, progress)
        case .mds: try writeMDS(split, to: directory, progress)
        case .litdata: try writeLitData(split, to: directory, progress)
        }
    }

    /// Appends all shards of a split to `file`, one after the other.
    func copyTokens(
        of split: Split, into file: inout BinaryFile, byteCount: Int, _ progress: (Int) -> Void
    ) throws {
        var done = 0
        for shard in set.shards(of: split) {
            var start = 0
            while start < shard.tokenCount {
                let end = min(shard.tokenCount, start + 1 << 22)
                try file.append(start..<end, of: shard, byteCount: byteCount)
                start = end
                progress(done + start)
            }
            done += shard.tokenCount
        }
    }
}

/// `number` with zeros in front to make `width` digits.
func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// The layout of another program's token files.
public enum ExportFormat: String, Sendable, CaseIterable {
    /// nanoGPT: `train.bin` and `val.bin`, 16-bit ids and nothing else.
    case nanogpt
    /// Megatron-LM's indexed data set: `train_text_document.bin` and `.idx`, and the same for
    /// `val`.
    case megatron
    /// datatrove and nanotron: `train/00000_unshuffled.ds` with `.index` and `.metadata`.
    case datatrove
    /// dolma and OLMo-core: `train/part-00-00000.npy` (raw ids in spite of the name) and `.csv.gz`.
    case olmo
    /// MosaicML Streaming: `train/index.json` and `train/shard.00000.mds`.
    case mds
    /// litdata: `train/index.json` and `train/chunk-0-0.bin`.
    case litdata

    /// Names of what a directory of the layout holds.
    var names: [String] {
        switch self {
        case .nanogpt: ["train.bin", "val.bin"]
        case .megatron:
            ["train", "val"].flatMap { ["\($0)_text_document.bin", "\($0)_text_document.idx"] }
        case .datatrove, .olmo, .mds, .litdata: ["train", "val"]
        }
    }
}
