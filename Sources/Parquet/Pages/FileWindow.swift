import Bytes
import Files

/// A part of a file in memory, which moves on as later bytes are asked for.
struct FileWindow: Sendable {
    private let file: OpenFile
    /// Bytes that are read at once, at least.
    private let step: Int
    /// The buffer; of it count the first `count` bytes, those of the file from `start` on.
    private(set) var bytes: [UInt8] = []
    private var start = 0
    private var count = 0
    /// Bytes read since they were last asked for.
    private(set) var readCount = 0

    init(_ file: OpenFile, step: Int) {
        self.file = file
        self.step = step
    }

    /// Reads the bytes of the file in `range`, unless they are there, and returns their place in
    /// ``bytes``. O(count).
    ///
    /// - Parameter end: the place up to which more is read along.
    mutating func require(
        _ range: Range<Int>, upTo end: Int
    ) throws(ParquetError) -> Range<Int> {
        if range.lowerBound < start || range.upperBound > start + count {
            let kept = max(0, start + count - range.lowerBound)
            if range.lowerBound >= start, kept > 0 {
                moveBytesToFront(
                    of: &bytes, from: range.lowerBound - start..<count)
                count = kept
            } else {
                count = 0
            }
            start = range.lowerBound
            let wanted = max(range.count, min(step, end - start))
            if bytes.count < wanted {
                bytes.append(contentsOf: repeatElement(0, count: wanted - bytes.count))
            }
            let room = count..<wanted
            let offset = start + count
            let more = try namingFile { () throws(FileError) in
                try file.read(into: &bytes, over: room, at: offset)
            }
            count += more
            readCount += more
            guard count >= range.count else {
                throw .malformed(
                    path: file.path, offset: start + count,
                    reason: "the file became shorter while it was read")
            }
        }
        return range.lowerBound - start..<range.upperBound - start
    }
}
