public import TokenShards
public import Tokenization

extension Vocabulary {
    /// This vocabulary with what the documents of `data` begin with before each text: the end-of-text
    /// token, unless they have none.
    ///
    /// A checkpoint has it, so that whoever reads a prompt with its tokenizer begins where the model has
    /// learned to begin.
    public func beginningTexts(as data: Mixture) -> Vocabulary {
        let hasEnds = data.sources.contains { $0.set.manifest.endOfText != .none }
        return beginningTexts(with: hasEnds ? endOfText : nil)
    }
}
