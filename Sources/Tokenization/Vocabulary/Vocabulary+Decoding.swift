extension Vocabulary {
    /// Appends the bytes of `ids` to `text`. O(count of the bytes).
    ///
    /// The bytes need not be UTF-8: a model may stop in the middle of a character. ``TextStream``
    /// hands out whole characters only.
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

    /// The bytes of `ids`. O(count of the bytes).
    ///
    /// - Throws: ``TokenizationError/unknownToken(id:vocabularyCount:)``.
    public func decode(_ ids: [TokenID]) throws(TokenizationError) -> [UInt8] {
        var text: [UInt8] = []
        try decode(ids.span, into: &text)
        return text
    }
}
