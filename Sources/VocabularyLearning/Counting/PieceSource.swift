import Bytes
import Tokenization

/// Distinct pieces with their counts, which can be gone through more than once.
protocol PieceSource: ~Copyable {
    /// Calls `body` with each piece and its count, always in the same order.
    func forEachPiece(_ body: (ByteView, UInt64) -> Void) throws(TokenizationError)
}
