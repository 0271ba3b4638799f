import Bytes
import Compression
import Files

/// The bytes of one input, decompressed when its first bytes say that they are compressed.
struct ByteSource: ~Copyable, Sendable {
    /// Compression of the stored bytes.
    let compression: Compression

    /// Bytes read as they are stored, since they were last asked for.
    private var storedByteCount = 0

    private var file: InputFile
    private var zstandard: ZstandardDecoder?
    private var gzip: GzipDecoder?
    /// Stored bytes, of which those at `available` wait to be decoded or given out.
    private var buffer: [UInt8]
    private var available = 0..<0
    private var isAtEnd = false
    /// A decoder holds output that its last call had no room for.
    private var hasMoreOutput = false

    /// Opens an input, or standard input for `-`, and looks at its first bytes.
    ///
    /// - Parameters:
    ///   - bufferByteCount: the size of one read, raised to 4 if it is less.
    ///   - maximumWindowLog: the largest window of zstd data that is allowed.
    init(path: String, bufferByteCount: Int, maximumWindowLog: Int = 27) throws(CorpusError) {
        var file = try namingFile { () throws(FileError) in try InputFile(path: path) }
        var buffer = [UInt8](repeating: 0, count: max(4, bufferByteCount))
        var count = 0
        // A pipe may hand out its first bytes one by one.
        while count < 4 {
            let more = try Corpora.read(&file, into: &buffer, from: count)
            if more == 0 { break }
            count += more
        }
        let compression = Compression(firstBytes: buffer.span.extracting(first: count), path: path)
        let zstandard =
            compression == .zstandard
            ? try makeDecoder(path, maximumWindowLog, startOffset: 0) : nil
        let gzip = compression == .gzip ? try makeGzipDecoder(path) : nil
        self.compression = compression
        self.zstandard = zstandard
        self.gzip = gzip
        available = 0..<count
        storedByteCount = count
        self.buffer = buffer
        self.file = file
    }

    /// Opens whole zstd frames inside a file.
    init(
        frames: Range<Int>, path: String, bufferByteCount: Int, maximumWindowLog: Int
    ) throws(CorpusError) {
        let file = try namingFile { () throws(FileError) in
            try InputFile(path: path, range: frames)
        }
        let decoder = try makeDecoder(path, maximumWindowLog, startOffset: frames.lowerBound)
        zstandard = consume decoder
        gzip = nil
        compression = .zstandard
        buffer = [UInt8](repeating: 0, count: max(4, bufferByteCount))
        self.file = file
    }

    /// Fills `output` from `start` on with at least one byte and says how many; 0 at the end.
    mutating func read(into output: inout [UInt8], from start: Int) throws(CorpusError) -> Int {
        while true {
            if available.isEmpty, !isAtEnd, !hasMoreOutput {
                let count = try Corpora.read(&file, into: &buffer, from: 0)
                storedByteCount += count
                available = 0..<count
                isAtEnd = count == 0
            }
            let step = try decode(to: &output, from: start)
            available = available.lowerBound + step.consumed..<available.upperBound
            if step.produced > 0 { return step.produced }
            if available.isEmpty, isAtEnd { break }
        }
        try finish()
        return 0
    }

    /// Number of stored bytes that were read since the last call.
    mutating func takeStoredByteCount() -> Int {
        defer { storedByteCount = 0 }
        return storedByteCount
    }

    /// Decodes, or copies, what waits and fits.
    private mutating func decode(
        to output: inout [UInt8], from start: Int
    ) throws(CorpusError) -> (consumed: Int, produced: Int) {
        // The array is shared and not copied, so that its span does not hold all of the source.
        let stored = buffer
        let input = stored.span.extracting(available)
        switch compression {
        case .none:
            let count = min(input.count, output.count - start)
            copyBytes(input.extracting(first: count), to: &output, at: start)
            return (count, count)
        case .zstandard:
            return try Corpora.decode(
                input, with: &zstandard!, to: &output, at: start, hasMoreOutput: &hasMoreOutput,
                path: file.path)
        case .gzip:
            return try Corpora.decode(
                input, with: &gzip!, to: &output, at: start, hasMoreOutput: &hasMoreOutput,
                path: file.path)
        }
    }

    /// Checks that compressed data ended where it may.
    private mutating func finish() throws(CorpusError) {
        switch compression {
        case .none: return
        case .zstandard:
            do throws(ZstandardError) {
                try zstandard!.finish()
            } catch {
                throw .badCompression(path: file.path, error: error)
            }
        case .gzip:
            do throws(GzipError) {
                try gzip!.finish()
            } catch {
                throw .badGzip(path: file.path, error: error)
            }
        }
    }
}

// Free functions, because each holds some fields of a source exclusively and not all of it.

private func read(
    _ file: inout InputFile, into buffer: inout [UInt8], from start: Int
) throws(CorpusError) -> Int {
    do throws(FileError) {
        return try file.read(into: &buffer, from: start)
    } catch {
        throw .file(error)
    }
}

private func decode(
    _ input: Span<UInt8>, with decoder: inout ZstandardDecoder, to output: inout [UInt8],
    at start: Int, hasMoreOutput: inout Bool, path: String
) throws(CorpusError) -> (consumed: Int, produced: Int) {
    do throws(ZstandardError) {
        var room = output.mutableSpan
        let step = try decoder.decode(input, into: &room, from: start)
        hasMoreOutput = decoder.hasMoreOutput
        return (step.consumedCount, step.producedCount)
    } catch {
        throw .badCompression(path: path, error: error)
    }
}

private func decode(
    _ input: Span<UInt8>, with decoder: inout GzipDecoder, to output: inout [UInt8],
    at start: Int, hasMoreOutput: inout Bool, path: String
) throws(CorpusError) -> (consumed: Int, produced: Int) {
    do throws(GzipError) {
        var room = output.mutableSpan
        let step = try decoder.decode(input, into: &room, from: start)
        hasMoreOutput = decoder.hasMoreOutput
        return (step.consumedCount, step.producedCount)
    } catch {
        throw .badGzip(path: path, error: error)
    }
}

private func makeDecoder(
    _ path: String, _ maximumWindowLog: Int, startOffset: Int
) throws(CorpusError) -> ZstandardDecoder {
    do throws(ZstandardError) {
        return try ZstandardDecoder(maximumWindowLog: maximumWindowLog, startOffset: startOffset)
    } catch {
        throw .badCompression(path: path, error: error)
    }
}

private func makeGzipDecoder(_ path: String) throws(CorpusError) -> GzipDecoder {
    do throws(GzipError) {
        return try GzipDecoder()
    } catch {
        throw .badGzip(path: path, error: error)
    }
}
