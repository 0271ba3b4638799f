import Compression
import Files
import Foundation

extension ShardExport {
    /// nanoGPT's `train.bin` and `val.bin` (`data/openwebtext/prepare.py`): the ids of all
    /// documents in 16 bits each, without a header. Its `meta.pkl` belongs to vocabularies of
    /// characters only.
    func writeNanoGPT(
        _ split: Split, to directory: String, _ progress: (Int) -> Void
    ) throws -> [String] {
        let name = split.rawValue + ".bin"
        var file = try BinaryFile(path: directory + "/" + name)
        try copyTokens(of: split, into: &file, byteCount: 2, progress)
        try file.commit()
        return [name]
    }

    /// datatrove's token files (`pipeline/tokens/tokenizer.py`), one for each shard: raw ids;
    /// beside them in `.index` the end of each document, 64-bit numbers of tokens; and in
    /// `.metadata` three lines for people: tokenizer and bytes an id, tokens, and tokens in short.
    func writeDatatrove(
        _ split: Split, to directory: String, _ progress: (Int) -> Void
    ) throws -> [String] {
        try FileSystem.makeDirectory(directory + "/" + split.rawValue)
        var files: [String] = []
        var done = 0
        for (number, shard) in set.shards(of: split).enumerated() {
            let name = "\(split.rawValue)/\(padded(number, 5))_unshuffled.ds"
            var data = try BinaryFile(path: directory + "/" + name)
            try data.append(
                0..<shard.tokenCount, of: shard, byteCount: shard.width.byteCount)
            try data.commit()
            var index = try BinaryFile(path: directory + "/" + name + ".index")
            for document in 0..<shard.documentCount {
                try index.append(UInt64(shard.tokenRange(ofDocument: document).upperBound))
            }
            try index.commit()
            try FileReplacement.write(
                """
                vocabulary \(set.manifest.vocabulary.fingerprint)|\(shard.width.byteCount)
                \(shard.tokenCount)
                \(Self.metric(shard.tokenCount))
                """,
                to: directory + "/" + name + ".metadata")
            files += [name, name + ".index", name + ".metadata"]
            done += shard.tokenCount
            progress(done)
        }
        return files
    }

    /// A count of tokens with three digits and the letter of its thousands: `1.23 MT`.
    private static func metric(_ count: Int) -> String {
        let digits = String(count).count - 1
        let scale = digits / 3 * 3
        let value = Double(count) / pow(10, Double(scale))
        let letter = scale == 0 ? "" : String(Array("kMGTPE")[scale / 3 - 1])
        return String(format: "%.\(2 - digits % 3)f ", value) + letter + "T"
    }

    /// dolma's token files (`tokenizer/memmap_writer.py`), one for each shard: raw ids under a name
    /// that ends in `.npy`; beside them a compressed table of documents: first token, end, number,
    /// source, and the line there (0 where it is not known).
    func writeOLMo(
        _ split: Split, to directory: String, _ progress: (Int) -> Void
    ) throws -> [String] {
        try FileSystem.makeDirectory(directory + "/" + split.rawValue)
        let sources = SourceFinder(set, split)
        var files: [String] = []
        var done = 0
        var documents = 0
        for (number, shard) in set.shards(of: split).enumerated() {
            let name = "\(split.rawValue)/part-00-\(padded(number, 5))"
            var data = try BinaryFile(path: directory + "/" + name + ".npy")
            try data.append(
                0..<shard.tokenCount, of: shard, byteCount: shard.width.byteCount)
            try data.commit()
            // Stored, because the table is a thousandth of the ids that it stands beside.
            var table = try BinaryFile(path: directory + "/" + name + ".csv.gz")
            var encoder = GzipEncoder()
            var bytes: [UInt8] = []
            for document in 0..<shard.documentCount {
                let range = shard.tokenRange(ofDocument: document)
                let source = sources?.path(ofDocument: document, inShard: number) ?? ""
                let place = shard.document(document).place.map(\.number) ?? 0
                let line =
                    "\(range.lowerBound),\(range.upperBound),\(documents + document),"
                    + "\(Self.field(source)),\(place)\n"
                encoder.append(line.utf8Span.span, to: &bytes)
                try table.append(bytes)
                bytes.removeAll(keepingCapacity: true)
            }
            encoder.finish(into: &bytes)
            try table.append(bytes)
            try table.commit()
            files += [name + ".npy", name + ".csv.gz"]
            documents += shard.documentCount
            done += shard.tokenCount
            progress(done)
        }
        return files
    }

    /// A field of a table of comma-separated values (RFC 4180).
    private static func field(_ text: String) -> String {
        guard text.contains(where: { ",\"\r\n".contains($0) }) else { return text }
        return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}
