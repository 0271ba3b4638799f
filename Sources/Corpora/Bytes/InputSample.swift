import Files

/// The first decompressed bytes of an input, to look at.
package struct InputSample: Sendable {
    /// The bytes.
    package let bytes: [UInt8]
    /// Stored bytes that were read for them.
    package let storedByteCount: Int
    /// Whether they are all that the input has.
    package let isWhole: Bool

    /// Reads up to `byteCount` bytes of the file at `path`. O(byteCount).
    package init(path: String, byteCount: Int) throws(CorpusError) {
        var source = try ByteSource(path: path, bufferByteCount: min(1 << 18, byteCount))
        var bytes = [UInt8](repeating: 0, count: byteCount)
        var (count, isWhole) = (0, false)
        while count < byteCount {
            let more = try source.read(into: &bytes, from: count)
            isWhole = more == 0
            if isWhole { break }
            count += more
        }
        if count == byteCount {
            var next: [UInt8] = [0]
            isWhole = try source.read(into: &next, from: 0) == 0
        }
        bytes.removeLast(byteCount - count)
        storedByteCount = source.takeStoredByteCount()
        self.bytes = bytes
        self.isWhole = isWhole
    }

    /// The encoding other than UTF-8 that the first bytes tell, as iconv(1) knows it.
    package var otherEncoding: (name: String, iconvName: String)? {
        TextEncodingMark(of: Array(bytes.prefix(TextEncodingMark.byteCount)))
            .map { ($0.name, $0.iconvName) }
    }

    /// Whether they are no text: a NUL is among the first 8,000, the rule of git
    /// (`buffer_is_binary` in its `xdiff-interface.c`), and they are not UTF-16 or UTF-32.
    package var isBinary: Bool {
        bytes.prefix(Self.binaryByteCount).contains(0) && otherEncoding == nil
    }

    /// Bytes that tell whether a file is binary.
    static let binaryByteCount = 8_000
}
