internal import Corpora

/// The report of a refinement, `report.json`: what went in, what each step removed, and what is
/// left.
///
/// It holds no times and no paths of scratch files: the same corpus and configuration give the same
/// report.
public struct RefinementReport: Codable, Sendable, Equatable {
    /// An amount of text.
    public struct Amount: Codable, Sendable, Equatable {
        /// Documents.
        public var documents = 0
        /// Bytes of their text.
        public var bytes = 0

        /// Adds a document of so many bytes.
        mutating func add(textByteCount: Int) {
            documents += 1
            bytes += textByteCount
        }
    }

    /// One input.
    public struct Source: Codable, Sendable, Equatable {
        /// The file's path, or `-` for standard input.
        public var path: String
        /// Documents read from it.
        public var read = Amount()
        /// Those that are left.
        public var kept = Amount()
    }

    /// A document that was removed.
    public struct Example: Codable, Sendable, Equatable {
        /// Its place.
        public var place: String
        /// The place of the document that stays in its stead.
        public var keptPlace: String?

        private enum CodingKeys: String, CodingKey {
            case place
            case keptPlace = "kept_place"
        }
    }

    /// A step, which removed something or could have.
    public struct Step: Codable, Sendable, Equatable {
        /// The key of the configuration that asks for it, or the name of the rule.
        public var name: String
        /// The documents that it removed.
        public var removed = Amount()
        /// What it took out of documents that kept all rules; absent where there is nothing.
        public var removedParts: Parts?
        /// The first few of the documents that it removed.
        public var examples: [Example] = []

        private enum CodingKeys: String, CodingKey {
            case name, removed
            case removedParts = "removed_parts"
            case examples
        }
    }

    /// Parts of documents that stayed.
    public struct Parts: Codable, Sendable, Equatable {
        /// Whole lines.
        public var lines = 0
        /// Bytes of these, and of what was taken out of other lines.
        public var bytes = 0
    }

    /// A file of evaluation texts that the corpus was held against.
    public struct Evaluation: Codable, Sendable, Equatable {
        /// Its path.
        public var path: String
        /// Texts in it.
        public var texts = 0
        /// Those that have fewer words than are compared, and cannot be found.
        public var shortTexts = 0
        /// Different runs of words of its texts that no file before it has.
        public var runs = 0
        /// The documents that were removed for it; for several files, each counts the document.
        public var documents = 0

        private enum CodingKeys: String, CodingKey {
            case path, texts
            case shortTexts = "short_texts"
            case runs, documents
        }
    }

    /// Another corpus that this one was held against.
    public struct Other: Codable, Sendable, Equatable {
        /// Its path, as the configuration has it.
        public var path: String
        /// Its documents.
        public var read = Amount()
        /// The documents of this corpus that are the same as one of those, or nearly the same.
        public var removed = Amount()
    }

    /// The comparisons that found near-duplicates.
    public struct Comparison: Codable, Sendable, Equatable {
        /// Pairs of documents that share a band.
        public var comparedPairs: Int
        /// Groups of near-duplicates.
        public var clusters: Int

        private enum CodingKeys: String, CodingKey {
            case comparedPairs = "compared_pairs"
            case clusters
        }
    }

    /// A file of the result.
    public struct Part: Codable, Sendable, Equatable {
        /// Its name in the directory.
        public var name = ""
        /// Its documents.
        public var documents = 0
        /// Bytes of their text.
        public var bytes = 0
        /// Bytes of its lines.
        public var lineBytes = 0
        /// Bytes of the file.
        public var storedBytes = 0

        private enum CodingKeys: String, CodingKey {
            case name, documents, bytes
            case lineBytes = "line_bytes"
            case storedBytes = "stored_bytes"
        }
    }

    /// Records that were skipped while reading.
    public struct Skipped: Codable, Sendable, Equatable {
        /// Lines that could not be read.
        public var lines = 0
        /// Files that break off, are damaged or cannot be read, and were left out from there on;
        /// absent when there were none.
        public var brokenFiles: Int?
        /// Those of them that end with a gzip member or a zstd frame whose checksum is not that of
        /// its bytes, and whose documents were read; absent when there were none.
        public var damagedMembers: Int?
        /// Documents that were blank.
        public var emptyDocuments = 0
        /// The first few reasons.
        public var examples: [String] = []

        private enum CodingKeys: String, CodingKey {
            case lines
            case brokenFiles = "broken_files"
            case damagedMembers = "damaged_members"
            case emptyDocuments = "empty_documents"
            case examples
        }
    }

    /// The version of this layout.
    public var version = 1
    /// The configuration, without what the result does not depend on.
    public var configuration: RefinementConfiguration
    /// All documents that were read.
    public var read = Amount()
    /// Records that could not be read.
    public var skipped = Skipped()
    /// The steps, in order.
    public var steps: [Step] = []
    /// The files of evaluation texts; `nil` if there were none.
    public var evaluations: [Evaluation]?
    /// The other corpora; `nil` if there were none.
    public var others: [Other]?
    /// The search for near-duplicates; `nil` if there was none.
    public var nearDuplicates: Comparison?
    /// The documents that are left.
    public var kept = Amount()
    /// The inputs, in the order in which they were read.
    public var sources: [Source] = []
    /// The files of the result; none if it went to standard output.
    public var parts: [Part] = []

    private enum CodingKeys: String, CodingKey {
        case version, configuration, read, skipped, steps, evaluations
        case others = "against"
        case nearDuplicates = "near_duplicates"
        case kept, sources, parts
    }

    /// The most examples of a step.
    static let keptExampleCount = 8

    /// A report of nothing yet.
    init(configuration: RefinementConfiguration) {
        self.configuration = configuration.essence
    }
}
