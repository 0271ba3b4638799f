import Files
import Foundation

extension ShardExport {
    /// Megatron-LM's indexed data set (`megatron/core/datasets/indexed_dataset.py`): the ids of all
    /// documents, and an index of them. After 34 bytes of header the index holds three arrays: the
    /// documents' lengths in 32 bits, their places in bytes in 64, and the number of the first
    /// sequence of each document in 64, where each document is one sequence. Ids have 16 bits for
    /// vocabularies below 65,500 tokens, else 32, as its own writer decides.
    func writeMegatron(
        _ split: Split, to directory: String, _ progress: (Int) -> Void
    ) throws -> [String] {
        let name = "\(split.rawValue)_text_document"
        let isShort = set.manifest.vocabulary.size < 65_500
        let width = isShort ? 2 : 4
        var data = try BinaryFile(path: "\(directory)/\(name).bin")
        try copyTokens(of: split, into: &data, byteCount: width, progress)
        try data.commit()

        let shards = set.shards(of: split)
        let count = shards.reduce(0) { $0 + $1.documentCount }
        var index = try BinaryFile(path: "\(directory)/\(name).idx")
        try index.append(Array("MMIDIDX\0\0".utf8))
        try index.append(UInt64(1))
        try index.append(MegatronNumberType(isShort ? .uint16 : .uint32).rawValue)
        try index.append(UInt64(count))
        try index.append(UInt64(count + 1))
        for shard in shards {
            for document in 0..<shard.documentCount {
                try index.append(Int32(shard.tokenRange(ofDocument: document).count))
            }
        }
        var place = 0
        for shard in shards {
            for document in 0..<shard.documentCount {
                try index.append(Int64(place))
                place += shard.tokenRange(ofDocument: document).count * width
            }
        }
        for number in 0...count { try index.append(Int64(number)) }
        try index.commit()
        return [name + ".bin", name + ".idx"]
    }

    /// MosaicML Streaming's MDS (`streaming/base/format/mds/writer.py`): samples of `sampleLength`
    /// tokens in a column `tokens`, in files of at most 64 MiB. A file has the number of samples in
    /// 32 bits, the places of all samples and of the end, the writer's settings as JSON, and the
    /// samples. The tokens of a split are one stretch; what is left after the last whole sample is
    /// not in it.
    func writeMDS(
        _ split: Split, to directory: String, _ progress: (Int) -> Void
    ) throws -> [String] {
        let folder = directory + "/" + split.rawValue
        try FileSystem.makeDirectory(folder)
        let count = set.manifest.totals(of: split).tokens / sampleLength
        // No sample is longer than the split from here on.
        guard count > 0 else {
            throw ShardError.tooFewTokens(
                split: split.rawValue, tokenCount: set.manifest.totals(of: split).tokens,
                needed: sampleLength)
        }
        let width = set.manifest.dtype
        let sampleBytes = sampleLength * width.byteCount
        let settings = MDSIndex.Settings(length: sampleLength, dtype: width)
        let head = Array(try settings.json())
        let samplesPerFile = max(1, ((1 << 26) - 8 - head.count) / (sampleBytes + 4))

        var stretch = TokenStretch(set.shards(of: split))
        var index = MDSIndex()
        var files: [String] = []
        for first in stride(from: 0, to: count, by: samplesPerFile) {
            let samples = min(samplesPerFile, count - first)
            let name = "shard.\(padded(index.shards.count, 5)).mds"
            var file = try BinaryFile(path: folder + "/" + name)
            try file.append(UInt32(samples))
            let start = 4 + 4 * (samples + 1) + head.count
            for sample in 0...samples { try file.append(UInt32(start + sample * sampleBytes)) }
            try file.append(head)
            try stretch.take(samples * sampleLength) { shard, range in
                try file.append(range, of: shard, byteCount: width.byteCount)
            }
            try file.commit()
            index.append(
                name: name, byteCount: start + samples * sampleBytes, samples: samples,
                settings: settings)
            files.append("\(split.rawValue)/\(name)")
            progress((first + samples) * sampleLength)
        }
        try FileReplacement.writeJSON(index, to: folder + "/index.json")
        return files + ["\(split.rawValue)/index.json"]
    }

    /// litdata's chunks (`litdata/streaming/writer.py`, as its `TokensLoader` reads them):
    /// documents in files of about 64 MiB. A file has the number of documents in 32 bits, the
    /// places of all of them and of the end, and their ids, signed and of 16 bits if the vocabulary
    /// allows, else 32.
    func writeLitData(
        _ split: Split, to directory: String, _ progress: (Int) -> Void
    ) throws -> [String] {
        let folder = directory + "/" + split.rawValue
        try FileSystem.makeDirectory(folder)
        var index = LitDataIndex(vocabularySize: set.manifest.vocabulary.size)
        var files: [String] = []
        var done = 0
        for shard in set.shards(of: split) {
            var first = 0
            while first < shard.documentCount {
                let documents = Self.chunk(of: shard, from: first, width: index.width)
                let start = shard.tokenRange(ofDocument: first).lowerBound
                let end = shard.tokenRange(ofDocument: documents.upperBound - 1).upperBound
                let name = "chunk-0-\(index.chunks.count).bin"
                var file = try BinaryFile(path: folder + "/" + name)
                try file.append(UInt32(documents.count))
                let head = 4 * (documents.count + 2)
                func place(_ token: Int) throws(ShardError) -> UInt32 {
                    guard let place = UInt32(exactly: head + (token - start) * index.width) else {
                        throw .cannotExport(
                            reason: "litdata's places have 32 bits, and a document of \(name) has "
                                + "\(end - start) tokens: choose another format")
                    }
                    return place
                }
                for document in documents {
                    try file.append(try place(shard.tokenRange(ofDocument: document).lowerBound))
                }
                try file.append(try place(end))
                try file.append(start..<end, of: shard, byteCount: index.width)
                try file.commit()
                index.append(
                    LitDataIndex.Chunk(
                        filename: name, byteCount: head + (end - start) * index.width,
                        documentCount: documents.count, tokenCount: end - start))
                files.append("\(split.rawValue)/\(name)")
                first = documents.upperBound
                done += end - start
                progress(done)
            }
        }
        try FileReplacement.writeJSON(index, to: folder + "/index.json")
        return files + ["\(split.rawValue)/index.json"]
    }

    /// The documents from `first` on that fill a chunk: one at least.
    private static func chunk(of shard: TokenShard, from first: Int, width: Int) -> Range<Int> {
        let start = shard.tokenRange(ofDocument: first).lowerBound
        var end = first + 1
        while end < shard.documentCount {
            let tokens = shard.tokenRange(ofDocument: end).upperBound - start
            guard tokens * width + 4 * (end + 3 - first) <= LitDataIndex.chunkByteCount else {
                break
            }
            end += 1
        }
        return first..<end
    }
}

/// A place in the tokens of several shards, taken as one stretch.
private struct TokenStretch {
    private let shards: [TokenShard]
    private var shard = 0
    private var token = 0

    init(_ shards: [TokenShard]) { self.shards = shards }

    /// Gives the next `count` tokens to `body`, shard by shard.
    mutating func take(_ count: Int, _ body: (TokenShard, Range<Int>) throws -> Void) throws {
        var left = count
        while left > 0 {
            let end = min(shards[shard].tokenCount, token + left)
            try body(shards[shard], token..<end)
            left -= end - token
            token = end
            if token == shards[shard].tokenCount { (shard, token) = (shard + 1, 0) }
        }
    }
}
