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

    /// Whether `special` is recognised: always, if it is one that is looked for everywhere.
    func allows(_ special: SpecialToken) -> Bool {
        if special.recognition == .everywhere { return true }
        return switch self {
        case .none: false
        case .all: true
        case .only(let contents): contents.contains(special.content)
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
        for content in contents.sorted() where !known.contains(content) {
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
