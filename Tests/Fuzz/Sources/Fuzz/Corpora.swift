import Corpora
import Foundation
import Parquet

extension Reader {
    /// Readers of documents, conversations and pairs.
    static let corpora: [Reader] = [
        documents("text", "corpus.txt", .text),
        documents("lines", "corpus.txt", .text) { $0.documents = .line },
        documents("separated", "corpus.txt", .text) {
            $0.textSeparator = "\n\n"
            $0.invalidUTF8 = .replace
        },
        documents("json-lines", "corpus.jsonl", .jsonl),
        documents("json-lines-nested", "corpus.jsonl", .jsonl) {
            $0.textField = "meta.text"
            $0.onError = .skip
        },
        documents("json", "corpus.json", .json),
        documents("csv", "corpus.csv", .csv),
        documents("tsv", "corpus.tsv", .tsv),
        documents("quoted-tsv", "corpus.tsv", .quotedTSV),
        documents("warc", "corpus.warc", .warc),
        documents("tar", "corpus.tar", .tar),
        documents("json-lines-zstd", "corpus.jsonl.zst", .auto),
        documents("json-lines-gzip", "corpus.jsonl.gz", .auto),
        .file("conversations", "corpora", "talks.jsonl") { folder in
            var reader = try ConversationReader(inputs: [folder + "/talks.jsonl"])
            while let talk = try reader.next() { precondition(!talk.turns.isEmpty) }
        },
        .file("pairs", "corpora", "pairs.jsonl") { folder in
            var configuration = CorpusConfiguration(inputs: [folder + "/pairs.jsonl"])
            configuration.onError = .skip
            var reader = try PairReader(configuration)
            while let pair = try reader.next() { precondition(pair.byteCount >= 0) }
        },
        .file("pairs-table", "corpora", "pairs.csv") { folder in
            var reader = try PairReader(CorpusConfiguration(inputs: [folder + "/pairs.csv"]))
            while let pair = try reader.next() { precondition(pair.byteCount >= 0) }
        },
        .file("list-of-inputs", "corpora", "inputs.list") { folder in
            // A name may lead to all files of the machine, whose number is no fault of the reader.
            let list = try String(contentsOfFile: folder + "/inputs.list", encoding: .isoLatin1)
            let leadsOut = list.split(whereSeparator: \.isNewline).contains {
                $0.contains("..") || $0.drop { $0.isWhitespace || $0 == "." }.hasPrefix("/")
            }
            guard !leadsOut else { return }
            _ = try CorpusConfiguration(inputsFrom: folder + "/inputs.list").inputPaths()
        },
    ]

    /// A reader of Parquet files: their footers, the headers of their pages, and the pages.
    static let parquet = Reader(name: "parquet", scene: "parquet", file: "-") { bytes, folder in
        let path = folder + "/a.fuzzed"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let file = try ParquetFile(path: path)
        for name in file.columnNames.prefix(8) {
            let names = name.split(separator: ".", omittingEmptySubsequences: false)
            guard let column = try? file.column(at: names.map(String.init)) else { continue }
            var reader = ParquetReader(column, limits: ParquetLimits(valueByteCount: 1 << 20))
            // A few bytes may state billions of rows without a value.
            var count = 0
            do {
                while count < 10_000, let value = try reader.next() {
                    if case .bytes(let text) = value { precondition(text.count <= 1 << 20) }
                    count += 1
                }
            } catch {
                precondition(!"\(error)".isEmpty)
            }
            precondition(reader.takeStoredByteCount() >= 0)
        }
    }

    private static func documents(
        _ name: String, _ file: String, _ format: CorpusFormat,
        _ change: @escaping @Sendable (inout CorpusConfiguration) -> Void = { _ in }
    ) -> Reader {
        .file("documents-" + name, "corpora", file) { folder in
            var configuration = CorpusConfiguration(
                inputs: [folder + "/" + file], format: format, maximumDocumentByteCount: 1 << 20)
            change(&configuration)
            var reader = try CorpusReader(configuration, threadCount: 1)
            var count = 0
            while let document = try reader.next() { count += document.text.count }
            precondition(count >= 0)
        }
    }
}
