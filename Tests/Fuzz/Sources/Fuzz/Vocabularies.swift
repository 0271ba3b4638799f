import Tokenization
import Tokens
import VocabularyFiles
import VocabularyLearning

extension Reader {
    /// Readers of vocabularies and of counts of pieces.
    static let vocabularies: [Reader] = [
        imported("tokenizer", "tokenizer.json"),
        imported("tiktoken", "ranks.tiktoken") { $0.pattern = .cl100k },
        imported("tiktoken-published", "ranks.tiktoken") { $0.preset = .cl100k },
        imported("gguf", "vocabulary.gguf"),
        imported("tekken", "tekken.json"),
        imported("sentencepiece", "tokenizer.model"),
        .file("vocabulary-merges", "pair", "merges.txt", readPair),
        .file("vocabulary-pieces", "pair", "vocab.json", readPair),
        .file("vocabulary-own", "vocabulary", "tokenizer.json") { folder in
            try encode(Vocabulary(directory: folder))
        },
        .file("vocabulary-words", "words", "tokenizer.json") { folder in
            try encode(Vocabulary(directory: folder))
        },
        .file("counts", "counts", "pieces.counts") { folder in
            try PieceCountsFile(path: folder + "/pieces.counts").verify()
        },
    ]

    private static func imported(
        _ name: String, _ file: String,
        _ change: @escaping @Sendable (inout VocabularyImport) -> Void = { _ in }
    ) -> Reader {
        .file("vocabulary-" + name, "vocabularies", file) { folder in
            var form = VocabularyImport()
            change(&form)
            try encode(form.read(folder + "/" + file).vocabulary)
        }
    }

    @Sendable private static func readPair(_ folder: String) throws {
        var form = VocabularyImport()
        form.pattern = .gpt2
        try encode(form.read(folder).vocabulary)
    }

    /// A vocabulary that was accepted encodes any text, and decodes the ids to the same bytes if it
    /// can write every byte.
    private static func encode(_ vocabulary: Vocabulary) throws {
        let encoder = BytePairEncoder(vocabulary)
        let text = "In the beginning, it's 1,234 \u{e9}\u{301}\u{4e2d} <|endoftext|>\r\n  end"
        let ids = encoder.encode(text)
        precondition(ids.allSatisfy { $0.index < vocabulary.count })
        _ = try vocabulary.decode(ids)
        for id in 0..<min(vocabulary.count, 400) {
            _ = try vocabulary.decode([TokenID(id)])
        }
    }
}
