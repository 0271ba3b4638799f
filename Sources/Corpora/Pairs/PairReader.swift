/// A source and its target, from which a model learns to make the one from the other.
public struct Pair: Sendable, Equatable {
    /// Text that the model reads.
    public var source: String
    /// Text that it writes.
    public var target: String
    /// The place where the pair was found.
    public var origin: DocumentOrigin

    /// A pair.
    public init(source: String, target: String, origin: DocumentOrigin) {
        self.source = source
        self.target = target
        self.origin = origin
    }
}

/// The fields of a record, or the columns of a table, that hold the two sides of pairs.
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

/// Reads the pairs of JSON lines and of tables, plain or compressed, one after another.
///
/// ```swift
/// var reader = try PairReader(inputs: ["dictionary.tsv"])
/// while let pair = try reader.next() { print(pair.source, "→", pair.target) }
/// ```
///
/// A line is `{"source": "…", "target": "…"}`, with names as the fields say, or
/// `{"instruction": "…", "input": "…", "output": "…"}`, as Alpaca has it. A table, whose name ends
/// in .csv or .tsv, has a header with both names. Memory is that of the reading buffers, one pair
/// and the list of inputs.
public struct PairReader: ~Copyable, Sendable {
    /// Pairs given out.
    public private(set) var pairCount = 0
    /// Records that were skipped because they are no pair.
    public private(set) var skippedRecords = 0
    /// The errors of the first few of them.
    public private(set) var skipped: [CorpusError] = []
    /// Stored bytes of the files before the one at hand, and of that one what is read.
    public private(set) var bytesRead = 0
    /// Stored bytes of all inputs; nil if one has no known size.
    public let totalBytes: Int?

    private let paths: [String]
    private let fields: PairFields
    private let onError: CorpusErrorPolicy
    private var openedCount = 0
    private var open: OpenPairs?

    /// Finds the files of `inputs`; reads none of them yet.
    ///
    /// - Parameters:
    ///   - inputs: files, folders and patterns: see ``CorpusConfiguration/inputs``.
    ///   - fields: where the sides of a pair stand.
    ///   - onError: policy for a record that is no pair.
    public init(
        inputs: [String], fields: PairFields = PairFields(), onError: CorpusErrorPolicy = .fail
    ) throws(CorpusError) {
        let configuration = CorpusConfiguration(inputs: inputs)
        let paths = try configuration.inputPaths()
        let totalBytes = try CorpusReader(configuration).progress.totalBytes
        self.paths = paths
        self.totalBytes = totalBytes
        self.fields = fields
        self.onError = onError
    }

    /// The next pair; nil behind the last. O(its bytes).
    public mutating func next() throws(CorpusError) -> Pair? {
        while true {
            if open == nil {
                guard openedCount < paths.count else { return nil }
                open = try OpenPairs(path: paths[openedCount], fields, onError)
                openedCount += 1
            }
            let step = try open!.next()
            bytesRead += open!.takeByteCount()
            switch step {
            case .pair(let pair):
                pairCount += 1
                return pair
            case .refused(let error):
                guard onError != .fail else { throw error }
                skippedRecords += 1
                if skipped.count < CorpusProgress.keptErrorCount { skipped.append(error) }
            case .end: open = nil
            }
        }
    }
}

/// The pairs of one file: lines, or a reader for each of two columns.
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
    /// The lines, or the column of sources.
    private var first: CorpusReader
    /// The column of targets; nil for lines.
    private var second: CorpusReader?
    private var toldBytes = 0
    private var waiting: (source: Document?, target: Document?)

    init(
        path: String, _ fields: PairFields, _ onError: CorpusErrorPolicy
    ) throws(CorpusError) {
        var (lines, columns) = (CorpusConfiguration(inputs: [path]), [String]())
        if [.csv, .tsv].contains(CorpusFormat(nameOf: path)) {
            columns = [fields.source, fields.target]
        } else {
            (lines.format, lines.documents) = (.text, .line)
        }
        lines.onError = onError
        lines.textField = columns.first ?? lines.textField
        let first = try CorpusReader(lines, threadCount: 1)
        lines.textField = columns.last ?? lines.textField
        let second = columns.isEmpty ? nil : try CorpusReader(lines, threadCount: 1)
        self.fields = fields
        self.first = first
        self.second = second
    }

    /// The stored bytes that were read since this was last asked.
    mutating func takeByteCount() -> Int {
        defer { toldBytes = first.progress.bytesRead }
        return first.progress.bytesRead - toldBytes
    }

    mutating func next() throws(CorpusError) -> Step {
        guard second != nil else { return try nextLine() }
        if waiting.source == nil { waiting.source = try first.next() }
        if waiting.target == nil { waiting.target = try second!.next() }
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

    private mutating func nextLine() throws(CorpusError) -> Step {
        guard let line = try first.next() else { return .end }
        do throws(PairLine.Fault) {
            let (source, target) = try PairLine.sides(of: line.text, fields)
            return .pair(Pair(source: source, target: target, origin: line.origin))
        } catch {
            return .refused(.badPair(origin: line.origin, reason: error.reason))
        }
    }
}
