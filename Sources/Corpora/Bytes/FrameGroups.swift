import Compression
import Files

/// The frames of a zstd file in groups of about one size, found as they are asked for.
///
/// From the file's seek table if it has one that fits; otherwise by walking over the blocks, of
/// which a few bytes each are read.
struct FrameGroups: Sendable {
    private let file: OpenFile
    /// The length of the file.
    let byteCount: Int
    private let groupByteCount: Int
    private let largestFrameByteCount: Int
    /// The lengths of the frames that the seek table names, those at the end first.
    private var lengths: [Int] = []
    private let hasTable: Bool
    private var offset = 0
    private var hasBegun = false

    /// A larger table is not read: it would take more memory than it saves time.
    private static let largestTableByteCount = 16 << 20

    /// Opens the file at `path` and looks for its table.
    init(path: String, sizes: ReadingSizes) throws(FileError) {
        file = try OpenFile(path: path)
        byteCount = try file.byteCount
        groupByteCount = sizes.frameGroupByteCount
        largestFrameByteCount = sizes.largestFrameByteCount
        let table = try Self.table(of: file, byteCount: byteCount)
        hasTable = table != nil
        lengths = (table?.frames ?? []).reversed().map(\.compressedByteCount)
    }

    /// The places of the next frames; nil behind the last. The last group goes to the end of the
    /// file, whatever stands there, and is also the first of an empty one.
    mutating func next() throws(FileError) -> Range<Int>? {
        guard offset < byteCount || !hasBegun else { return nil }
        hasBegun = true
        let start = offset
        while offset < byteCount, offset - start < groupByteCount {
            guard let length = try nextLength(), length <= byteCount - offset else {
                // The rest is decoded in one go, and found to be whole or not.
                if offset > start { return start..<offset }
                offset = byteCount
                return start..<offset
            }
            offset += length
        }
        return start..<offset
    }

    private mutating func nextLength() throws(FileError) -> Int? {
        if hasTable { return lengths.popLast() ?? byteCount - offset }
        let file = file
        return try Self.walk(file, offset, limit: largestFrameByteCount)
    }

    private static func walk(
        _ file: OpenFile, _ offset: Int, limit: Int
    ) throws(FileError) -> Int? {
        do {
            return try FrameWalk.byteCount(ofFrameAt: offset, limit: limit) { place, count in
                var bytes = [UInt8](repeating: 0, count: count)
                bytes.removeLast(count - (try file.read(into: &bytes, at: place)))
                return bytes
            }
        } catch let error as FileError {
            throw error
        } catch {
            preconditionFailure("a walk throws what reading throws")
        }
    }

    private static func table(
        of file: OpenFile, byteCount: Int
    ) throws(FileError) -> SeekTable? {
        guard byteCount >= SeekTable.footerByteCount else { return nil }
        var footer = [UInt8](repeating: 0, count: SeekTable.footerByteCount)
        _ = try file.read(into: &footer, at: byteCount - footer.count)
        guard let tableByteCount = SeekTable.byteCount(footer: footer.span),
            tableByteCount <= min(byteCount, largestTableByteCount)
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: tableByteCount)
        _ = try file.read(into: &bytes, at: byteCount - tableByteCount)
        return SeekTable(bytes.span, precedingByteCount: byteCount - tableByteCount)
    }
}
