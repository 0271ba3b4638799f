import Tokenization
import Tokens
import VocabularyLearning

extension Reader {
    /// Encoders of any text, each against what must hold of it: the ids decode to the same bytes.
    static let texts: [Reader] = SplitPattern.allCases.compactMap { pattern in
        // Words and characters are learned in another way.
        guard let vocabulary = try? learned(with: pattern) else { return nil }
        return .bytes("text-" + pattern.rawValue, "texts") { bytes in
            var ids: [TokenID] = []
            BytePairEncoder(vocabulary).encode(bytes.span, into: &ids)
            let decoded = try vocabulary.decode(ids)
            precondition(decoded == bytes, "the ids stand for another text")
        }
    }

    /// A small vocabulary whose texts are cut by `pattern`.
    static func learned(with pattern: SplitPattern) throws -> Vocabulary {
        let text = """
            In the beginning was the word, and the 1,234 words weren't wise; they\u{2019}re 中文 now.
            In   the end the word wasn't the word's end.\r\n\tEnd, ending, ended: 2345.
            """
        let counter = PieceCounter(pattern)
        let bytes = Array(text.utf8)
        counter.count(bytes.span)
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 300
        configuration.pattern = pattern
        return try VocabularyTrainer(configuration).train(counter.takeCounts())
    }
}
