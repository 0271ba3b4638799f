import Bytes
import Compression
import Files
import Work

/// The bytes of one input, decompressed when its first bytes say that they are compressed.
struct ByteSource: ~Copyable, Sendable {
    /// Compression of the stored bytes; nil if there is none.
    let format: CompressionFormat?

    /// Bytes read as they are stored, since they were last asked for.
    private var storedByteCount = 0

    private var file: InputFile
    private var decoder: any StreamDecoder & ~Copyable
    /// Stored bytes, of which those at `available` wait to be decoded or given out.
    private var buffer: [UInt8]
    private var available = 0..<0
    private var isAtEnd = false

    /// Opens an input, or standard input for `-`, and looks at its first bytes.
    ///
    /// - Parameters:
    ///   - bufferByteCount: the size of one read, raised to 4 if it is less.
    ///   - maximumWindowLog: the largest window of zstd data that is allowed.
    ///   - isExact: whether all bytes before damage are given out.
    ///   - stop: ends the waiting for a pipe.
    init(
        path: String, bufferByteCount: Int, maximumWindowLog: Int = 27, isExact: Bool = false,
        stop: StopSignal? = nil
    ) throws(CorpusError) {
        var isStopped: (@Sendable () -> Bool)?
        if let stop { isStopped = { stop.isRequested } }
        let ends = isStopped
        var file = try namingFile { () throws(FileError) in
            try InputFile(path: path, isStopped: ends)
        }
        var buffer = [UInt8](repeating: 0, count: max(4, bufferByteCount))
        var count = 0
        // A pipe may hand out its first bytes one by one.
        while count < 4 {
            let more = try namingFile { () throws(FileError) in
                try file.read(into: &buffer, from: count)
            }
            if more == 0 { break }
            count += more
        }
        let format = CompressionFormat(firstBytes: buffer.span.extracting(first: count), path: path)
        decoder = try naming(path) { () throws(CompressionError) in
            try format?.makeDecoder(maximumWindowLog: maximumWindowLog, isExact: isExact)
                ?? StoredDecoder()
        }
        self.format = format
        available = 0..<count
        storedByteCount = count
        self.buffer = buffer
        self.file = file
    }

    /// Opens whole zstd frames inside a file.
    init(
        frames: Range<Int>, path: String, bufferByteCount: Int, maximumWindowLog: Int,
        isExact: Bool
    ) throws(CorpusError) {
        let file = try namingFile { () throws(FileError) in
            try InputFile(path: path, range: frames)
        }
        decoder = try naming(path) { () throws(CompressionError) in
            try ZstandardDecoder(
                maximumWindowLog: maximumWindowLog, startOffset: frames.lowerBound,
                isExact: isExact)
        }
        format = .zstandard
        buffer = [UInt8](repeating: 0, count: max(4, bufferByteCount))
        self.file = file
    }

    /// Fills `output` from `start` on with at least one byte and says how many; 0 at the end.
    mutating func read(into output: inout [UInt8], from start: Int) throws(CorpusError) -> Int {
        while true {
            if available.isEmpty, !isAtEnd, !decoder.hasMoreOutput { try fill() }
            let step = try decode(into: &output, from: start)
            available = available.lowerBound + step.consumedCount..<available.upperBound
            if step.producedCount > 0 { return step.producedCount }
            if available.isEmpty, isAtEnd { break }
        }
        do throws(CompressionError) {
            try decoder.finish()
        } catch {
            throw .badCompression(path: file.path, error: error)
        }
        return 0
    }

    /// Number of stored bytes that were read since the last call.
    mutating func takeStoredByteCount() -> Int {
        defer { storedByteCount = 0 }
        return storedByteCount
    }

    /// Reads stored bytes when none wait.
    private mutating func fill() throws(CorpusError) {
        let count: Int
        do throws(FileError) {
            count = try file.read(into: &buffer, from: 0)
        } catch {
            throw .file(error)
        }
        storedByteCount += count
        available = 0..<count
        isAtEnd = count == 0
    }

    /// Decodes, or copies, stored bytes that wait, as many as fit.
    private mutating func decode(
        into output: inout [UInt8], from start: Int
    ) throws(CorpusError) -> DecodingStep {
        // The array is shared and not copied, so that its span does not hold all of the source.
        let stored = buffer
        var room = output.mutableSpan
        do throws(CompressionError) {
            return try decoder.decode(stored.span.extracting(available), into: &room, from: start)
        } catch {
            throw .badCompression(path: file.path, error: error)
        }
    }
}

/// Copies bytes that are not compressed.
private struct StoredDecoder: StreamDecoder {
    var hasMoreOutput: Bool { false }

    mutating func decode(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, from start: Int
    ) -> DecodingStep {
        let count = min(input.count, output.count - start)
        copyBytes(input.extracting(first: count), to: &output, at: start)
        return DecodingStep(consumedCount: count, producedCount: count)
    }

    mutating func finish() {}
}

/// Calls `body`, and makes what is wrong with compressed data in it an error that names the file.
private func naming<Result: ~Copyable>(
    _ path: String, _ body: () throws(CompressionError) -> Result
) throws(CorpusError) -> Result {
    do throws(CompressionError) {
        return try body()
    } catch {
        throw .badCompression(path: path, error: error)
    }
}
