import Bytes
import Files

/// Records of words in a stored file, divided by their first word into ranges of equal width.
///
/// Layout: some batches, one after another, of which each has the records of the first partition,
/// of the second, and so on; beside it rows of three words for each partition of each batch: where
/// it begins, its bytes, and their XXH64.
struct PartitionedFile: Codable, Equatable, Sendable {
    var records: StoredFile
    var index: StoredFile

    static let indexWidth = 3

    /// The partition of a record whose first word is `word`: the order of partitions is that of
    /// words.
    static func partition(of word: UInt64, count: Int) -> Int {
        Int(word.multipliedFullWidth(by: UInt64(count)).high)
    }

    /// Reads the records of a partition, some at a time, in no order.
    ///
    /// - Parameters:
    ///   - path: the file; beside it is its index.
    ///   - width: words of a record.
    ///   - partition: the number of the partition, of `count`.
    ///   - body: takes the words of whole records.
    func forEach(
        path: String, width: Int, partition: Int, of count: Int, _ body: ([UInt64]) throws -> Void
    ) throws {
        let finder = RowFinder()
        let batchCount = index.bytes / (8 * Self.indexWidth * count)
        for batch in 0..<batchCount {
            let row = try finder.row(
                batch * count + partition, width: Self.indexWidth,
                path: path + PartitionedWriter.indexSuffix)
            guard let start = Int(exactly: row[0]), let byteCount = Int(exactly: row[1]),
                start <= records.bytes, byteCount <= records.bytes - start,
                byteCount % (8 * width) == 0
            else { throw RefinementError.damagedUnit(path: path) }
            var hash = XXH64()
            var offset = start
            let pieceByteCount = (1 << 20) / (8 * width) * (8 * width)
            while offset < start + byteCount {
                let size = min(pieceByteCount, start + byteCount - offset)
                let bytes = try finder.bytes(offset, count: size, path: path)
                unsafe hash.update(bytes.span.bytes)
                try body(
                    unsafe bytes.withUnsafeBytes { unsafe Array($0.bindMemory(to: UInt64.self)) })
                offset += size
            }
            guard hash.digest() == row[2] else { throw RefinementError.damagedUnit(path: path) }
        }
    }
}

/// Writes a ``PartitionedFile``, in bounded memory.
///
/// A class, because a file has one writer.
final class PartitionedWriter {
    private let path: String
    private let width: Int
    private let partitionCount: Int
    private let capacity: Int
    private var file: StoredFileWriter
    private var index: [UInt64] = []
    private var words: [UInt64] = []

    static let indexSuffix = ".index"

    /// Begins the file at `path`, of records of `width` words.
    ///
    /// - Parameter byteCount: memory for records that are not written yet, and for dividing them.
    init(path: String, width: Int, partitionCount: Int, byteCount: Int) throws(FileError) {
        self.path = path
        self.width = width
        self.partitionCount = partitionCount
        capacity = max(1, byteCount / (2 * 8 * width)) * width
        file = try StoredFileWriter(path: path)
        // At once, for an array that grows by itself takes up to twice of what it holds.
        words.reserveCapacity(capacity)
    }

    /// Adds a record of two words.
    func append(_ first: UInt64, _ second: UInt64) throws(FileError) {
        words.append(first)
        words.append(second)
        if words.count >= capacity { try flush() }
    }

    /// Adds a record of three words.
    func append(
        _ first: UInt64, _ second: UInt64, _ third: UInt64
    ) throws(FileError) {
        words.append(first)
        words.append(second)
        words.append(third)
        if words.count >= capacity { try flush() }
    }

    private func flush() throws(FileError) {
        guard !words.isEmpty else { return }
        var counts = [Int](repeating: 0, count: partitionCount)
        for place in stride(from: 0, to: words.count, by: width) {
            counts[PartitionedFile.partition(of: words[place], count: partitionCount)] += width
        }
        var divided = words
        if partitionCount > 1 {
            var places = counts
            var sum = 0
            for partition in places.indices {
                (places[partition], sum) = (sum, sum + places[partition])
            }
            for place in stride(from: 0, to: words.count, by: width) {
                let partition = PartitionedFile.partition(
                    of: words[place], count: partitionCount)
                for offset in 0..<width {
                    divided[places[partition] + offset] = words[place + offset]
                }
                places[partition] += width
            }
        }
        var start = 0
        for count in counts {
            let part = divided.span.extracting(start..<start + count)
            index.append(UInt64(file.byteCount + 8 * start))
            index.append(UInt64(8 * count))
            index.append(unsafe XXH64.hash(of: part.bytes))
            start += count
        }
        try file.append(divided)
        words.removeAll(keepingCapacity: true)
    }

    /// Makes the file durable, and its index.
    func commit() throws(FileError) -> PartitionedFile {
        try flush()
        let records = try file.commit()
        let indexFile = try StoredFileWriter(path: path + Self.indexSuffix)
        try indexFile.append(index)
        return PartitionedFile(records: records, index: try indexFile.commit())
    }
}
