/// Decodes a stream of compressed bytes piece by piece.
///
/// The caller owns both buffers and thereby bounds each call: however much the data expands,
/// ``decode(_:into:from:)`` fills the output it was given and returns. ``CompressionFormat`` makes
/// the decoder that a file needs.
public protocol StreamDecoder: ~Copyable, Sendable {
    /// The last call filled its output, so that more of it may be waiting inside the decoder.
    var hasMoreOutput: Bool { get }

    /// Decodes from the start of `input` until it is used up or `output` is full. O(count).
    ///
    /// Decoded bytes go to `output` from `start` on.
    ///
    /// Give the bytes that were not consumed again, with more behind them. After an error the
    /// decoder is spent: every further call throws the same.
    mutating func decode(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, from start: Int
    ) throws(CompressionError) -> DecodingStep

    /// Checks that the data ended where it may.
    mutating func finish() throws(CompressionError)
}

extension StreamDecoder where Self: ~Copyable {
    /// Decodes to the start of `output`. O(count).
    public mutating func decode(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>
    ) throws(CompressionError) -> DecodingStep {
        try decode(input, into: &output, from: 0)
    }
}

/// Result of one call of ``StreamDecoder/decode(_:into:from:)``.
public struct DecodingStep: Equatable, Sendable {
    /// Bytes of the input that were used.
    public var consumedCount: Int
    /// Bytes of the output that were written.
    public var producedCount: Int

    /// A step of these counts.
    public init(consumedCount: Int, producedCount: Int) {
        self.consumedCount = consumedCount
        self.producedCount = producedCount
    }
}

/// Encodes a stream of bytes piece by piece.
///
/// The same bytes give the same data, however they are cut.
public protocol StreamEncoder: ~Copyable, Sendable {
    /// Adds `input` and appends to `output` the data that is ready. O(count).
    mutating func append(_ input: Span<UInt8>, to output: inout [UInt8]) throws(CompressionError)

    /// Ends the data, appending the rest of it to `output`. The encoder is then as new.
    mutating func finish(into output: inout [UInt8]) throws(CompressionError)
}
