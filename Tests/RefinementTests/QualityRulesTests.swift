import Foundation
import Testing
import Work

@testable import Refinement

@Suite("Rules of quality")
struct QualityRulesTests {
    private func answer(_ text: String, _ rules: String...) throws -> (rule: String?, text: String?)
    {
        let answer = try QualityCheck(rules).answer(Array(text.utf8))
        return (answer.rule, answer.text.map { String(decoding: $0, as: UTF8.self) })
    }

    private static let prose = """
        In the morning the river was quiet, and nobody had come down to the bridge.
        An old man with a basket walked slowly along the other bank, looking for stones.
        He would choose one that had been washed smooth, weigh it, and put it away!
        When the sun rose behind our hill, its light fell on wet leaves and on his hat.
        "Have you found what you wanted?" I asked, because everybody here knew him.
        To be honest, he answered, this is only an excuse for getting up so early.
        """

    @Test(
        "each rule tells a text that breaks it from one that does not",
        arguments: [
            ("gopher-min-words=4", "one two three.", "one two three four."),
            ("gopher-max-words=3", "one two three four", "one two three ..."),
            ("gopher-min-word-length", "a bb cc", "aa bbb cccc"),
            ("gopher-max-word-length=4", "aaaa bbbbb", "aaa bbbbb"),
            ("gopher-hashes=0.25", "# a # b", "# a b c"),
            ("gopher-ellipses=0.25", "a ... b…", "a b c ..."),
            ("gopher-bullet-lines=0.5", "- a\n • b\nc", "- a\nb"),
            ("gopher-ellipsis-lines=0.5", "a... \nb…\nc", "a...\nb"),
            ("gopher-alphabetic-words", "a b c 4", "a b c d 5"),
            ("gopher-stop-words", "the cat The", "the cat of"),
            ("gopher-repeated-paragraphs", "a\n\nb\n\na\n\nb", "a\n\nb\n\nc\n\na"),
            ("gopher-repeated-paragraph-chars", "aaaa\n\nb\n\naaaa", "bbbbbbb\n\na\n\na"),
            ("gopher-repeated-lines", "a\nb\na\nb", "a\nb\nc\na"),
            ("gopher-repeated-line-chars", "aaaa\nb\naaaa", "bbbbbbb\na\na"),
            ("gopher-top-2-gram=0.5", "a b a b c", "a b c a b d e f"),
            ("gopher-top-3-gram=0.5", "a b c a b c", "a b c d e f g a b c h i j k"),
            ("gopher-top-4-gram=0.5", "a b c d a b c d", "a b c d e f g h i j"),
            ("gopher-repeated-5-grams", "a b c d e a b c d e", "a b c d e a b c d f"),
            ("gopher-repeated-6-grams", "a b c d e f a b c d e f", "a b c d e f a b c d e"),
            (
                "gopher-repeated-10-grams=0.2", "a b c d e f g h i j a b c d e f g h i j",
                "a b c d e f g h i j a b c d e f g h i k"
            ),
            ("c4-lorem-ipsum", "A Lorem Ipsum B", "A Lorem  Ipsum B"),
            ("c4-curly-bracket", "a { b", "a } b"),
            ("c4-sentences=2", "One sentence. (\".", "Two. Sentences"),
            ("fineweb-line-punctuation=0.5", "a\nb\nc.", "a\n\nb."),
            (
                "fineweb-short-lines=0.5", "a\nb\n1234567890123456789012345678901",
                "a\n1234567890123456789012345678901"
            ),
            ("fineweb-repeated-line-chars=0.3", "ab\nc\nab", "abcd\nc\nc"),
            ("fineweb-new-lines", "a b\n\nc", "a b c\nd"),
        ])
    func singleRules(entry: String, bad: String, good: String) throws {
        #expect(try answer(bad, entry).rule == String(entry.prefix { $0 != "=" }))
        #expect(try answer(good, entry) == (nil, good))
    }

    @Test(
        "C4 takes lines out of a text",
        arguments: [
            (
                "c4-terminal-punctuation", "Home\nA line.\nMore...\nSo!\n\"Q\"",
                "A line.\nSo!\n\"Q\""
            ),
            (
                "c4-words-in-line", "one two\none two three\n\nfour five six",
                "one two three\nfour five six"
            ),
            ("c4-javascript", "Enable JavaScript now\nA line", "A line"),
            ("c4-policy", "Our Privacy Policy\nWe use cookies\nTerms of Use\nA line", "A line"),
            ("c4-citations", "A fact.[12][citation needed] B[edit]\r\n[a]", "A fact. B\n[a]"),
            ("c4-long-words=4", "aaaa bbbb\nccccc d", "aaaa bbbb"),
        ])
    func lineRules(entry: String, text: String, expected: String) throws {
        #expect(try answer(text, entry) == (nil, expected))
    }

    @Test("a text of which no line is left is removed by the rule that took the last")
    func nothingLeft() throws {
        #expect(
            try answer("Home\nContact", "c4-terminal-punctuation").rule == "c4-terminal-punctuation"
        )
    }

    @Test("each family keeps prose, and names rules of its own")
    func families() throws {
        for family in QualityRule.Family.allCases {
            #expect(try answer(Self.prose, family.rawValue).rule == nil, "\(family)")
            #expect(family.rules.allSatisfy { $0.family == family && !family.rules.isEmpty })
        }
    }

    @Test("a list of rules is read, or refused with what is wrong")
    func lists() throws {
        #expect(try QualityRules([]).isEmpty)
        let rules = try QualityRules(["c4", "gopher-min-words=7", "c4-sentences=off"])
        #expect(rules.families == [.c4, .gopherQuality])
        #expect(rules.limit(of: .gopherMinimumWords) == 7 && !rules.has(.c4Sentences))
        #expect(rules.has(.c4LoremIpsum) && !rules.has(.gopherMaximumWords))
        for (entry, hint) in [
            ("goper-quality", "did you mean gopher-quality"), ("c4=3", "c4 has no limit"),
            ("gopher-hashes=x", "a number from 0 on"), ("gopher-hashes=-1", "a number from 0 on"),
            ("c4-citations=2", "has no limit"), ("", "there is no rule"),
        ] {
            let error = #expect(throws: RefinementError.self) { try QualityRules([entry]) }
            #expect("\(error!)".contains(hint), "\(error!)")
        }
    }

    @Test("the funnel names rules, and counts what was taken out of documents that stay")
    func funnel() async throws {
        var configuration = RefinementConfiguration()
        configuration.rules = ["c4-terminal-punctuation", "gopher-min-words=3"]
        let (kept, report) = try await refine(
            ["Home\nA line of it.", "Two.", "No end", "A line of it."], configuration)
        #expect(kept == ["A line of it."])
        #expect(
            report.steps.map(\.name) == [
                "c4-terminal-punctuation", "gopher-min-words", "remove_duplicates",
            ])
        #expect(report.steps.map(\.removed.documents) == [1, 1, 1])
        #expect(report.steps[0].removedParts == RefinementReport.Parts(lines: 1, bytes: 4))
        #expect(report.steps[1].removedParts == nil)
        #expect(report.read.bytes == 18 + 4 + 6 + 13 && report.kept.bytes == 13)
    }

    @Test("any bytes are judged, and repeated n-grams as the plain definition counts them")
    func random() throws {
        var random = SplitMix64(seed: 9)
        let everything = try QualityCheck(QualityRule.Family.allCases.map(\.rawValue))
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0..<400, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = everything.answer(bytes)
        }
        for length in 5...10 {
            for _ in 0..<60 {
                let words = (0..<Int.random(in: 0..<90, using: &random)).map { _ in
                    ["a", "bb", "ccc"].randomElement(using: &random)!
                }
                var (seen, taken, index): (Set<[String]>, Int, Int) = ([], 0, 0)
                while index + length <= words.count {
                    let run = Array(words[index..<index + length])
                    if seen.insert(run).inserted {
                        index += 1
                    } else {
                        taken += run.joined().count
                        index += length
                    }
                }
                let text = words.joined(separator: " ")
                let share = Double(taken) / Double(max(1, text.count))
                let name = "gopher-repeated-\(length)-grams"
                #expect(try answer(text, "\(name)=\(share)").rule == nil)
                if taken > 0 {
                    #expect(try answer(text, "\(name)=\(share.nextDown)").rule == name)
                }
            }
        }
    }
}
