import Bytes
import Compression
import Files

/// The decoded bytes of one input, on whichever threads they are decoded.
struct InputBytes: ~Copyable, Sendable {
    private var source: ByteSource?
    private var ahead: ReadAhead?
    /// Block that was decoded ahead, of which the bytes from `place` on were not given out yet.
    private var block = ReadAhead.Block(bytes: [])
    private var place = 0
    private var storedByteCount = 0

    /// Opens an input.
    ///
    /// - Parameters:
    ///   - byteCount: its size as it is stored; nil for a pipe.
    ///   - maximumWindowLog: the largest window of zstd data that is allowed.
    ///   - isExact: whether all bytes before damage are given out, so that their number does not
    ///     depend on sizes and threads.
    ///   - sizes: sizes of reads.
    init(
        path: String, byteCount: Int?, maximumWindowLog: Int = 27, isExact: Bool = false,
        sizes: ReadingSizes
    ) throws(CorpusError) {
        let source = try ByteSource(
            path: path, bufferByteCount: sizes.bufferByteCount, maximumWindowLog: maximumWindowLog,
            isExact: isExact, stop: sizes.stop)
        guard source.format != nil, sizes.threadCount > 1,
            byteCount ?? .max >= sizes.aheadFrom
        else {
            self.source = consume source
            return
        }
        // Each thread has a window, and a large one is not had several times.
        if source.format == .zstandard, byteCount != nil, maximumWindowLog <= 27 {
            let groups = try namingFile { () throws(FileError) in
                try FrameGroups(path: path, sizes: sizes)
            }
            ahead = ReadAhead(
                groups: groups, path: path, sizes: sizes, maximumWindowLog: maximumWindowLog,
                isExact: isExact)
        } else {
            ahead = ReadAhead(source: source, path: path, sizes: sizes)
        }
    }

    /// Fills `output` from `start` on with at least one byte and says how many; 0 at the end.
    mutating func read(into output: inout [UInt8], from start: Int) throws(CorpusError) -> Int {
        if source != nil { return try source!.read(into: &output, from: start) }
        while place == block.count {
            if !block.bytes.isEmpty { ahead!.reuse(block) }
            block = ReadAhead.Block(bytes: [])
            place = 0
            guard let next = try ahead!.next() else { return 0 }
            block = next
            storedByteCount += next.storedByteCount
        }
        let count = min(block.count - place, output.count - start)
        copyBytes(block.bytes.span.extracting(place..<place + count), to: &output, at: start)
        place += count
        return count
    }

    /// Number of stored bytes that were read since the last call.
    mutating func takeStoredByteCount() -> Int {
        if source != nil { return source!.takeStoredByteCount() }
        defer { storedByteCount = 0 }
        return storedByteCount
    }
}
