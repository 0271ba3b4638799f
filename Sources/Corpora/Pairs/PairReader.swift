public import Work

/// A source and its target, from which a model learns to make the one from the other.
public struct Pair: Sendable, Equatable {
    /// Text that the model reads.
    public var source: String
    /// Text that it writes.
    public var target: String
    /// The place where the pair was found.
    public var origin: DocumentOrigin

    /// Bytes of both sides.
    public var byteCount: Int { source.utf8.count + target.utf8.count }

    /// A pair.
    public init(source: String, target: String, origin: DocumentOrigin) {
        self.source = source
        self.target = target
        self.origin = origin
    }
}

/// The fields of a record, or the columns of a table, that hold the two sides of pairs. Dots lead
/// into objects, as in `translation.en`; `\\.` is a dot in a name.
public struct PairFields: Sendable, Equatable {
    /// The field of the source.
    public var source: String
    /// The field of the target.
    public var target: String

    /// The fields "source" and "target", unless others are given.
    public init(source: String = "source", target: String = "target") {
        self.source = source
        self.target = target
    }
}

/// Reads the pairs of JSON and of tables, plain or compressed, one after another.
///
/// ```swift
/// var reader = try PairReader(CorpusConfiguration(inputs: ["dictionary.tsv"]))
/// while let pair = try reader.next() { print(pair.source, "→", pair.target) }
/// ```
///
/// A line is `{"source": "…", "target": "…"}`, with names as the fields say, or
/// `{"instruction": "…", "input": "…", "output": "…"}`, as Alpaca has it. A file whose name ends in
/// .json is an array of such objects, or holds them one after another. A table, whose name ends in
/// .csv or .tsv, has a header with both names, and a Parquet file columns of them. Memory is that
/// of the reading buffers, one pair and the list of inputs.
public struct PairReader: ~Copyable, Sendable {
    /// The progress of the reader: its documents are pairs, and its skipped lines the records that
    /// are none.
    public private(set) var progress = CorpusProgress()

    /// The files and folders that the configuration's inputs stand for.
    public let inputs: CorpusInputs

    private let configuration: CorpusConfiguration
    private let stop: StopSignal?
    private var openedCount = 0
    private var open: OpenPairs?

    /// Finds the inputs of a configuration; reads none of them yet.
    ///
    /// - Parameters:
    ///   - configuration: which inputs there are, where the sides of a pair stand
    ///     (``CorpusConfiguration/pairFields``), and the policy for a record that is no pair, which
    ///     is left out unless it is `fail`. What else it says of cutting files into documents
    ///     means nothing here.
    ///   - stop: ends the waiting for a pipe, with `FileError.stopped`.
    public init(
        _ configuration: CorpusConfiguration, stop: StopSignal? = nil
    ) throws(CorpusError) {
        let inputs = try configuration.findInputs()
        var all = CorpusConfiguration(inputs: inputs.paths)
        all.longWindow = configuration.longWindow
        progress.totalBytes = try CorpusReader(all).progress.totalBytes
        self.inputs = inputs
        self.configuration = configuration
        self.stop = stop
    }

    /// The next pair; nil behind the last. O(its bytes).
    public mutating func next() throws(CorpusError) -> Pair? {
        while true {
            if open == nil {
                guard openedCount < inputs.paths.count else { return nil }
                open = try OpenPairs(path: inputs.paths[openedCount], configuration, stop)
                openedCount += 1
            }
            let step = try open!.next()
            progress.bytesRead += open!.takeByteCount()
            switch step {
            case .pair(let pair):
                progress.documents += 1
                progress.textBytes += pair.byteCount
                return pair
            case .refused(let error):
                guard configuration.onError != .fail else { throw error }
                progress.skippedLines += 1
                if progress.skipped.count < CorpusProgress.keptErrorCount {
                    progress.skipped.append(error)
                }
            case .end:
                // Those of the other column are the same.
                let read = open!.takeProgress()
                progress.skippedLines += read.skippedLines
                progress.skipped += read.skipped.prefix(
                    CorpusProgress.keptErrorCount - progress.skipped.count)
                progress.brokenFileCount += read.brokenFileCount
                progress.brokenFiles += read.brokenFiles.prefix(
                    CorpusProgress.keptErrorCount - progress.brokenFiles.count)
                open = nil
            }
        }
    }

    /// The next pairs, of about `byteCount` bytes of text together; nil behind the last.
    ///
    /// There is at least one, and no more than needed to reach `byteCount`. O(their bytes).
    public mutating func nextChunk(byteCount: Int = 1 << 20) throws(CorpusError) -> [Pair]? {
        var pairs: [Pair] = []
        var total = 0
        while total < byteCount || pairs.isEmpty, let pair = try next() {
            total += pair.byteCount
            pairs.append(pair)
        }
        return pairs.isEmpty ? nil : pairs
    }
}

/// The pairs of one file: objects of JSON, or a reader for each of two columns.
///
/// Readers of a column leave out what is empty in it, so that both go on together by the places of
/// what they give.
private struct OpenPairs: ~Copyable, Sendable {
    enum Step {
        case pair(Pair)
        case refused(CorpusError)
        case end
    }

    private let fields: PairFields
    /// The objects or lines, or the column of sources.
    private var first: CorpusReader
    /// The column of targets; nil for objects.
    private var second: CorpusReader?
    private var toldBytes = 0
    private var waiting: (source: Document?, target: Document?)

    init(
        path: String, _ configuration: CorpusConfiguration, _ stop: StopSignal?
    ) throws(CorpusError) {
        try CorpusFormat.check(
            [path], hold: "pairs", not: [.warc, .tar], wish: "JSON, CSV, TSV or Parquet")
        let fields = configuration.pairFields
        var (lines, columns) = (CorpusConfiguration(inputs: [path]), [String]())
        lines.longWindow = configuration.longWindow
        lines.invalidUTF8 = configuration.invalidUTF8
        lines.quotes = configuration.quotes
        lines.maximumDocumentByteCount = configuration.maximumDocumentByteCount
        switch CorpusFormat(nameOf: path) {
        case .csv, .tsv, .parquet: columns = [fields.source, fields.target]
        case .json: lines.givesObjects = true
        default: (lines.format, lines.documents) = (.text, .line)
        }
        lines.takesNullForBlank = true
        lines.onError = configuration.onError
        lines.textField = columns.first ?? lines.textField
        let first = try CorpusReader(lines, threadCount: 1, stop: stop)
        lines.textField = columns.last ?? lines.textField
        let second =
            columns.isEmpty ? nil : try CorpusReader(lines, threadCount: 1, stop: stop)
        self.fields = fields
        self.first = first
        self.second = second
    }

    /// The progress of the objects or lines, or of the column of sources.
    mutating func takeProgress() -> CorpusProgress { first.progress }

    /// The stored bytes that were read since this was last asked.
    mutating func takeByteCount() -> Int {
        defer { toldBytes = first.progress.bytesRead }
        return first.progress.bytesRead - toldBytes
    }

    mutating func next() throws(CorpusError) -> Step {
        guard second != nil else { return try nextObject() }
        if waiting.source == nil {
            do throws(CorpusError) { waiting.source = try first.next() } catch {
                throw error.blaming(.sourceField)
            }
        }
        if waiting.target == nil {
            do throws(CorpusError) { waiting.target = try second!.next() } catch {
                throw error.blaming(.targetField)
            }
        }
        switch (waiting.source, waiting.target) {
        case (nil, nil): return .end
        case (let source?, let target?) where source.origin == target.origin:
            waiting = (nil, nil)
            return .pair(
                Pair(
                    source: String(decoding: source.text, as: UTF8.self),
                    target: String(decoding: target.text, as: UTF8.self), origin: source.origin))
        case (let source?, let target)
        where target.map({ source.origin.position.number < $0.origin.position.number }) ?? true:
            waiting.source = nil
            return .refused(
                .badPair(origin: source.origin, reason: "its \(fields.target) is empty"))
        default:
            let origin = waiting.target!.origin
            waiting.target = nil
            return .refused(.badPair(origin: origin, reason: "its \(fields.source) is empty"))
        }
    }

    private mutating func nextObject() throws(CorpusError) -> Step {
        guard let object = try first.next() else { return .end }
        do throws(PairLine.Fault) {
            let (source, target) = try PairLine.sides(of: object.text, fields)
            return .pair(Pair(source: source, target: target, origin: object.origin))
        } catch {
            return .refused(.badPair(origin: object.origin, reason: error.reason))
        }
    }
}
