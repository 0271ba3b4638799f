import Bytes

/// Tokens in, whole characters out: for text that appears while it is generated.
///
/// The text has no space in front that the vocabulary put there: see ``Vocabulary/decodeText(_:)``.
/// What goes on behind another text keeps all of its spaces.
///
/// A token may end in the middle of a character; its bytes are held back until the rest has come,
/// or until it is clear that none will. Bytes that cannot be UTF-8 are handed on unchanged, so that
/// what comes out is exactly what the tokens stand for; `String(decoding:as:)` shows them as
/// U+FFFD.
///
/// ```swift
/// var stream = TextStream(vocabulary)
/// for id in ids { print(try stream.text(of: id), terminator: "") }
/// print(stream.finishText())
/// ```
public struct TextStream: Sendable {
    private let vocabulary: Vocabulary
    private let isContinued: Bool
    /// Whether a token of the text has come.
    private var hasBegun = false

    /// Bytes that begin a character whose end has not come: at most three.
    private var pending: [UInt8] = []

    /// A stream with nothing in it.
    ///
    /// - Parameters:
    ///   - vocabulary: the vocabulary of the tokens.
    ///   - isContinued: whether the text goes on behind another one.
    public init(_ vocabulary: Vocabulary, isContinued: Bool = false) {
        self.vocabulary = vocabulary
        self.isContinued = isContinued
    }

    /// Takes `ids` and appends to `output` the bytes that are complete. O(count of the bytes).
    ///
    /// - Throws: ``TokenizationError/unknownToken(id:vocabularyCount:)``; nothing is then taken.
    public mutating func append(
        _ ids: Span<TokenID>, to output: inout [UInt8]
    ) throws(TokenizationError) {
        let before = output.count
        output.append(contentsOf: pending)
        do throws(TokenizationError) {
            try vocabulary.decode(ids, into: &output)
        } catch {
            output.removeSubrange(before...)
            throw error
        }
        if !hasBegun, !ids.isEmpty {
            hasBegun = true
            if !isContinued {
                vocabulary.removeLeadingSpace(of: ids[0], in: &output, from: before)
            }
        }
        let held = Self.incompleteSuffix(of: output, from: before)
        pending = Array(output.suffix(held))
        output.removeLast(held)
    }

    /// Takes `id` and returns the bytes that are complete, perhaps none.
    ///
    /// - Throws: ``TokenizationError/unknownToken(id:vocabularyCount:)``.
    public mutating func bytes(of id: TokenID) throws(TokenizationError) -> [UInt8] {
        var output: [UInt8] = []
        try append([id].span, to: &output)
        return output
    }

    /// Takes `id` and returns the characters that are complete, with U+FFFD for what is not UTF-8.
    ///
    /// - Throws: ``TokenizationError/unknownToken(id:vocabularyCount:)``.
    public mutating func text(of id: TokenID) throws(TokenizationError) -> String {
        String(decoding: try bytes(of: id), as: UTF8.self)
    }

    /// The bytes still held back, at the end of the text. The stream is then empty.
    public mutating func finish() -> [UInt8] {
        defer { (pending, hasBegun) = ([], false) }
        return pending
    }

    /// The text still held back, with U+FFFD for bytes that are not UTF-8. The stream is then
    /// empty.
    public mutating func finishText() -> String {
        String(decoding: finish(), as: UTF8.self)
    }

    /// Number of bytes at the end that begin a character and do not end it.
    static func incompleteSuffix(of bytes: [UInt8], from start: Int) -> Int {
        for length in 1...3 where length <= bytes.count - start {
            let byte = bytes[bytes.count - length]
            if byte & 0xC0 == 0x80 { continue }
            let needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            guard needed > length else { return 0 }
            // Only a prefix that some character continues is worth waiting for.
            var candidate = Array(bytes.suffix(length))
            let continuations: [UInt8] = [0x80, 0x90, 0xA0]
            return continuations.contains { second in
                candidate.replaceSubrange(length..., with: [second, 0x80, 0x80, 0x80])
                return ByteView.with(candidate.span) { decodeCodePoint($0, 0).value != nil }
            } ? length : 0
        }
        return 0
    }
}
