import Bytes
public import Files
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

    /// The kind of the file.
    public static let kind = FileKind("a file of counts", fronts: ["quernpcs"])

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

/// The layout of a file of counts: every distinct piece with how often it occurred, sorted by
/// bytes.
///
/// Numbers are little-endian. A *varint* has seven bits a byte, the lowest first, and the highest
/// bit of a byte says that another follows; the shortest form is the only one allowed.
///
///     offset  size  what
///     0       8     "quernpcs"
///     8       4     version: 1
///     12      4     P: bytes of the pattern's name
///     16      P     the pattern's name, as in the configuration
///     16+P          for each piece, in the order of their bytes:
///                     varint  bytes that it begins with as the piece before it does: as many as
///                             are equal
///                     varint  how many other bytes it has, 1 or more
///                     bytes   those
///                     varint  its count, 1 or more
///     end-40  8     distinct pieces
///     end-32  8     bytes of the distinct pieces
///     end-24  8     sum of the counts
///     end-16  8     sum over all pieces of count times bytes: the bytes of the text
///     end-8   8     XXH64, seed 0, of everything before it
///
/// For the same counts there is only one such file.
enum PieceCountsFormat {
    static let magic = Array("quernpcs".utf8)
    static let version: UInt32 = 1
    static let fixedHeaderByteCount = 16
    static let trailerByteCount = 40

    /// The longest name of a pattern.
    static let maximumNameByteCount = 64

    /// The sums at the end of a file.
    struct Totals: Equatable, Sendable {
        var pieces: UInt64 = 0
        var pieceBytes: UInt64 = 0
        var occurrences: UInt64 = 0
        var textBytes: UInt64 = 0

        /// Adds a piece; returns false if a sum overflows.
        mutating func add(byteCount: Int, count: UInt64) -> Bool {
            let (bytes, overflow) = count.multipliedReportingOverflow(by: UInt64(byteCount))
            let (text, textOverflow) = textBytes.addingReportingOverflow(bytes)
            guard !overflow, !textOverflow else { return false }
            // The other sums are no larger, so they do not overflow.
            textBytes = text
            occurrences += count
            pieceBytes += UInt64(byteCount)
            pieces += 1
            return true
        }
    }
}
