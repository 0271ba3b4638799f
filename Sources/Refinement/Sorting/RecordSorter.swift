import Files
internal import HeapModule

/// A value of a few words without references, as sorters put them aside. It ends where its last
/// word does: padding behind that would not be written.
protocol SortedRecord: BitwiseCopyable, Comparable, Sendable {}

/// Sorts any number of records in bounded memory: what fits is sorted there, and what does not goes
/// in sorted runs to a file without a name, from which it is merged back.
///
/// The order is that of the records alone, whatever the memory is; records that compare equal must
/// be the same. O(n log n).
///
/// A class, because the file and the records have one owner.
final class RecordSorter<Record: SortedRecord> {
    private let byteCount: Int
    private let scratchPath: String
    private var records: [Record] = []
    private var runs: [Run] = []
    private var file: ScratchFile?
    /// The number of records.
    private(set) var count = 0

    /// Consecutive bytes of the file.
    fileprivate struct Run {
        var offset: Int
        var end: Int
    }

    /// The least that is read at once; it bounds how many runs are merged at once.
    private static var leastReadByteCount: Int { 16 << 10 }

    /// A sorter of nothing yet.
    ///
    /// - Parameters:
    ///   - byteCount: memory for records, and for reading them back.
    ///   - scratchPath: beside this path go the runs.
    init(byteCount: Int, scratchPath: String) {
        self.byteCount = byteCount
        self.scratchPath = scratchPath
    }

    private var capacity: Int { max(2, byteCount / MemoryLayout<Record>.stride) }

    /// Adds a record.
    func append(_ record: Record) throws(FileError) {
        if records.count == capacity { try spill() }
        records.append(record)
        count += 1
    }

    private func spill() throws(FileError) {
        records.sort()
        if file == nil { file = try ScratchFile(beside: scratchPath) }
        let start = file!.byteCount
        try file!.append(records)
        runs.append(Run(offset: start, end: file!.byteCount))
        records.removeAll(keepingCapacity: true)
    }

    /// Gives all records away, in order, once.
    func forEach(_ body: (Record) async throws -> Void) async throws {
        guard !runs.isEmpty else {
            records.sort()
            for record in records { try await body(record) }
            return
        }
        try spill()
        records = []
        let width = max(2, byteCount / Self.leastReadByteCount)
        var source = file!
        while runs.count > width {
            // The runs become fewer by as many merges as there must be, into another file.
            let target = try ScratchFile(beside: scratchPath)
            var merged: [Run] = []
            for first in stride(from: 0, to: runs.count, by: width) {
                let start = target.byteCount
                let group = runs[first..<min(first + width, runs.count)]
                var batch: [Record] = []
                var merge = try RunMerge<Record>(group, of: source, byteCount: byteCount / 2)
                while let record = try merge.next() {
                    batch.append(record)
                    if batch.count * MemoryLayout<Record>.stride >= byteCount / 2 {
                        try target.append(batch)
                        batch.removeAll(keepingCapacity: true)
                    }
                }
                try target.append(batch)
                merged.append(Run(offset: start, end: target.byteCount))
            }
            (source, runs) = (target, merged)
        }
        file = nil
        var merge = try RunMerge<Record>(runs[...], of: source, byteCount: byteCount)
        while let record = try merge.next() { try await body(record) }
    }
}

/// Several sorted runs as one.
private struct RunMerge<Record: SortedRecord> {
    private struct Head: Comparable {
        var record: Record
        var reader: Int

        static func < (left: Head, right: Head) -> Bool { left.record < right.record }
    }

    private var readers: [RecordReader<Record>]
    private var heads = Heap<Head>()

    init(
        _ runs: ArraySlice<RecordSorter<Record>.Run>, of file: ScratchFile, byteCount: Int
    ) throws(FileError) {
        readers = runs.map {
            RecordReader(
                file: file, range: $0.offset..<$0.end, byteCount: byteCount / runs.count)
        }
        for index in readers.indices {
            if let record = try readers[index].next() {
                heads.insert(Head(record: record, reader: index))
            }
        }
    }

    mutating func next() throws(FileError) -> Record? {
        guard let least = heads.min else { return nil }
        if let record = try readers[least.reader].next() {
            heads.replaceMin(with: Head(record: record, reader: least.reader))
        } else {
            heads.removeMin()
        }
        return least.record
    }
}

/// The records of one run, read some at a time.
private struct RecordReader<Record: SortedRecord> {
    private let file: ScratchFile
    private var unread: Range<Int>
    private var buffer: [UInt8]
    private var offset = 0
    private var filledCount = 0

    init(file: ScratchFile, range: Range<Int>, byteCount: Int) {
        self.file = file
        unread = range
        let stride = MemoryLayout<Record>.stride
        buffer = Array(repeating: 0, count: max(1, byteCount / stride) * stride)
    }

    mutating func next() throws(FileError) -> Record? {
        if offset == filledCount {
            guard !unread.isEmpty else { return nil }
            filledCount = min(buffer.count, unread.count)
            if filledCount < buffer.count { buffer.removeSubrange(filledCount...) }
            try file.read(into: &buffer, at: unread.lowerBound)
            unread = unread.lowerBound + filledCount..<unread.upperBound
            offset = 0
        }
        let record = unsafe buffer.withUnsafeBytes {
            unsafe $0.loadUnaligned(fromByteOffset: offset, as: Record.self)
        }
        offset += MemoryLayout<Record>.stride
        return record
    }
}
