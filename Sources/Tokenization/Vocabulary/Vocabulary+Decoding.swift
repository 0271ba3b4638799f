import Bytes

extension Vocabulary {
    /// Appends the bytes of `ids` to `text`. O(count of the bytes).
    ///
    /// The bytes need not be UTF-8: a model may stop in the middle of a character. ``TextStream``
    /// hands out whole characters only. They are all that the tokens stand for, also a space that
    /// encoding put before the text: see ``decodeText(_:)``.
    ///
    /// - Throws: ``TokenizationError/unknownToken(id:vocabularyCount:)``; `text` is then as it was.
    public func decode(
        _ ids: Span<TokenID>, into text: inout [UInt8]
    ) throws(TokenizationError) {
        if let unknown = decoding.appendBytes(of: ids, to: &text) {
            throw .unknownToken(id: unknown, vocabularyCount: count)
        }
    }

    /// Appends the bytes of `ids` to `text`. O(count of the bytes).
    ///
    /// - Throws: ``TokenizationError/unknownToken(id:vocabularyCount:)``; `text` is then as it was.
    public func decode(
        _ ids: Span<UInt16>, into text: inout [UInt8]
    ) throws(TokenizationError) {
        if let unknown = decoding.appendBytes(of: ids, to: &text) {
            throw .unknownToken(id: unknown, vocabularyCount: count)
        }
    }

    /// The text of which `ids` are the tokens, from its beginning: its bytes without the space that
    /// a vocabulary such as Llama 2's puts before a text. O(count of the bytes).
    ///
    /// - Throws: ``TokenizationError/unknownToken(id:vocabularyCount:)``.
    public func decodeText(_ ids: [TokenID]) throws(TokenizationError) -> [UInt8] {
        var text: [UInt8] = []
        try decode(ids.span, into: &text)
        if let first = ids.first { removeLeadingSpace(of: first, in: &text, from: 0) }
        return text
    }

    /// Removes the space that decoding leaves out of the bytes of a text, which begin at `start`
    /// with those of its first token. O(count of the bytes).
    func removeLeadingSpace(of first: TokenID, in text: inout [UInt8], from start: Int) {
        switch rules.leadingSpace {
        case .kept: break
        case .one: if start < text.count, text[start] == 0x20 { text.remove(at: start) }
        case .ofFirstToken:
            let bytes = bytes(of: first)
            text.replaceSubrange(
                start..<start + bytes.count, with: bytes.filter { $0 != 0x20 })
        }
    }

    /// Whether what follows `ids` is the beginning of a text: they have nothing but special tokens
    /// that only a program writes. O(special tokens) for each of those.
    package func beginsText(behind ids: [TokenID]) -> Bool {
        ids.allSatisfy { id in
            specialTokens.first { $0.id == id }?.recognition == .whereAllowed
        }
    }

    /// The bytes of `ids`. O(count of the bytes).
    ///
    /// - Throws: ``TokenizationError/unknownToken(id:vocabularyCount:)``.
    public func decode(_ ids: [TokenID]) throws(TokenizationError) -> [UInt8] {
        var text: [UInt8] = []
        try decode(ids.span, into: &text)
        return text
    }
}

/// Decoding from the keys of the tokens: sixteen bytes each, of which the last is the length, so
/// that a token of at most fifteen bytes is one load and one store.
///
/// All sixteen bytes are stored and the next token overwrites those that do not count, so the only
/// branch that a text takes is the rare one: for tokens that are longer, and, by a last entry that
/// every unknown id is led to, for ids that do not exist.
struct DecodingTable: Sendable {
    /// The longest token that an entry holds.
    static let maximumLength = 15

    private let tokens: TokenTable

    /// The table of `tokens`.
    init(_ tokens: TokenTable) {
        self.tokens = tokens
    }

    /// Appends the bytes of `ids` to `text`; returns the first id that there is no token for,
    /// leaving `text` as it was. O(count of the bytes).
    @inline(__always)
    func appendBytes<ID: DecodableID>(
        of ids: Span<ID>, to text: inout [UInt8]
    ) -> TokenID? {
        let before = text.count
        var index = 0
        while index < ids.count {
            // A block at a time, so that room is made for all of it at once.
            let end = min(ids.count, index + Self.blockCount)
            let room = (end - index) * 16
            if text.capacity - text.count < room, index > 0 {
                // The rest will be about as long a token as what came before it.
                let expected = ((text.count - before) / index + 1) * (ids.count - index)
                text.reserveLargePages(max(text.count + expected, text.capacity * 2) + room)
            }
            text.append(addingCapacity: room) { output in
                unsafe output.withUnsafeMutableBufferPointer { buffer, count in
                    unsafe appendShort(
                        ids, from: &index, to: end, buffer.baseAddress.unsafelyUnwrapped, &count)
                }
            }
            guard index < end else { continue }
            let id = ids[index].index
            // A number that the vocabulary leaves unused has no bytes.
            guard id < tokens.count, tokens.byteCount(of: id) > 0 else {
                text.removeSubrange(before...)
                return TokenID(id)
            }
            let (start, next) = (Int(tokens.offsets[id]), Int(tokens.offsets[id + 1]))
            unsafe text.append(contentsOf: tokens.bytes.elements(from: start, to: next))
            index += 1
        }
        return nil
    }

    private static let blockCount = 4096

    /// Stores the bytes of tokens up to `end`, or up to one that no entry holds, where `base` and
    /// `count` say; there must be sixteen bytes of room for each token.
    @inline(__always)
    private func appendShort<ID: DecodableID>(
        _ ids: Span<ID>, from index: inout Int, to end: Int, _ base: UnsafeMutablePointer<UInt8>,
        _ count: inout Int
    ) {
        let last = tokens.count
        let entries = unsafe UnsafeRawPointer(tokens.keys.base)
        var (place, position) = (count, index)
        while position < end {
            // The count was checked against the span's by the caller.
            let id = unsafe ids[unchecked: position].index
            let entry = unsafe entries + min(id, last) &<< 4
            unsafe UnsafeMutableRawPointer(base + place).storeBytes(
                of: entry.load(as: SIMD16<UInt8>.self), as: SIMD16<UInt8>.self)
            // From the table and not from what was just stored, which would wait for the store.
            let length = unsafe Int(entry.load(fromByteOffset: 15, as: UInt8.self))
            guard length <= ShortKey.maximumLength else { break }
            place &+= length
            position &+= 1
        }
        (count, index) = (place, position)
    }
}

/// An id as an array of them holds it: by its type or, where a vocabulary is small, in 16 bits.
protocol DecodableID: BitwiseCopyable {
    /// The place of the token in the table.
    var index: Int { get }
}

extension TokenID: DecodableID {}

extension UInt16: DecodableID {
    @inline(__always)
    var index: Int { Int(self) }
}
