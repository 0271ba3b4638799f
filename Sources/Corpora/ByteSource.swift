internal import Zstandard

/// The bytes of one input, decompressed when its first bytes say that they are zstd data.
struct ByteSource: ~Copyable {
    /// Bytes read as they are stored, since they were last asked for.
    private var storedByteCount: Int

    private let file: InputFile
    private var decoder: ZstandardDecoder
    private let isCompressed: Bool
    /// Stored bytes, of which those at `available` wait to be decoded or given out.
    private var buffer: [UInt8]
    private var available: Range<Int>
    private var isAtEnd = false

    /// Opens an input, or standard input for `-`, and looks at its first bytes.
    ///
    /// - Parameter bufferByteCount: the size of one read, raised to 4 if it is less.
    init(path: String, bufferByteCount: Int) throws(CorpusError) {
        let file = try InputFile(path: path)
        var buffer = [UInt8](repeating: 0, count: max(4, bufferByteCount))
        var count = 0
        // A pipe may hand out its first bytes one by one.
        while count < 4 {
            let more = try file.read(into: &buffer, from: count)
            if more == 0 { break }
            count += more
        }
        let decoder = try makeDecoder(path)
        isCompressed =
            path.hasSuffix(".zst") || beginsZstandardFrame(buffer.span.extracting(first: count))
        available = 0..<count
        storedByteCount = count
        self.buffer = buffer
        self.file = file
        self.decoder = decoder
    }

    /// Fills `output` from `start` on with at least one byte and says how many; 0 at the end.
    mutating func read(into output: inout [UInt8], from start: Int) throws(CorpusError) -> Int {
        while true {
            if available.isEmpty, !isAtEnd, !decoder.hasMoreOutput {
                let count = try file.read(into: &buffer, from: 0)
                storedByteCount += count
                available = 0..<count
                isAtEnd = count == 0
            }
            let step: ZstandardDecoder.Step
            if isCompressed {
                step = try decode(available, of: buffer, to: &output, start, &decoder, file.path)
            } else {
                step = copy(available, of: buffer, to: &output, start)
            }
            available = available.lowerBound + step.consumedCount..<available.upperBound
            if step.producedCount > 0 { return step.producedCount }
            if available.isEmpty, isAtEnd { break }
        }
        if isCompressed { try finish(&decoder, file.path) }
        return 0
    }

    /// How many stored bytes were read since the last call.
    mutating func takeStoredByteCount() -> Int {
        defer { storedByteCount = 0 }
        return storedByteCount
    }
}

// Free functions, because each holds some fields of a source exclusively and not all of it.

private func copy(
    _ available: Range<Int>, of buffer: [UInt8], to output: inout [UInt8], _ start: Int
) -> ZstandardDecoder.Step {
    let count = min(available.count, output.count - start)
    copyBytes(buffer.span.extracting(available).extracting(first: count), to: &output, at: start)
    return ZstandardDecoder.Step(consumedCount: count, producedCount: count)
}

private func decode(
    _ available: Range<Int>, of buffer: [UInt8], to output: inout [UInt8], _ start: Int,
    _ decoder: inout ZstandardDecoder, _ path: String
) throws(CorpusError) -> ZstandardDecoder.Step {
    do throws(ZstandardError) {
        var room = output.mutableSpan
        return try decoder.decode(buffer.span.extracting(available), into: &room, from: start)
    } catch {
        throw .badCompression(path: path, error: error)
    }
}

private func finish(_ decoder: inout ZstandardDecoder, _ path: String) throws(CorpusError) {
    do throws(ZstandardError) {
        try decoder.finish()
    } catch {
        throw .badCompression(path: path, error: error)
    }
}

private func makeDecoder(_ path: String) throws(CorpusError) -> ZstandardDecoder {
    do throws(ZstandardError) {
        return try ZstandardDecoder()
    } catch {
        throw .badCompression(path: path, error: error)
    }
}
