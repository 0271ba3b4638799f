import Bytes
import Files
public import Tokenization

/// Counts of pieces in a file: what one machine counted, for another to merge or to learn from.
///
/// ```swift
/// try PieceCountsFile.write(counter.takeCounts(), pattern: .gpt4, to: "part-1.counts")
/// let file = try PieceCountsFile.merge(["part-1.counts", "part-2.counts"], to: "all.counts")
/// let vocabulary = try VocabularyTrainer(VocabularyConfiguration()).train(file)
/// ```
public struct PieceCountsFile: Sendable {
    /// The file's path.
    public let path: String
    /// Pattern that cut the pieces.
    public let pattern: SplitPattern
    /// Distinct pieces.
    public let pieceCount: Int
    /// Bytes of the distinct pieces.
    public let pieceByteCount: Int
    /// Pieces of the text.
    public let occurrenceCount: UInt64
    /// Bytes of the text.
    public let textByteCount: UInt64

    private let file: OpenFile

    /// Opens the file at `path`, and looks at its beginning and its end. What is between them is
    /// checked whenever it is read.
    ///
    /// - Throws: `TokenizationError.malformedCounts`,
    ///   `TokenizationError.file`.
    public init(path: String) throws(TokenizationError) {
        let file: OpenFile
        do {
            file = try OpenFile(path: path)
        } catch {
            throw .file(error)
        }
        try self.init(file)
    }

    init(_ file: OpenFile) throws(TokenizationError) {
        let reader = try PieceCountsReader(file)
        self.file = file
        path = file.path
        pattern = reader.pattern
        pieceCount = Int(clamping: reader.totals.pieces)
        pieceByteCount = Int(clamping: reader.totals.pieceBytes)
        occurrenceCount = reader.totals.occurrences
        textByteCount = reader.totals.textBytes
    }

    /// Writes `counts` to a file at `path`, sorted. O(bytes · log).
    ///
    /// - Parameters:
    ///   - counts: the pieces and how often each occurred.
    ///   - pattern: how the pieces were cut.
    ///   - path: the file to write.
    public static func write(
        _ counts: consuming PieceCounts, pattern: SplitPattern, to path: String
    ) throws -> PieceCountsFile {
        var writer = PieceCountsWriter(try FileReplacement(path: path), pattern: pattern)
        try counts.writeSorted(to: &writer)
        var file = try writer.finish()
        try file.commit()
        return try PieceCountsFile(path: path)
    }

    /// Writes the sum of files of counts to a file at `path`, in the memory of some buffers.
    /// O(bytes · log of the files).
    ///
    /// - Parameters:
    ///   - paths: the files to add up, at least one.
    ///   - path: the file to write.
    ///   - checkpoint: told now and then how many pieces were read, and how many there are; may
    ///     throw to end the work, and then nothing is left.
    /// - Throws: `TokenizationError.differentPatterns` if the files do not belong together.
    public static func merge(
        _ paths: [String], to path: String,
        checkpoint: (_ piecesRead: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> PieceCountsFile {
        guard let first = paths.first else {
            throw TokenizationError.invalidConfiguration(reason: "there are no counts to merge")
        }
        // Before the work begins, for it may take long.
        let pattern = try PieceCountsFile(path: first).pattern
        for other in paths {
            let found = try PieceCountsFile(path: other).pattern
            guard found == pattern else {
                throw TokenizationError.differentPatterns(
                    "\(first): \(pattern.rawValue)", "\(other): \(found.rawValue)")
            }
        }
        let runs = PieceRuns(pattern, beside: path, counterByteCount: 0)
        for path in paths {
            try runs.add(try PieceCountsFile(path: path).file, checkpoint: checkpoint)
        }
        return try runs.writeMerged(to: path, checkpoint: checkpoint)
    }

    /// Reads everything and finds it as it should be. O(bytes).
    public func verify() throws(TokenizationError) {
        try forEachPiece { _, _ in }
    }
}

extension PieceCountsFile: PieceSource {
    func forEachPiece(_ body: (ByteView, UInt64) -> Void) throws(TokenizationError) {
        let reader = try PieceCountsReader(file, bufferByteCount: 1 << 18)
        while try reader.next() { body(reader.piece, reader.count) }
    }
}
