import Bytes
import Testing

@testable import Tokenization
@testable import VocabularyLearning

/// The cuts that the definition gives: the leftmost special token, the longest of those there;
/// those that are searched last in what the others leave.
private func naiveCuts(_ text: [UInt8], _ specials: [SpecialToken]) -> [(Range<Int>, TokenID)] {
    let last = specials.filter(\.isSearchedLast)
    guard !last.isEmpty else { return naiveCutsAtOnce(text, specials) }
    var cuts: [(Range<Int>, TokenID)] = []
    var start = 0
    let first = naiveCutsAtOnce(text, specials.filter { !$0.isSearchedLast })
    for cut in first + [(text.count..<text.count, 0)] {
        let rest = Array(text[start..<cut.0.lowerBound])
        cuts += naiveCutsAtOnce(rest, last).map {
            ($0.0.lowerBound + start..<$0.0.upperBound + start, $0.1)
        }
        if cut.0.lowerBound < text.count { cuts.append(cut) }
        start = cut.0.upperBound
    }
    return cuts
}

private func naiveCutsAtOnce(
    _ text: [UInt8], _ specials: [SpecialToken]
) -> [(Range<Int>, TokenID)] {
    var cuts: [(Range<Int>, TokenID)] = []
    let longestFirst = specials.sorted { $0.content.utf8.count > $1.content.utf8.count }
    var index = 0
    while index < text.count {
        if let found = longestFirst.first(where: { text[index...].starts(with: $0.content.utf8) }) {
            let end = index + found.content.utf8.count
            cuts.append((index..<end, found.id))
            index = end
        } else {
            index += 1
        }
    }
    return cuts
}

@Suite struct SpecialTokenTests {
    private func vocabulary(
        _ specials: [String], searchedLast: Set<String> = []
    ) throws -> Vocabulary {
        try VocabularyTrainer.vocabulary(
            pattern: .gpt4,
            specials: specials.enumerated().map {
                SpecialToken(
                    content: $1, id: TokenID($0), isSearchedLast: searchedLast.contains($1))
            }, merges: [])
    }

    private func cuts(
        _ text: [UInt8], _ vocabulary: Vocabulary, _ policy: SpecialTokenPolicy
    ) -> [(Range<Int>, TokenID)] {
        guard let finder = SpecialTokenFinder(vocabulary, policy) else { return [] }
        return ByteView.with(text.span) { view in
            var found: [(Range<Int>, TokenID)] = []
            var search = SpecialTokenSearch(finder, in: view)
            var start = 0
            while let next = search.next(from: start) {
                found.append((next.range, TokenID(next.id)))
                start = next.range.upperBound
            }
            return found
        }
    }

    /// Every text over `alphabet` of at most `longest` parts, and every choice of special tokens.
    private func checkAll(
        _ specials: [String], searchedLast: Set<String> = [], alphabet: [String], longest: Int
    ) throws {
        let vocabulary = try vocabulary(specials, searchedLast: searchedLast)
        var texts: [[UInt8]] = [[]]
        var last = texts
        for _ in 0..<longest {
            last = last.flatMap { text in alphabet.map { text + Array($0.utf8) } }
            texts += last
        }
        for choice in 0..<1 << specials.count {
            let allowed = Set(
                specials.indices.filter { choice >> $0 & 1 == 1 }.map { specials[$0] })
            let tokens = vocabulary.specialTokens.filter { allowed.contains($0.content) }
            let policy = SpecialTokenPolicy.only(allowed)
            for text in texts {
                let expected = naiveCuts(text, tokens)
                let found = cuts(text, vocabulary, policy)
                guard !found.elementsEqual(expected, by: ==) else { continue }
                Issue.record("\(allowed) in \(String(decoding: text, as: UTF8.self)): \(found)")
            }
        }
    }

    @Test("every short text is cut as the definition says, for every choice of overlapping tokens")
    func overlapping() throws {
        try checkAll(["x!", "x!y", "!yx!", "xx"], alphabet: ["x", "!", "y"], longest: 6)
        try checkAll(
            ["<|a|>", "<|b|>", "<|a|><|b|>", "|><|"], alphabet: ["<|", "a", "b", "|>", "<"],
            longest: 5)
        // The whole of a shorter one, and a longer one that stops in the middle of another.
        try checkAll(["aba", "abacab", "ca", "é"], alphabet: ["a", "b", "c", "é"], longest: 5)
    }

    @Test("those that are searched last are found in what the others leave")
    func searchedLast() throws {
        for searchedLast in [["x!"], ["xx", "!yx!"], ["x!", "x!y", "!yx!", "xx"]] {
            try checkAll(
                ["x!", "x!y", "!yx!", "xx"], searchedLast: Set(searchedLast),
                alphabet: ["x", "!", "y"], longest: 5)
        }
    }

    @Test("long texts with few and with many places are cut as the definition says")
    func long() throws {
        let specials = ["<|end|>", "<|endoftext|>", "[INST]", "</s>", "[/INST]", "\u{2581}!", "~"]
        let vocabulary = try vocabulary(specials)
        let parts = (specials + ["<", "[", "<|end", "the mill", " ", "[/"]).map { Array($0.utf8) }
        var generator = SeededGenerator(12)
        for round in 0..<40 {
            let filler = Array(repeating: Array("abc ".utf8), count: round * 5)
            let text = Samples.text(parts + filler, count: 300, using: &generator)
            let found = cuts(text, vocabulary, .all)
            #expect(found.elementsEqual(naiveCuts(text, vocabulary.specialTokens), by: ==))
        }
    }

    @Test("between special tokens each part is a text of its own, whatever was allowed before")
    func encoding() throws {
        let vocabulary = try vocabulary(["<|a|>", "<|b|>", "<|a|><|b|>"])
        let encoder = BytePairEncoder(vocabulary)
        let text = Array("one <|a|><|b|> two<|b|><|a|>".utf8)
        func encode(_ text: [UInt8], _ policy: SpecialTokenPolicy) -> [TokenID] {
            var ids: [TokenID] = []
            encoder.encode(text.span, specials: policy, into: &ids)
            return ids
        }
        let policies: [SpecialTokenPolicy] = [
            .none, .all, .only(["<|b|>"]), .only(["<|a|>"]), .all, .only([]), .none,
        ]
        for policy in policies {
            let allowed = vocabulary.specialTokens.filter { policy.allows($0) }
            var expected: [TokenID] = []
            var start = 0
            for (range, id) in naiveCuts(text, allowed) {
                expected += encode(Array(text[start..<range.lowerBound]), .none) + [id]
                start = range.upperBound
            }
            expected += encode(Array(text[start...]), .none)
            #expect(encode(text, policy) == expected)
        }
    }

    @Test("a policy is read as it is written, and names that do not exist are refused")
    func policies() throws {
        for policy in [SpecialTokenPolicy.none, .all, .only(["<|a|>"]), .only(["<|b|>", "<|a|>"])] {
            #expect(SpecialTokenPolicy(policy.description) == policy)
        }
        #expect(SpecialTokenPolicy("<|a|>,<|b|>") == .only(["<|a|>", "<|b|>"]))
        let vocabulary = try vocabulary(["<|a|>", "<|b|>"])
        for policy in [SpecialTokenPolicy.none, .all, .only(["<|b|>"])] {
            try policy.validate(for: vocabulary)
        }
        let expected = TokenizationError.unknownSpecialToken("<|c|>", known: ["<|a|>", "<|b|>"])
        #expect(throws: expected) {
            try SpecialTokenPolicy("<|a|>,<|c|>").validate(for: vocabulary)
        }
        #expect(expected.description.hasSuffix("it has <|a|>, <|b|>"))
    }
}
