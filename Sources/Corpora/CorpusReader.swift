public import Work

/// Reads the documents of a corpus one after another.
///
/// Memory is that of the reading buffers, one document and the list of inputs. A value has one
/// owner and may move to another thread.
///
/// ```swift
/// var reader = try CorpusReader(CorpusConfiguration(inputs: ["corpora/kjv.txt.zst"]))
/// while let document = try reader.next() {
///     print(document.origin, document.text.count)
/// }
/// ```
public struct CorpusReader: ~Copyable, Sendable {
    /// The progress of the reader. After an error it tells where that was.
    public private(set) var progress: CorpusProgress

    /// The files and folders that the configuration's inputs stand for.
    public let inputs: CorpusInputs

    private let configuration: CorpusConfiguration
    private let sizes: ReadingSizes
    private let sources: [SourceList.Source]
    /// The number of sources that were opened.
    private var openedCount = 0
    /// The last of them, until its end is reached.
    private var current: DocumentSource?
    /// The place of its last document.
    private var lastPosition: DocumentOrigin.Position?
    private var quarantine: Quarantine?
    private var failure: CorpusError?
    /// The end of a document that was cut, whose first text was given out.
    private var heldOut: Document?

    /// Finds the inputs of a configuration; reads none of them yet.
    ///
    /// - Parameters:
    ///   - configuration: which inputs there are and how they are cut.
    ///   - threadCount: threads that decode compressed inputs ahead of who reads; with 1, all
    ///     happens on the thread that reads. Nil means one for each processor.
    ///   - stop: ends the waiting for a pipe, with `FileError.stopped`.
    public init(
        _ configuration: CorpusConfiguration, threadCount: Int? = nil, stop: StopSignal? = nil
    ) throws(CorpusError) {
        var sizes = ReadingSizes()
        sizes.stop = stop
        if let threadCount { sizes.threadCount = ReadingSizes.limit(threadCount) }
        try self.init(configuration, sizes: sizes)
    }

    /// A reader with buffers of chosen sizes, for tests of what lies across their ends.
    init(_ configuration: CorpusConfiguration, sizes: ReadingSizes) throws(CorpusError) {
        try configuration.validate()
        let list = try SourceList(configuration)
        let sources = list.sources
        var progress = CorpusProgress()
        progress.sources = sources.map { CorpusProgress.Source(path: $0.path) }
        progress.totalBytes = 0
        for source in sources {
            guard let total = progress.totalBytes, let count = source.byteCount else {
                progress.totalBytes = nil
                break
            }
            progress.totalBytes = total + count
        }
        self.progress = progress
        inputs = CorpusInputs(list)
        self.configuration = configuration
        self.sizes = sizes
        self.sources = sources
        if configuration.onError == .quarantine, let path = configuration.quarantinePath {
            quarantine = Quarantine(path: path)
        }
    }

    /// The next document; nil behind the last. O(its bytes).
    ///
    /// After an error the reader is spent: every further call throws the same.
    public mutating func next() throws(CorpusError) -> Document? {
        if let failure { throw failure }
        do throws(CorpusError) {
            return try readDocument()
        } catch {
            failure = error
            throw error
        }
    }

    /// The next documents, of about `byteCount` bytes of text together; nil behind the last.
    ///
    /// There is at least one, and no more than needed to reach `byteCount`. O(their bytes).
    public mutating func nextChunk(
        byteCount: Int = 1 << 20
    ) throws(CorpusError) -> [Document]? {
        var documents: [Document] = []
        var total = 0
        while total < byteCount || documents.isEmpty, let document = try next() {
            total += document.text.count
            documents.append(document)
        }
        return documents.isEmpty ? nil : documents
    }

    private mutating func readDocument() throws(CorpusError) -> Document? {
        if let document = heldOut.take() {
            count(document)
            return document
        }
        while true {
            if current == nil, openedCount == sources.count {
                if quarantine != nil { try quarantine!.commit() }
                quarantine = nil
                return nil
            }
            let outcome: DocumentSource.Outcome
            do throws(CorpusError) {
                outcome = try nextOutcome()
            } catch {
                guard configuration.onError != .fail, error.isOfOneFile else { throw error }
                try leaveOut(error)
                continue
            }
            progress.bytesRead += current!.takeStoredByteCount()
            switch outcome {
            case .document(var document, let hasInvalidUTF8):
                if let parts = configuration.validationCut?.parts(of: document) {
                    (document, heldOut) = (parts.first, parts.heldOut)
                }
                count(document)
                if hasInvalidUTF8 { progress.invalidUTF8Documents += 1 }
                return document
            case .blank:
                progress.emptyDocuments += 1
            case .refused(let error, let bytes):
                guard configuration.onError != .fail else { throw error }
                if quarantine != nil {
                    try quarantine!.add(bytes, error)
                    progress.quarantinedLines += 1
                }
                progress.skippedLines += 1
                if progress.skipped.count < CorpusProgress.keptErrorCount {
                    progress.skipped.append(error)
                }
            case .end:
                current = nil
            }
        }
    }

    /// The next step in the open source, or in the next one.
    private mutating func nextOutcome() throws(CorpusError) -> DocumentSource.Outcome {
        if current == nil {
            openedCount += 1
            lastPosition = nil
            current = try DocumentSource(
                FormatInput(
                    source: sources[openedCount - 1], configuration: configuration, sizes: sizes))
        }
        return try current!.next()
    }

    /// Ends the present source, of which the rest cannot be read.
    private mutating func leaveOut(_ error: CorpusError) throws(CorpusError) {
        if current != nil { progress.bytesRead += current!.takeStoredByteCount() }
        current = nil
        let source = progress.sources[openedCount - 1]
        var reason = "\(error)"
        // A checksum stands behind the documents that it speaks of, which are given out by then.
        if error.isOfChecksum, source.documents > 0 {
            progress.damagedMemberCount += 1
            reason += "; its documents are kept, and some are not as they were written"
        }
        let broken = CorpusError.brokenFile(
            path: source.path, documents: source.documents, last: lastPosition, reason: reason)
        if quarantine != nil { try quarantine!.add(nil, broken) }
        progress.brokenFileCount += 1
        if progress.brokenFiles.count < CorpusProgress.keptErrorCount {
            progress.brokenFiles.append(broken)
        }
    }

    private mutating func count(_ document: Document) {
        let byteCount = document.text.count
        progress.documents += 1
        progress.textBytes += byteCount
        lastPosition = document.origin.position
        progress.sources[openedCount - 1].documents += 1
        progress.sources[openedCount - 1].textBytes += byteCount
    }
}

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
    /// Files that break off, are damaged or cannot be read, and were left out from there on.
    public var brokenFileCount = 0
    /// Those of them that end with a gzip member or a zstd frame whose checksum is not that of its
    /// bytes: its documents were given out before that was known.
    public var damagedMemberCount = 0
    /// The errors of the first few of them.
    public var brokenFiles: [CorpusError] = []
    /// The inputs in the order in which they are read.
    public var sources: [Source] = []

    /// Adds the progress of a reader of other inputs.
    mutating func add(_ other: CorpusProgress) {
        bytesRead += other.bytesRead
        totalBytes = totalBytes.flatMap { total in other.totalBytes.map { total + $0 } }
        documents += other.documents
        textBytes += other.textBytes
        emptyDocuments += other.emptyDocuments
        skippedLines += other.skippedLines
        quarantinedLines += other.quarantinedLines
        invalidUTF8Documents += other.invalidUTF8Documents
        brokenFileCount += other.brokenFileCount
        damagedMemberCount += other.damagedMemberCount
        skipped = Array((skipped + other.skipped).prefix(Self.keptErrorCount))
        brokenFiles = Array((brokenFiles + other.brokenFiles).prefix(Self.keptErrorCount))
        sources += other.sources
    }

    /// The first few errors, for a person: those of files first.
    public var examples: [String] {
        (brokenFiles + skipped).prefix(Self.keptErrorCount).map(\.description)
    }

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
        progress.brokenFileCount += other.brokenFileCount
        progress.damagedMemberCount += other.damagedMemberCount
        progress.brokenFiles += other.brokenFiles.prefix(
            keptErrorCount - progress.brokenFiles.count)
        progress.skipped += other.skipped.prefix(keptErrorCount - progress.skipped.count)
        progress.sources += other.sources
    }
}
