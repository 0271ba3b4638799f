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
