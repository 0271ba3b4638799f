import Files

/// A file that is written front to back through a buffer, and appears whole or not at all.
struct BinaryFile: ~Copyable {
    private static let bufferByteCount = 1 << 20

    private var file: FileReplacement
    private var buffer: [UInt8] = []

    init(path: String) throws {
        file = try FileReplacement(path: path)
    }

    mutating func append<Value: FixedWidthInteger>(_ value: Value) throws {
        buffer.append(littleEndian: value)
        try flushIfFull()
    }

    mutating func append(_ bytes: some Sequence<UInt8>) throws {
        buffer.append(contentsOf: bytes)
        try flushIfFull()
    }

    /// Appends the tokens `range` of `shard`, each of `byteCount` bytes. O(count).
    mutating func append(_ range: Range<Int>, of shard: TokenShard, byteCount: Int) throws {
        try flush()
        guard byteCount != shard.width.byteCount else {
            try shard.withTokenBytes(range) { try file.write($0) }
            return
        }
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min(range.upperBound, start + Self.bufferByteCount / 4)
            for id in shard.tokens(start..<end) {
                for byte in 0..<byteCount {
                    buffer.append(UInt8(truncatingIfNeeded: id.rawValue >> UInt32(8 * byte)))
                }
            }
            try flush()
            start = end
        }
    }

    private mutating func flushIfFull() throws {
        if buffer.count >= Self.bufferByteCount { try flush() }
    }

    private mutating func flush() throws {
        guard !buffer.isEmpty else { return }
        var bytes: [UInt8] = []
        swap(&bytes, &buffer)
        try unsafe file.write(bytes.span.bytes)
        bytes.removeAll(keepingCapacity: true)
        swap(&bytes, &buffer)
    }

    consuming func commit() throws {
        try flush()
        try file.commit()
    }
}
