/// A token that no merge makes: mostly one that stands for no text of its own, such as the end of a
/// document.
///
/// Text that merely looks like one stays ordinary text unless the caller says otherwise: see
/// ``SpecialTokenPolicy``. Some vocabularies have added tokens of another kind, which are looked
/// for in every text: see ``Recognition/everywhere``.
public struct SpecialToken: Hashable, Sendable {
    /// Parts of a text in which a token is looked for.
    public enum Recognition: Sendable {
        /// Only where the caller allows it. "special": true in a `tokenizer.json`.
        case whereAllowed
        /// In every text, whatever the caller allows. "special": false in a `tokenizer.json`: it
        /// decides the ids of ordinary text, such as a run of spaces.
        case everywhere
    }

    /// Text of the token, for example `<|endoftext|>`.
    public let content: String

    /// Its number in the vocabulary.
    public let id: TokenID

    /// Parts of a text in which it is looked for.
    public let recognition: Recognition

    /// Whether it is looked for only in what the special tokens that are not searched last leave of
    /// a text. "normalized" in a `tokenizer.json`.
    public let isSearchedLast: Bool

    /// The special token `content` with the number `id`.
    public init(
        content: String, id: TokenID, recognition: Recognition = .whereAllowed,
        isSearchedLast: Bool = false
    ) {
        self.content = content
        self.id = id
        self.recognition = recognition
        self.isSearchedLast = isSearchedLast
    }
}

extension SpecialToken {
    /// Whether it is of the one kind that most formats have.
    package var isPlain: Bool { recognition == .whereAllowed && !isSearchedLast }
}
