import Files
import Parquet

/// A part of a file of columns: some of its row groups, with which several processes divide the
/// work on it.
package struct RowGroupShare: Codable, Sendable, Equatable {
    /// The number of the first group, from 0.
    package let first: Int
    /// The number of the one behind the last.
    package let end: Int
    /// The place of the first group in the file.
    package let offset: Int
    /// Bytes of the groups, with all columns.
    package let bytes: Int

    /// A part of a file.
    package init(first: Int, end: Int, offset: Int, bytes: Int) {
        self.first = first
        self.end = end
        self.offset = offset
        self.bytes = bytes
    }

    /// The numbers of the groups.
    var range: Range<Int> { first..<end }

    /// Whether the numbers can be those of a file.
    package var isSound: Bool {
        0 <= first && first < end && 0 <= offset && 0 <= bytes && bytes <= Int.max - offset
    }

    /// Divides the file at `path` into parts of about `partByteCount` bytes, which end where row
    /// groups do; nil for what is no sound Parquet file, of which the reader tells more, and for a
    /// file of one part. O(bytes of the footer).
    ///
    /// - Parameter format: the format that files are read as.
    package static func divide(
        path: String, as format: CorpusFormat, partByteCount: Int
    ) -> [RowGroupShare]? {
        guard (format == .auto ? CorpusFormat(nameOf: path) : format) == .parquet,
            let groups = (try? ParquetFile(path: path).rowGroupRanges()) ?? nil
        else { return nil }
        var shares: [RowGroupShare] = []
        var first = 0
        for (number, group) in groups.enumerated() {
            let offset = groups[first].lowerBound
            let byteCount = group.upperBound - offset
            guard byteCount >= partByteCount || number == groups.count - 1 else { continue }
            shares.append(
                RowGroupShare(first: first, end: number + 1, offset: offset, bytes: byteCount))
            first = number + 1
        }
        return shares.count > 1 ? shares : nil
    }
}
