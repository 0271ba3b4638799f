public import Work

/// The shares of the steps in the memory that may be used, in bytes.
///
/// Of `memory`, 40 MiB are for the program and 12 MiB a thread for the documents under way (more
/// where a single document is larger); the rest is divided in the shares below. What a step has
/// beyond its share goes to scratch files.
public struct RefinementMemory: Sendable, Equatable {
    /// Hashes of the documents so far.
    var hashTable: Int
    /// Hashes that found no place in the table, while they are sorted.
    var hashSorter: Int
    /// Bands of signatures, while they are sorted.
    var bandSorter: Int
    /// Clusters of near-duplicates: 5 bytes a document.
    var clusters: Int
    /// Documents, while they are put into another order.
    var documents: Int

    /// The shares of `memory`.
    public init(_ memory: ByteSize, threadCount: Int) {
        let eighth = max(0, memory.byteCount - Self.fixedByteCount(threadCount: threadCount)) / 8
        hashTable = 2 * eighth
        hashSorter = eighth
        bandSorter = 2 * eighth
        clusters = eighth
        documents = 2 * eighth
    }

    /// The least memory with which the work can be done.
    static func least(threadCount: Int) -> ByteSize {
        ByteSize(byteCount: fixedByteCount(threadCount: threadCount) + (24 << 20)).roundedUp
    }

    private static func fixedByteCount(threadCount: Int) -> Int { (40 + 12 * threadCount) << 20 }
}
