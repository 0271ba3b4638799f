import Bytes

/// Cuts the bytes of one input into blocks of whole lines, which several threads may look through.
struct LineBlocks: ~Copyable, Sendable {
    /// Whole lines, or the beginning of one above the limit.
    struct Block: Sendable {
        var bytes: [UInt8]
        /// Number of bytes that count.
        var count: Int
        /// It is the beginning of a line above the limit, and nothing else.
        var isTooLarge = false
        /// Stored bytes that were read since the last block.
        var storedByteCount = 0
    }

    private let path: String
    private var source: InputBytes
    private let limit: Int
    private let endsAboveLimit: Bool
    private let frontByteCount: Int
    private let byteCount: Int
    /// The beginning of the next line.
    private var rest: [UInt8] = []
    private var isAtEnd = false
    private var hasBegun = false
    /// Why the rest of the input cannot be read.
    private var failure: CorpusError?

    /// Opens an input, of which lines of up to `limit` bytes are wanted.
    init(_ input: FormatInput) throws(CorpusError) {
        path = input.path
        source = try input.openBytes()
        limit = input.limit
        endsAboveLimit = input.endsAboveLimit
        frontByteCount = input.frontByteCount
        byteCount = max(input.sizes.bufferByteCount, TextEncodingMark.byteCount)
    }

    /// The next lines, at least one; nil behind the last. O(their bytes).
    ///
    /// - Parameter spare: memory of an earlier block.
    mutating func next(reusing spare: [UInt8]?) throws(CorpusError) -> Block? {
        var bytes = spare ?? []
        if bytes.count < byteCount || bytes.count > 2 * byteCount {
            bytes = [UInt8](repeating: 0, count: byteCount)
        }
        if rest.count > bytes.count {
            bytes += [UInt8](repeating: 0, count: rest.count - bytes.count)
        }
        copyBytes(rest.span, to: &bytes, at: 0)
        var count = rest.count
        rest = []
        while true {
            count += fill(&bytes, from: count)
            if !hasBegun {
                hasBegun = true
                let head = bytes[..<count].prefix(TextEncodingMark.byteCount)
                try TextEncodingMark.refuse(Array(head), path: path)
            }
            if isAtEnd, failure == nil {
                guard count > 0 else { return nil }
                return block(bytes, count)
            }
            if let last = lastLineEnd(in: bytes.span.extracting(first: count)) {
                rest = Array(bytes[(last + 1)..<count])
                return block(bytes, last + 1)
            }
            if let failure { throw failure }
            guard count <= limit else { return passLine(bytes) }
            bytes += [UInt8](repeating: 0, count: min(count, limit + 1 - count))
        }
    }

    /// Stored bytes that were read since the last block.
    mutating func takeStoredByteCount() -> Int { source.takeStoredByteCount() }

    /// Reads until `bytes` are full from `start` on, or all is read that can be; returns how many
    /// were read.
    private mutating func fill(_ bytes: inout [UInt8], from start: Int) -> Int {
        var count = start
        while count < bytes.count, !isAtEnd {
            do throws(CorpusError) {
                let more = try source.read(into: &bytes, from: count)
                isAtEnd = more == 0
                count += more
            } catch {
                // What stands before counts.
                failure = error
                isAtEnd = true
            }
        }
        return count - start
    }

    private mutating func block(_ bytes: [UInt8], _ count: Int) -> Block {
        Block(bytes: bytes, count: count, storedByteCount: source.takeStoredByteCount())
    }

    /// Passes a line above the limit, of which `bytes` are the first, up to its end.
    private mutating func passLine(_ bytes: [UInt8]) -> Block {
        let front = Array(bytes.prefix(frontByteCount))
        var bytes = bytes
        while !endsAboveLimit, !isAtEnd {
            let count = fill(&bytes, from: 0)
            if let end = firstOffset(
                of: UInt8(ascii: "\n"), in: bytes.span.extracting(first: count))
            {
                rest = Array(bytes[(end + 1)..<count])
                break
            }
        }
        return Block(
            bytes: front, count: front.count, isTooLarge: true,
            storedByteCount: source.takeStoredByteCount())
    }

    private func lastLineEnd(in bytes: Span<UInt8>) -> Int? {
        var place = bytes.count
        while place > 0 {
            place -= 1
            if bytes[place] == UInt8(ascii: "\n") { return place }
        }
        return nil
    }
}
