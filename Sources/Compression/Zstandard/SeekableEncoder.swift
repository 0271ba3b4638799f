/// Makes seekable zstd data: frames of about one size, and a ``SeekTable`` at the end.
///
/// Frames end where records do, so that a record, such as a line, is found whole in one frame. The
/// same records, level and version of libzstd give the same bytes.
///
/// ```swift
/// var encoder = try SeekableEncoder()
/// for line in lines { try encoder.append(line.utf8.span, to: &compressed) }
/// try encoder.finish(into: &compressed)
/// ```
public struct SeekableEncoder: ~Copyable, StreamEncoder, Sendable {
    /// The size at which a frame ends, unless the caller chooses another: small enough to decode
    /// many at once, and large enough to lose less than a hundredth of the compression.
    public static let standardFrameByteCount = 4 << 20

    /// The most that readers of seekable data take for one frame.
    public static let maximumFrameByteCount = 1 << 30

    /// The frames that are done.
    public private(set) var table = SeekTable()

    private var encoder: ZstandardEncoder
    private let frameByteCount: Int
    /// Content of the next frame.
    private var content: [UInt8] = []

    /// An encoder of compression `level` whose frames end with the record that reaches
    /// `frameByteCount` bytes.
    ///
    /// Memory is that of two frames.
    public init(
        level: Int = 3, frameByteCount: Int = standardFrameByteCount
    ) throws(CompressionError) {
        precondition(
            (1...Self.maximumFrameByteCount).contains(frameByteCount), "a frame has a size")
        encoder = try ZstandardEncoder(level: level)
        self.frameByteCount = frameByteCount
    }

    /// Adds a record, and appends to `output` the frame that it ends, if it ends one. O(count).
    ///
    /// A record is cut only where it goes beyond ``maximumFrameByteCount``.
    public mutating func append(
        _ record: Span<UInt8>, to output: inout [UInt8]
    ) throws(CompressionError) {
        var start = 0
        while start < record.count {
            let room = Self.maximumFrameByteCount - content.count
            let count = min(room, record.count - start)
            let part = record.extracting(start..<start + count)
            unsafe part.withUnsafeBufferPointer { unsafe content.append(contentsOf: $0) }
            start += count
            if content.count >= frameByteCount { try endFrame(into: &output) }
        }
    }

    /// Ends the last frame and appends it and the table to `output`. The encoder is then as new.
    public mutating func finish(into output: inout [UInt8]) throws(CompressionError) {
        if !content.isEmpty || table.frames.isEmpty { try endFrame(into: &output) }
        output += table.encoded
        table = SeekTable()
    }

    private mutating func endFrame(into output: inout [UInt8]) throws(CompressionError) {
        let start = output.count
        let content = content
        try encoder.appendFrame(of: content.span, to: &output)
        table.append(
            frame: output.span.extracting(droppingFirst: start), contentByteCount: content.count)
        self.content = []
    }
}
