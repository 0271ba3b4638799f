/// Text that a template works on, each character with where it comes from.
///
/// A rendered conversation has two kinds of characters that look alike: those of the template, in
/// which `<|im_end|>` is a control token, and those of messages, in which it is only text. Cutting,
/// joining, trimming and replacing keep every character's origin.
public struct TemplateText: Sendable {
    /// Source of a character.
    public struct Origin: Hashable, Sendable {
        /// 0 for the template, 1 for what is of neither, from 2 on numbers of a caller.
        let number: UInt32

        /// The template itself, with what it was given as its own: the beginning and the end of a
        /// text, roles, dates.
        public static let template = Origin(number: 0)
        /// Neither the template nor a numbered source, as the brackets of JSON.
        public static let other = Origin(number: 1)

        /// The source that a caller calls `number`, from 0 on.
        public static func source(_ number: Int) -> Origin {
            Origin(number: UInt32(number) + 2)
        }

        /// The caller's number; nil for the others.
        public var source: Int? { number < 2 ? nil : Int(number) - 2 }

        init(number: UInt32) { self.number = number }
    }

    /// A Unicode scalar with its origin.
    package struct Character: Sendable, Equatable {
        private let scalarAndMark: UInt32
        private let originNumber: UInt32

        private static let mark: UInt32 = 1 << 31

        init(_ scalar: UInt32, _ origin: Origin, isGenerated: Bool = false) {
            scalarAndMark = scalar | (isGenerated ? Self.mark : 0)
            originNumber = origin.number
        }

        /// The number of the scalar, which is a valid one.
        package var scalar: UInt32 { scalarAndMark & ~Self.mark }
        package var origin: Origin { Origin(number: originNumber) }
        /// Whether the template says that a model is to write it.
        package var isGenerated: Bool { scalarAndMark & Self.mark != 0 }

        /// The same scalar, as one that a model is to write.
        var generated: Character { Character(scalar, origin, isGenerated: true) }

        /// Another scalar in its place.
        func replaced(by scalar: UInt32) -> Character {
            Character(scalar, origin, isGenerated: isGenerated)
        }
    }

    package internal(set) var characters: [Character]
    /// Whether it was called HTML, which Python escapes nothing of.
    var isMarkup = false

    init(_ characters: some Sequence<Character>) { self.characters = Array(characters) }

    /// Text of one origin. O(count).
    public init(_ text: String, _ origin: Origin = .template) {
        characters = text.unicodeScalars.map { Character($0.value, origin) }
    }

    /// Number of Unicode scalars, which is what Python counts.
    public var count: Int { characters.count }

    /// The plain text. O(count).
    public var string: String {
        var view = String.UnicodeScalarView()
        for character in characters { view.append(Unicode.Scalar(character.scalar) ?? "\u{FFFD}") }
        return String(view)
    }

    /// A stretch of characters of one kind.
    public struct Run: Equatable, Sendable {
        /// The text.
        public var text: String
        /// Its source.
        public var origin: Origin
        /// Whether the template says that a model is to write it.
        public var isGenerated: Bool
    }

    /// The text as runs of one kind each, as long as can be. O(count).
    public var runs: [Run] {
        var runs: [Run] = []
        var view = String.UnicodeScalarView()
        for (index, character) in characters.enumerated() {
            view.append(Unicode.Scalar(character.scalar) ?? "\u{FFFD}")
            let next = index + 1 < characters.count ? characters[index + 1] : nil
            guard next?.origin != character.origin || next?.isGenerated != character.isGenerated
            else { continue }
            runs.append(
                Run(
                    text: String(view), origin: character.origin,
                    isGenerated: character.isGenerated))
            view.removeAll()
        }
        return runs
    }

    /// The scalars without their origins. O(count).
    var scalars: [UInt32] { characters.map(\.scalar) }

    /// Whether the scalars are the same, wherever they come from.
    func hasScalars(of other: TemplateText) -> Bool {
        characters.count == other.characters.count
            && zip(characters, other.characters).allSatisfy { $0.scalar == $1.scalar }
    }

    /// Whether the scalars come before those of `other`, as Python compares strings.
    func precedes(_ other: TemplateText) -> Bool {
        characters.lazy.map(\.scalar).lexicographicallyPrecedes(
            other.characters.lazy.map(\.scalar))
    }

    /// The first place at or after `start` where `other` stands; nil if there is none. O(n · m).
    func place(of other: TemplateText, from start: Int = 0) -> Int? {
        let (text, wanted) = (characters, other.characters)
        guard start + wanted.count <= text.count else { return nil }
        return (start...text.count - wanted.count).first { index in
            wanted.indices.allSatisfy { text[index + $0].scalar == wanted[$0].scalar }
        }
    }

    static func + (left: TemplateText, right: TemplateText) -> TemplateText {
        TemplateText(left.characters + right.characters)
    }
}

extension TemplateText.Character {
    /// Whether Python's `str.isspace` calls it a space.
    package var isSpace: Bool {
        switch scalar {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F,
            0x205F, 0x3000:
            true
        default: false
        }
    }
}
