import Bytes

/// What happens to a text before it is cut, and to tokens before they are text again: the
/// normalizer of a `tokenizer.json`, and those parts of its pre-tokenizer and decoder that cut
/// nothing.
///
/// Most vocabularies have none of it: see ``isPlain``.
package struct TextRules: Hashable, Sendable {
    /// Normal forms that a text is brought into, one after another.
    package var forms: [UnicodeForm] = []

    /// How tokens are spelled, and what single characters are.
    package var spelling = Spelling.byteCharacters

    /// Whether the normalizer puts a space before every part of a text, even before a space.
    package var prependsSpace = false

    /// Which parts of a text get a space in front where they do not begin with one.
    package var prefix = SpacePrefix.none

    /// Which spaces decoding leaves out.
    package var leadingSpace = LeadingSpace.kept

    /// The token of a character that no other stands for.
    package var unknown: Unknown?

    /// No rules.
    package init() {}

    /// How tokens are spelled, and with it what merging begins with.
    package enum Spelling: String, Sendable {
        /// A character for each byte: GPT-2's spelling.
        case byteCharacters = "byte-characters"
        /// The characters themselves, with `▁` for a space that the normalizer replaces:
        /// SentencePiece's spelling.
        case characters
        /// As ``characters``, and the pre-tokenizer replaces spaces: Metaspace.
        case metaspace
    }

    /// Parts of a text that get a space in front.
    package enum SpacePrefix: String, Sendable {
        case none
        /// The one at the beginning of the text.
        case first
        /// Every part between added tokens.
        case always
    }

    /// Spaces at the beginning of a decoded text that are left out.
    package enum LeadingSpace: String, Sendable {
        case kept
        /// One.
        case one
        /// All of the first token.
        case ofFirstToken = "of-first-token"
    }

    /// The token of what no other stands for, and whether several in a row are one.
    package struct Unknown: Hashable, Sendable {
        package var id: UInt32
        package var fuses: Bool

        /// The token `id`.
        package init(id: UInt32, fuses: Bool) {
            self.id = id
            self.fuses = fuses
        }
    }

    /// Whether texts are cut as they are.
    var keepsTexts: Bool {
        forms.isEmpty && spelling == .byteCharacters && !prependsSpace && prefix == .none
    }

    /// Whether there is nothing to do at all.
    package var isPlain: Bool {
        keepsTexts && leadingSpace == .kept && unknown == nil
    }

    /// Whether tokens are spelled in characters.
    package var isOfCharacters: Bool { spelling != .byteCharacters }

    /// The rules as one text, for a fingerprint.
    var description: String {
        let parts = [
            forms.map(\.rawValue).joined(separator: "+"), spelling.rawValue,
            prependsSpace ? "prepends" : "", prefix.rawValue, leadingSpace.rawValue,
            unknown.map { "\($0.id)\($0.fuses ? "+" : "")" } ?? "",
        ]
        return parts.joined(separator: " ")
    }

    /// `▁`, U+2581, which stands for a space in the spelling of SentencePiece.
    static let mark: [UInt8] = [0xE2, 0x96, 0x81]

    /// The bytes of a token that is spelled in characters.
    package static func bytes(ofSpelled name: [UInt8]) -> [UInt8] {
        name.contains(mark[0]) ? name.replacing(mark, with: [0x20]) : name
    }

    /// The byte that a name such as `<0x0A>` stands for; nil if it is no such name.
    package static func byte(spelled name: [UInt8]) -> UInt8? {
        guard name.count == 6, name.starts(with: Array("<0x".utf8)), name[5] == UInt8(ascii: ">")
        else { return nil }
        let digits = String(decoding: name[3..<5], as: UTF8.self)
        guard digits == digits.uppercased(), digits.first != "+", digits.first != "-" else {
            return nil
        }
        return UInt8(digits, radix: 16)
    }

    /// The spelling of a token in characters.
    package static func spelled(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.replacing([0x20], with: mark), as: UTF8.self)
    }

    /// What the normalizer makes of a part of a text; `nil` if it is as it was. O(count).
    ///
    /// Spaces stay spaces, and what is spelled as one becomes one.
    func normalized(_ part: ByteView) -> [UInt8]? {
        guard part.count > 0 else { return nil }
        var result: [UInt8]?
        for form in forms {
            if let changed = result {
                result = ByteView.with(changed.span) { form.normalized($0) } ?? changed
            } else {
                result = form.normalized(part)
            }
        }
        if prependsSpace {
            result = result.map { [0x20] + $0 } ?? part.array(behind: 0x20)
        }
        guard spelling == .characters else { return result }
        if let changed = result {
            return ByteView.with(changed.span) { Self.withSpaces($0) } ?? changed
        }
        return Self.withSpaces(part)
    }

    /// What the pre-tokenizer makes of a part of a text before it cuts it; `nil` if it is as it
    /// was. O(count).
    ///
    /// - Parameter isFirst: whether it is the beginning of the text.
    func prepared(_ part: ByteView, isFirst: Bool) -> [UInt8]? {
        guard part.count > 0 else { return nil }
        let changed = spelling == .metaspace ? Self.withSpaces(part) : nil
        let begins = changed.map { $0[0] } ?? part[0]
        guard prefix == .always || prefix == .first && isFirst, begins != 0x20 else {
            return changed
        }
        return changed.map { [0x20] + $0 } ?? part.array(behind: 0x20)
    }

    /// `text` with spaces for the marks in it; `nil` if there is none. O(count).
    private static func withSpaces(_ text: ByteView) -> [UInt8]? {
        var place = text.firstIndex(of: mark[0], from: 0)
        while place < text.count, !text.hasPrefix(mark, at: place) {
            place = text.firstIndex(of: mark[0], from: place + 1)
        }
        guard place < text.count else { return nil }
        return text.array(from: 0, to: text.count).replacing(mark, with: [0x20])
    }
}
