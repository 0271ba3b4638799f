import Bytes
public import Work

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

    /// Whether it takes the white space before it. "lstrip" in a `tokenizer.json`.
    public let stripsLeft: Bool

    /// Whether it takes the white space behind it. "rstrip" in a `tokenizer.json`.
    public let stripsRight: Bool

    /// Whether it is found only where no character of a word stands before or behind it.
    /// "single_word" in a `tokenizer.json`.
    public let isSingleWord: Bool

    /// The special token `content` with the number `id`.
    public init(
        content: String, id: TokenID, recognition: Recognition = .whereAllowed,
        isSearchedLast: Bool = false, stripsLeft: Bool = false, stripsRight: Bool = false,
        isSingleWord: Bool = false
    ) {
        self.content = content
        self.id = id
        self.recognition = recognition
        self.isSearchedLast = isSearchedLast
        self.stripsLeft = stripsLeft
        self.stripsRight = stripsRight
        self.isSingleWord = isSingleWord
    }
}

extension SpecialToken {
    /// Whether it is of the one kind that most formats have.
    package var isPlain: Bool { recognition == .whereAllowed && !isSearchedLast && !minds }

    /// Whether the text around it matters.
    package var minds: Bool { stripsLeft || stripsRight || isSingleWord }

    /// What of the text around it matters, as one word.
    var surroundings: String {
        [stripsLeft ? "left" : "", stripsRight ? "right" : "", isSingleWord ? "word" : ""]
            .joined(separator: "-")
    }
}

/// Set of special tokens that are recognised where they stand in a text.
///
/// Text from outside is encoded with ``none``, so that a message can never contain a control token.
public enum SpecialTokenPolicy: Hashable, Sendable {
    /// None: everything is ordinary text.
    case none
    /// Every special token of the vocabulary.
    case all
    /// Those whose contents are listed; see ``validate(for:)`` for contents that the vocabulary
    /// lacks.
    case only(Set<String>)

    /// Whether both recognise the same tokens, whose contents are told apart by their bytes.
    public static func == (left: SpecialTokenPolicy, right: SpecialTokenPolicy) -> Bool {
        switch (left, right) {
        case (.none, .none), (.all, .all): true
        case (.only(let some), .only(let others)):
            some.count == others.count
                && some.allSatisfy { content in
                    others.firstIndex(of: content).map {
                        ExactName(others[$0]) == ExactName(content)
                    } ?? false
                }
        default: false
        }
    }

    /// Whether `special` is recognised: always, if it is one that is looked for everywhere.
    func allows(_ special: SpecialToken) -> Bool {
        if special.recognition == .everywhere { return true }
        return switch self {
        case .none: false
        case .all: true
        case .only(let contents):
            contents.contains { ExactName($0) == ExactName(special.content) }
        }
    }

    /// Throws unless the vocabulary has every content that is listed.
    ///
    /// Encoding ignores a content that the vocabulary lacks: a list may serve several vocabularies.
    /// Where a person wrote the list, a slip must not go unnoticed.
    ///
    /// - Throws: ``TokenizationError/unknownSpecialToken(_:known:)``.
    public func validate(for vocabulary: Vocabulary) throws(TokenizationError) {
        try validate(known: vocabulary.specialTokens.map(\.content))
    }

    /// Throws unless every content that is listed is one of `known`.
    ///
    /// - Throws: ``TokenizationError/unknownSpecialToken(_:known:)``.
    public func validate(known: [String]) throws(TokenizationError) {
        guard case .only(let contents) = self else { return }
        for content in contents.sorted()
        where !known.contains(where: { ExactName($0) == ExactName(content) }) {
            throw .unknownSpecialToken(content, known: known)
        }
    }
}

extension SpecialTokenPolicy: CustomStringConvertible {
    /// Reads what ``description`` gives: `all`, `none`, or contents with commas between.
    public init(_ description: String) {
        switch description {
        case "none", "": self = .none
        case "all": self = .all
        default: self = .only(Set(description.split(separator: ",").map(String.init)))
        }
    }

    /// `all`, `none`, or the contents with commas between.
    public var description: String {
        switch self {
        case .none: "none"
        case .all: "all"
        case .only(let contents): contents.sorted().joined(separator: ",")
        }
    }
}

extension SpecialTokenPolicy: Codable {
    /// Reads `"all"`, `"none"`, or a list of contents: an array, or a string with commas between.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let contents = try? container.decode([String].self) {
            self = contents.isEmpty ? .none : .only(Set(contents))
        } else {
            self.init(try container.decode(String.self))
        }
    }

    /// Writes `"all"`, `"none"`, or the contents as an array in sorted order.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if case .only(let contents) = self {
            try container.encode(contents.sorted())
        } else {
            try container.encode(description)
        }
    }
}

extension SpecialTokenPolicy: SettingWord {
    /// A text or a list.
    public static var settingKind: SettingKind { .textOrTexts }

    /// What is encoded.
    public var literal: SettingLiteral {
        guard case .only(let contents) = self else { return .text(description) }
        return contents.sorted().literal
    }
}
