/// Distinct pieces with their counts, which can be gone through more than once.
protocol PieceSource: ~Copyable {
    /// What can go wrong on the way.
    associatedtype Failure: Error

    /// Calls `body` with each piece and its count, always in the same order.
    func forEachPiece(_ body: (ByteView, UInt64) -> Void) throws(Failure)
}
