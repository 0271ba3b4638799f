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
    /// How far the reader has come. After an error it tells where that was.
    public private(set) var progress: CorpusProgress

    private let configuration: CorpusConfiguration
    private let bufferByteCount: Int
    private let sources: [SourceList.Source]
    /// The number of sources that were opened.
    private var openedCount = 0
    /// The last of them, until its end is reached.
    private var current: DocumentSource?
    private var failure: CorpusError?

    /// Finds the inputs of a configuration; reads none of them yet.
    public init(_ configuration: CorpusConfiguration) throws(CorpusError) {
        try self.init(configuration, bufferByteCount: 256 << 10)
    }

    /// A reader with buffers of a chosen size, for tests of what lies across their ends.
    init(_ configuration: CorpusConfiguration, bufferByteCount: Int) throws(CorpusError) {
        try configuration.validate()
        let sources = try SourceList(configuration).sources
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
        self.configuration = configuration
        self.bufferByteCount = bufferByteCount
        self.sources = sources
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
        while true {
            if current == nil {
                guard openedCount < sources.count else { return nil }
                current = try DocumentSource(
                    sources[openedCount], configuration, bufferByteCount: bufferByteCount)
                openedCount += 1
            }
            let outcome = try current!.next()
            progress.bytesRead += current!.takeStoredByteCount()
            switch outcome {
            case .document(let document):
                count(document)
                return document
            case .blank:
                progress.emptyDocuments += 1
            case .refused(let error):
                guard configuration.onError == .skip else { throw error }
                progress.skippedLines += 1
                if progress.skipped.count < CorpusProgress.keptErrorCount {
                    progress.skipped.append(error)
                }
            case .end:
                current = nil
            }
        }
    }

    private mutating func count(_ document: Document) {
        let byteCount = document.text.count
        progress.documents += 1
        progress.textBytes += byteCount
        progress.sources[openedCount - 1].documents += 1
        progress.sources[openedCount - 1].textBytes += byteCount
    }
}
