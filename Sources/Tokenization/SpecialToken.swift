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

/// Which special tokens are recognised where they stand in a text.
///
/// Text from outside is encoded with ``none``, so that a message can never contain a control token.
public enum SpecialTokenPolicy: Hashable, Sendable {
    /// None: everything is ordinary text.
    case none
    /// Every special token of the vocabulary.
    case all
    /// Those whose contents are listed; contents that the vocabulary lacks are ignored.
    case only(Set<String>)
}
