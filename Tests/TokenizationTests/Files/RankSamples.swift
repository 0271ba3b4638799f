import Bytes

@testable import Tokenization
@testable import VocabularyFiles

/// tiktoken's algorithm as its definition says, over a dictionary.
struct NaiveRanks {
    let ranks: [[UInt8]: UInt32]

    func encode(_ piece: [UInt8]) -> [TokenID] {
        if let rank = ranks[piece] { return [TokenID(rank)] }
        var parts = piece.map { [$0] }
        while true {
            var best: (rank: UInt32, place: Int)?
            for place in parts.indices.dropLast() {
                if let rank = ranks[parts[place] + parts[place + 1]], rank < best?.rank ?? .max {
                    best = (rank, place)
                }
            }
            guard let best else { return parts.compactMap { ranks[$0].map { TokenID($0) } } }
            parts.replaceSubrange(
                best.place...best.place + 1, with: [parts[best.place] + parts[best.place + 1]])
        }
    }

    /// The ranks as a `.tiktoken` file.
    var file: [UInt8] {
        ranks.sorted { $0.value < $1.value }.flatMap { token, rank in
            Base64.encode(token) + Array(" \(rank)\n".utf8)
        }
    }

    /// Random words over `alphabet` besides all bytes, with random ranks: many cannot be reached by
    /// merging, and many have smaller ranks than their parts.
    static func random(
        alphabet: [UInt8], wordCount: Int, longest: Int, shuffled: Bool,
        using generator: inout SeededGenerator
    ) -> NaiveRanks {
        var words: Set<[UInt8]> = []
        for _ in 0..<wordCount {
            let length = Int.random(in: 2...longest, using: &generator)
            words.insert(
                (0..<length).map { _ in alphabet.randomElement(using: &generator) ?? 0 })
        }
        let bytes = (0...255).map { [UInt8($0)] }
        var tokens = words.sorted { $0.lexicographicallyPrecedes($1) }.shuffled(using: &generator)
        if !shuffled { tokens.sort { $0.count < $1.count } }
        tokens = bytes.shuffled(using: &generator) + tokens
        // A few numbers stay unused.
        var next: UInt32 = 0
        var ranks: [[UInt8]: UInt32] = [:]
        for token in tokens {
            if Int.random(in: 0..<20, using: &generator) == 0 { next += 3 }
            ranks[token] = next
            next += 1
        }
        return NaiveRanks(ranks: ranks)
    }
}

extension VocabularyImport {
    /// Reads a file that is here already.
    func read(_ bytes: [UInt8], _ format: VocabularyFormat) throws -> Result {
        try ByteView.with(bytes.span) { text in try read(text, path: "file", format: format) }
    }

    /// Reads ranks, with the pattern of GPT-4.
    static func ranks(
        _ bytes: [UInt8], specials: [(String, UInt32)] = []
    ) throws -> Vocabulary {
        var importer = VocabularyImport()
        importer.pattern = .gpt4
        importer.specialTokens = specials.map { ($0.0, TokenID($0.1)) }
        return try importer.read(bytes, .tiktoken).vocabulary
    }
}

/// All strings over `alphabet` of up to `length` bytes.
func strings(over alphabet: [UInt8], upTo length: Int) -> [[UInt8]] {
    var all: [[UInt8]] = [[]]
    var last = all
    for _ in 0..<length {
        last = last.flatMap { text in alphabet.map { text + [$0] } }
        all += last
    }
    return all
}
