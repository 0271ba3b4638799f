import Bytes
import Tokenization

/// The most frequent pieces of a corpus, each of them to become a token: how words and characters
/// are learned.
///
/// Among equally frequent pieces the one whose bytes come first goes first, so the result depends
/// on the counts alone. Memory is that of about twice the pieces that are kept, however many the
/// corpus has.
struct FrequentPieces {
    /// A piece and its occurrences.
    struct Entry {
        let piece: [UInt8]
        let count: UInt64
    }

    /// The pieces, the most frequent first.
    private(set) var entries: [Entry] = []

    /// Occurrences of each byte outside the pieces that are kept: of its token in the corpus.
    private(set) var byteCounts = [UInt64](repeating: 0, count: 256)

    /// The most pieces that are kept.
    private let limit: Int

    /// Pieces beyond the limit that wait until the rare ones are dropped.
    private static let slack = 4096

    /// The pieces of `source` of two bytes or more, at most `limit` of them. About
    /// O(bytes of the distinct pieces · log of the limit).
    ///
    /// - Parameters:
    ///   - source: the pieces and their counts.
    ///   - limit: the most pieces.
    ///   - minimumCount: the least count of a piece.
    ///   - maximumLength: the most bytes of a piece.
    ///   - reserved: pieces that are left out, because a special token has their name.
    /// - Throws: `TokenizationError.countOverflow` if the bytes of all occurrences are more than
    ///   64 bits count; what reading `source` throws.
    init<Source: PieceSource & ~Copyable>(
        _ source: borrowing Source, limit: Int, minimumCount: UInt64, maximumLength: Int,
        reserved: Set<[UInt8]>
    ) throws(TokenizationError) {
        self.limit = limit
        var found: [Entry] = []
        var byteCounts = [UInt64](repeating: 0, count: 256)
        var total: UInt64 = 0
        var overflows = false
        try source.forEachPiece { piece, count in
            let (bytes, overflow) = count.multipliedReportingOverflow(by: UInt64(piece.count))
            let (sum, sumOverflow) = total.addingReportingOverflow(bytes)
            total = sum
            overflows = overflows || overflow || sumOverflow
            for index in 0..<piece.count { byteCounts[Int(piece[index])] &+= count }
            guard piece.count > 1, piece.count <= maximumLength, count >= minimumCount else {
                return
            }
            let bytesOfPiece = piece.array(from: 0, to: piece.count)
            guard !reserved.contains(bytesOfPiece) else { return }
            found.append(Entry(piece: bytesOfPiece, count: count))
            if found.count >= 2 * limit + Self.slack {
                found = Self.mostFrequent(found, limit: limit)
            }
        }
        guard !overflows else { throw .countOverflow }
        entries = Self.mostFrequent(found, limit: limit)
        for entry in entries {
            for byte in entry.piece { byteCounts[Int(byte)] -= entry.count }
        }
        self.byteCounts = byteCounts
    }

    /// About how much memory it takes, in bytes.
    static func memoryEstimate(pieceCount: Int, pieceByteCount: Int, limit: Int) -> Int {
        let kept = min(pieceCount, 2 * limit + slack)
        let meanLength = min(pieceByteCount, 1 << 52) / max(pieceCount, 1) + 1
        // An array of its own each, and its place in the list, which doubles as it grows.
        return kept * (2 * MemoryLayout<Entry>.stride + 48 + meanLength)
    }

    /// The first `limit` of `entries` in the order of tokens. O(n log n).
    private static func mostFrequent(_ entries: [Entry], limit: Int) -> [Entry] {
        let sorted = entries.sorted {
            $0.count != $1.count
                ? $0.count > $1.count : $0.piece.lexicographicallyPrecedes($1.piece)
        }
        return Array(sorted.prefix(limit))
    }
}

extension VocabularyTrainer {
    /// The vocabulary of the most frequent pieces of `source`, without merges. About
    /// O(bytes of the distinct pieces · log of the size).
    func takePieces<Source: PieceSource & ~Copyable>(
        of source: borrowing Source, _ progress: (Int, Int) throws -> Void
    ) throws -> Vocabulary {
        let specials = specials
        let wanted = configuration.vocabularySize - specials.count - 256
        try progress(0, wanted)
        let frequent = try FrequentPieces(
            source, limit: wanted, minimumCount: UInt64(configuration.minimumFrequency),
            maximumLength: configuration.maximumTokenLength ?? .max,
            reserved: Set(specials.compactMap { ByteCharacters.bytes(for: $0.content) }))
        try progress(frequent.entries.count, wanted)

        let contents =
            specials.map { Array($0.content.utf8) } + ByteCharacters.bytesInOrder.map { [$0] }
            + frequent.entries.map(\.piece)
        var arena: [UInt8] = []
        var offsets = [0]
        for content in contents {
            arena += content
            offsets.append(arena.count)
        }
        let tokens = try TokenTable(
            arena: arena, offsets: offsets, specialIDs: specials.map(\.id.rawValue))
        return Vocabulary(
            pattern: configuration.pattern, mergeSemantics: .wholePieceFirst,
            specialTokens: specials, tokens: tokens, merges: try MergeTable([], tokens: tokens),
            counts: Array(repeating: 0, count: specials.count)
                + ByteCharacters.bytesInOrder.map { frequent.byteCounts[Int($0)] }
                + frequent.entries.map(\.count))
    }
}
