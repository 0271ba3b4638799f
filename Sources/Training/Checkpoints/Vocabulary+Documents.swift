public import TokenShards
public import Tokenization

extension Vocabulary {
    /// This vocabulary with what the documents of `data` begin with before each text: the
    /// end-of-text token, unless they have none.
    ///
    /// A checkpoint has it, so that a prompt that is read with its tokenizer begins as the texts
    /// did that the model learned from.
    public func beginningTexts(as data: Mixture) -> Vocabulary {
        let hasEnds = data.sources.contains { $0.set.manifest.endOfText != .none }
        return beginningTexts(with: hasEnds ? endOfText : nil)
    }
}
