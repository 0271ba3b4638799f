extension Vocabulary {
    /// Special tokens before each text that a model of this vocabulary reads: those that the
    /// post-processor of its `tokenizer.json` puts there, as `transformers` does. Most often none
    /// or one.
    ///
    /// It is no part of a text's own ids: an encoder does not add it.
    public var textPrefix: [TokenID] { postProcessor.beginning.compactMap(specialToken) }

    /// The token that begins a text: the first of ``textPrefix``; without one, the first that has a
    /// name in common use for it; without such a one, what ends the text before.
    public var beginningOfText: TokenID? {
        let names = ["<|begin_of_text|>", "<|startoftext|>", "<s>", "<｜begin▁of▁sentence｜>"]
        return textPrefix.first ?? names.lazy.compactMap(specialToken).first ?? endOfText
    }

    /// This vocabulary with the special token `token` before each text, or with nothing there.
    ///
    /// Files that are written of it say so to their readers; the ids of texts and the fingerprint
    /// are the same.
    ///
    /// - Precondition: `token` is special.
    public func beginningTexts(with token: TokenID?) -> Vocabulary {
        var copy = self
        copy.postProcessor = .byteLevel
        if let token {
            guard let special = specialTokens.first(where: { $0.id == token }) else {
                preconditionFailure("what begins a text is a special token")
            }
            copy.postProcessor = .beginning(with: special)
        }
        return copy
    }
}
