import Foundation
import Testing
import Work

@testable import Refinement

@Suite("Words as the quality rules count them")
struct EnglishWordsTests {
    private func words(_ text: String) -> [String] {
        EnglishWordList.words(of: Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "a text falls into the words of spaCy's English tokenizer",
        arguments: [
            ("", ""), (" \t\n", ""), ("The end.", "The end ."), ("word, word", "word , word"),
            ("I'd say we don't", "I 'd say we do n't"), ("cannot wont id", "can not wo nt i d"),
            ("It’s O'Reilly's.", "It ’s O'Reilly 's ."),
            ("Mr. Smith vs. Dr. A.", "Mr. Smith vs. Dr. A."),
            ("NASA. U.S. e.g., i.e.", "NASA . U.S. e.g. , i.e."), ("(a.m.)", "( a.m. )"),
            ("10am 5km 50% $5.00 US$30 5+", "10 am 5 km 50 % $ 5.00 US$ 30 5 +"),
            ("“quoted” [edit] ...and", "“ quoted ” [ edit ] ... and"),
            ("state-of-the-art a--b 1-2", "state - of - the - art a -- b 1 - 2"),
            ("end.Start a/b x=y", "end . Start a / b x = y"),
            ("http://example.com/a-b foo-bar.com", "http://example.com/a-b foo-bar.com"),
            ("me@foo-bar.com x.y", "me@foo-bar.com x.y"), (":) x:) :-( x/a.", ":) x :) :-( x / a."),
            ("25°C. 🙂x 日本語、本", "25 ° C . 🙂 x 日本語、本"), ("I\u{A0}am", "I am"),
            ("Ill ill wed. Its", "Ill ill we d. Its"), ("word.… a…b", "word . … a … b"),
        ])
    func examples(text: String, expected: String) {
        #expect(words(text) == expected.split(separator: " ").map(String.init))
    }

    @Test("the words are all of a text but its white space, for any bytes")
    func anyBytes() {
        var random = SplitMix64(seed: 3)
        var pieces: [[UInt8]] = [[0xFF], [0xC3], [0xE2, 0x80], [0xF0, 0x9F, 0x99]]
        for text in "ab. ,'\"()-$5%km:/@\n…—°🙂é\u{A0}日" { pieces.append(Array(String(text).utf8)) }
        for text in ["don't", "...", "US$"] { pieces.append(Array(text.utf8)) }
        for _ in 0..<2_000 {
            var text: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<60, using: &random) {
                text += pieces.randomElement(using: &random)!
            }
            var cutter = EnglishWords()
            cutter.cut(text.span)
            var end = 0
            for word in cutter.words {
                #expect(word.start >= end && word.byteCount > 0)
                #expect(text.span.trimmed(end..<word.start, .shared).isEmpty)
                end = word.start + Int(word.byteCount)
            }
            #expect(text.span.trimmed(end..<text.count, .shared).isEmpty)
        }
    }

    @Test("a piece without end takes time in proportion to its length")
    func longPieces() {
        for piece in ["(", ":)", "a.", "@a", "'", "a-", ".", "…"] {
            let text = String(repeating: piece, count: 200_000)
            var cutter = EnglishWords()
            let time = ContinuousClock().measure { cutter.cut(Array(text.utf8).span) }
            #expect(time < .seconds(60), "\(piece)")
            #expect(!cutter.words.isEmpty)
        }
    }
}
