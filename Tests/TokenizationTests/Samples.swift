import CKernels
import Work

@testable import Tokenization
@testable import VocabularyLearning

/// The levels of the kernels that this processor has.
let availableLevels = (0..<qk_level_count).filter { qk_level_at($0).pointee.is_available() != 0 }

/// A generator with a seed, so that a failure can be seen again.
struct SeededGenerator: RandomNumberGenerator {
    private var words: SplitMix64

    init(_ seed: UInt64) { words = SplitMix64(seed: seed) }

    mutating func next() -> UInt64 { words.next() }
}

enum Samples {
    /// One of everything that a pattern looks at, and bytes that are no UTF-8.
    static let hostile: [[UInt8]] =
        [
            "a", "s", "t", "d", "M", "L", "l", "e", "R", "v", "ſ", "é", "É", "ǅ", "ʰ", "漢", "か",
            "ー", "・", "\u{3099}", "\u{3040}", "1", "½", "٣", " ", "\t", "\r", "\n", "\u{A0}",
            "\u{85}",
            "\u{3000}", "'", "!", ".", "/", "€", "\u{301}", "\u{1}", "😀", "\u{10FFFF}",
        ].map { Array($0.utf8) } + [[0xFF], [0xC5], [0x80], [0xE2, 0x80], [0xE4, 0xB8]]

    /// A text of `count` random parts.
    static func text(
        _ parts: [[UInt8]] = hostile, count: Int, using generator: inout SeededGenerator
    ) -> [UInt8] {
        (0..<count).flatMap { _ in parts[Int.random(in: 0..<parts.count, using: &generator)] }
    }

    /// A vocabulary learned from `texts`.
    static func vocabulary(
        of texts: [[UInt8]], size: Int, pattern: SplitPattern = .gpt4, minimumFrequency: Int = 2,
        specials: [String] = ["<|endoftext|>"]
    ) throws -> Vocabulary {
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = size
        configuration.pattern = pattern
        configuration.minimumFrequency = minimumFrequency
        configuration.specialTokens = specials
        let counter = PieceCounter(pattern)
        for text in texts { counter.count(text.span) }
        return try VocabularyTrainer(configuration).train(counter.takeCounts())
    }

    /// English enough to learn from.
    static let verse = """
        In the beginning God created the heaven and the earth. And the earth was without form, and
        void; and darkness was upon the face of the deep. And the Spirit of God moved upon the face
        of the waters. And God said, Let there be light: and there was light. And God saw the light,
        that it was good: and God divided the light from the darkness. And God called the light Day,
        and the darkness he called Night. And the evening and the morning were the 1st day, 1234567.
        """
}

// The testing macros cannot take a span apart, so tests pass arrays.

extension SplitPattern {
    func pieces(_ text: [UInt8]) -> [[UInt8]] { pieces(of: text.span) }
}

extension Vocabulary {
    func id(_ bytes: [UInt8]) -> TokenID? { id(of: bytes.span) }

    func append(_ ids: [TokenID], to text: inout [UInt8]) throws {
        try decode(ids.span, into: &text)
    }

    func append(_ ids: [UInt16], to text: inout [UInt8]) throws {
        try decode(ids.span, into: &text)
    }
}

extension PieceVocabulary {
    func encode(_ text: [UInt8]) throws -> [TokenID] { try encode(text.span) }
}

extension TextStream {
    mutating func append(_ ids: [TokenID], to output: inout [UInt8]) throws {
        try append(ids.span, to: &output)
    }
}
