/// A token that stands for no text of its own, such as the end of a document.
///
/// Text that merely looks like one stays ordinary text unless the caller says otherwise: see
/// ``SpecialTokenPolicy``.
public struct SpecialToken: Hashable, Sendable {
    /// How it is written, for example `<|endoftext|>`.
    public let content: String

    /// Its number in the vocabulary.
    public let id: TokenID

    /// The special token `content` with the number `id`.
    public init(content: String, id: TokenID) {
        self.content = content
        self.id = id
    }
}
