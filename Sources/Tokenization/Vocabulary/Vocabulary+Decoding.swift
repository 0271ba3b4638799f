extension Vocabulary {
    /// Appends the bytes of `ids` to `text`. O(count of the bytes).
    ///
    /// The bytes need not be UTF-8: a model may stop in the middle of a character. ``TextStream``
    /// hands out whole characters only.
    ///
    /// - Throws: ``TokenizationError/unknownToken(id:vocabularyCount:)``; `text` is then as it was.
    public func decode(
        _ ids: Span<UInt32>, into text: inout [UInt8]
    ) throws(TokenizationError) {
        if let unknown = appendBytes(of: ids, to: &text) {
            throw .unknownToken(id: unknown, vocabularyCount: count)
        }
    }

    /// Appends the bytes of `ids` to `text`. O(count of the bytes).
    ///
    /// - Throws: ``TokenizationError/unknownToken(id:vocabularyCount:)``; `text` is then as it was.
    public func decode(
        _ ids: Span<UInt16>, into text: inout [UInt8]
    ) throws(TokenizationError) {
        if let unknown = appendBytes(of: ids, to: &text) {
            throw .unknownToken(id: unknown, vocabularyCount: count)
        }
    }

    /// The bytes of `ids`. O(count of the bytes).
    ///
    /// - Throws: ``TokenizationError/unknownToken(id:vocabularyCount:)``.
    public func decode(_ ids: [TokenID]) throws(TokenizationError) -> [UInt8] {
        var text: [UInt8] = []
        let numbers = ids.map(\.rawValue)
        try decode(numbers.span, into: &text)
        return text
    }

    /// Appends the bytes of `ids`; returns the first id that there is no token for, leaving `text` as
    /// it was.
    private func appendBytes<ID: UnsignedInteger & BitwiseCopyable>(
        of ids: Span<ID>, to text: inout [UInt8]
    ) -> UInt32? {
        let before = text.count
        let bytes = tokens.bytes
        let offsets = tokens.offsets
        var index = 0
        while index < ids.count {
            let id = Int(ids[index])
            guard id < tokens.count else {
                text.removeSubrange(before...)
                return UInt32(id)
            }
            let (start, end) = (Int(offsets[id]), Int(offsets[id + 1]))
            // A number without bytes is one that the vocabulary leaves unused.
            guard start < end else {
                text.removeSubrange(before...)
                return UInt32(id)
            }
            unsafe text.append(contentsOf: bytes.elements(from: start, to: end))
            index += 1
        }
        return nil
    }
}
