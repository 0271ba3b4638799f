public import Corpora
import Files
import Foundation

/// What a look at a corpus has found, and how it is to be read.
public struct CorpusSurvey: Sendable {
    /// Files whose names end alike.
    public struct Ending: Sendable, Equatable {
        /// The ending, such as ".md" or ".jsonl.zst"; empty for names without one.
        public var name: String
        /// Files.
        public var fileCount: Int
        /// Their bytes as they are stored.
        public var byteCount: Int
    }

    /// A script and its share of all letters, from 0 to 1.
    public struct ScriptShare: Sendable, Equatable {
        /// The script, such as "Latin".
        public var name: String
        /// Its share.
        public var share: Double
    }

    /// A key of the configuration whose value the corpus has chosen, and why.
    public struct Choice: Sendable, Equatable {
        /// The key, such as "corpus.text_field".
        public var key: String
        /// The value, for a person.
        public var value: String
        /// The reason, for a person.
        public var reason: String
    }

    /// How the corpus is to be read.
    public internal(set) var corpus: CorpusConfiguration
    /// The keys of it that are not the default, with reasons.
    public internal(set) var choices: [Choice] = []
    /// Files that are read, by ending, those of the most bytes first.
    public internal(set) var endings: [Ending] = []
    /// What of the inputs is left out, for a person: "3 .png, 1 hidden".
    public internal(set) var leftOut: String = ""
    /// Bytes that are read, as they are stored.
    public internal(set) var storedByteCount = 0
    /// Bytes of text; an estimate where ``isTextEstimate``.
    public internal(set) var textByteCount = 0
    /// Whether the bytes of text are estimated, from a sample of records or of compressed files.
    public internal(set) var isTextEstimate = false
    /// Documents; an estimate where only a sample was looked at.
    public internal(set) var documentCount = 0
    /// What is held out of a corpus with too few documents to hold one out, for a person: "the end
    /// of book.txt, …"; nil where whole documents are, or nothing is.
    public internal(set) var heldOut: String?
    /// Bytes of text that were looked at.
    public internal(set) var sampledByteCount = 0
    /// Whether not all of the text was looked at, so that counts are estimates.
    public internal(set) var isSample = false
    /// Whether the records are pairs of a source and its target.
    public internal(set) var readsPairs = false
    /// Bytes of text a token, measured on a sample; nil where that was not possible.
    public internal(set) var bytesPerToken: Double?
    /// The size of the vocabulary with which that was measured.
    var measuredVocabularySize: Int?
    /// Bytes of both sides that all but one of twenty pairs do not exceed; 0 for other texts.
    var longPairByteCount = 0
    /// Scripts of the text, the most frequent first.
    public internal(set) var scripts: [ScriptShare] = []
    /// What may be wrong with the text, with advice, for a person.
    public internal(set) var warnings: [String] = []
    /// The first words of texts.
    public internal(set) var beginnings: [String] = []

    /// Files that are read.
    public var fileCount: Int { endings.reduce(0) { $0 + $1.fileCount } }

    init(corpus: CorpusConfiguration) { self.corpus = corpus }
}

/// The files of a corpus by what their names tell of them.
struct SurveyedFiles {
    /// What a file's name tells.
    enum Kind: Hashable {
        /// JSON, a table, Parquet or an archive.
        case records(CorpusFormat)
        /// A text, with markup or without.
        case prose
        /// No format: source code, or anything.
        case other

        init(path: String) {
            self =
                switch CorpusFormat(nameOf: path) {
                case nil: .other
                case .text: .prose
                case .some(let format): .records(format)
                }
        }

        /// Whether files of it are no text by their bytes.
        var isBinary: Bool {
            if case .records(let format) = self { format.isBinary } else { false }
        }
    }

    /// A file, and its bytes as they are stored.
    struct File {
        var path: String
        var byteCount: Int
        var kind: Kind { Kind(path: path) }
        /// Whether its name says that it is compressed.
        var isCompressed: Bool { path.hasSuffix(".zst") || path.hasSuffix(".gz") }
    }

    private(set) var files: [File]

    /// Looks up the sizes of the files at `paths`. O(files).
    init(paths: [String]) {
        files = paths.map { path in
            let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            let attributes = try? FileManager.default.attributesOfItem(atPath: real)
            return File(path: path, byteCount: (attributes?[.size] as? NSNumber)?.intValue ?? 0)
        }
    }

    /// The kind of the most bytes.
    var mainKind: Kind {
        var sums: [Kind: Int] = [:]
        for file in files { sums[file.kind, default: 0] += file.byteCount }
        return files.max { (sums[$0.kind] ?? 0) < (sums[$1.kind] ?? 0) }?.kind ?? .other
    }

    /// Bytes of all files.
    var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }

    /// The files of one kind only.
    func only(_ kind: Kind) -> SurveyedFiles { leavingOut { $0 != kind } }

    /// The files without those of some kinds.
    func leavingOut(_ isUnwanted: (Kind) -> Bool) -> SurveyedFiles {
        var some = self
        some.files.removeAll { isUnwanted($0.kind) }
        return some
    }

    /// The files by ending, those of the most bytes first. O(files).
    var endings: [CorpusSurvey.Ending] {
        var endings: [String: CorpusSurvey.Ending] = [:]
        for file in files {
            let name = Self.ending(of: file.path)
            endings[name, default: .init(name: name, fileCount: 0, byteCount: 0)].fileCount += 1
            endings[name]?.byteCount += file.byteCount
        }
        return endings.values.sorted { ($1.byteCount, $0.name) < ($0.byteCount, $1.name) }
    }

    /// The ending of a name, with that of its compression: ".jsonl.zst"; empty where there is none.
    static func ending(of path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        func split(_ name: String) -> (front: String, ending: String) {
            guard let dot = name.lastIndex(of: "."), dot > name.startIndex else {
                return (name, "")
            }
            return (String(name[..<dot]), String(name[dot...]))
        }
        let last = split(name)
        guard [".zst", ".gz"].contains(last.ending) else { return last.ending }
        return split(last.front).ending + last.ending
    }
}
