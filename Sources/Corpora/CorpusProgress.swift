/// The progress of a reader: how far it has come, and what it met.
public struct CorpusProgress: Sendable, Equatable {
    /// The share of one input.
    public struct Source: Sendable, Equatable {
        /// The file's path, or `-` for standard input.
        public var path: String
        /// Documents taken from it.
        public var documents = 0
        /// Bytes of their text.
        public var textBytes = 0

        /// A source of which nothing was read yet.
        public init(path: String) {
            self.path = path
        }
    }

    /// Bytes read from the inputs as they are stored, compressed or not.
    public var bytesRead = 0
    /// The size of all inputs as they are stored; nil when one is a pipe, whose end is not known.
    public var totalBytes: Int?
    /// Documents given out.
    public var documents = 0
    /// Bytes of their text.
    public var textBytes = 0
    /// Documents that were left out because nothing or only ASCII white space was in them, and
    /// blank lines among JSON lines.
    public var emptyDocuments = 0
    /// Lines, and documents of text files, that were skipped because they could not be read.
    public var skippedLines = 0
    /// The number of them that were put into quarantine.
    public var quarantinedLines = 0
    /// Documents that were kept although not all of their bytes are UTF-8, or in which U+FFFD
    /// stands for such bytes.
    public var invalidUTF8Documents = 0
    /// The errors of the first few lines that were skipped.
    public var skipped: [CorpusError] = []
    /// The inputs in the order in which they are read.
    public var sources: [Source] = []

    /// The most errors that `skipped` keeps.
    public static let keptErrorCount = 8

    /// The progress of a reader that has no inputs.
    public init() {}

    /// Adds that of a reader of other inputs.
    public static func += (progress: inout CorpusProgress, other: CorpusProgress) {
        progress.bytesRead += other.bytesRead
        if let total = progress.totalBytes {
            progress.totalBytes = other.totalBytes.map { total + $0 }
        }
        progress.documents += other.documents
        progress.textBytes += other.textBytes
        progress.emptyDocuments += other.emptyDocuments
        progress.skippedLines += other.skippedLines
        progress.quarantinedLines += other.quarantinedLines
        progress.invalidUTF8Documents += other.invalidUTF8Documents
        progress.skipped += other.skipped.prefix(keptErrorCount - progress.skipped.count)
        progress.sources += other.sources
    }
}
