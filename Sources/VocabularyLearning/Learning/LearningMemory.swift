/// Estimate of the memory that learning takes, before it takes it.
///
/// Counting works in any memory, but a learner holds every distinct piece: four bytes for each of
/// their bytes, and six more for each two neighbours among them. That is the floor. The table of
/// pairs comes on top, and how many pairs there will be is an estimate: of 100 MB of English one
/// for every eleven neighbours, of other texts fewer.
enum LearningMemory {
    /// The estimate, in bytes.
    static func estimate(
        pieceCount: Int, pieceByteCount: Int, vocabularySize: Int, minimumCount: Int
    ) -> Int {
        // Caps against overflow; estimates in petabytes are refused all the same.
        let pieceByteCount = min(pieceByteCount, 1 << 52)
        let pieceCount = min(pieceCount, 1 << 52)
        let cells = pieceByteCount + pieceCount
        let neighbors = max(0, pieceByteCount - pieceCount)
        let rows = cells * 4 + cells / 8
        let places = PlaceLists.capacity(neighborCount: neighbors) * 4
        let tokens = vocabularySize * (2 * MemoryLayout<NeighborTally.Entry>.stride + 16)
        let pairs = neighbors / (minimumCount > 1 ? 10 : 6) + 4096
        return rows + places + tokens + PairTable.byteCount(for: pairs)
    }
}
