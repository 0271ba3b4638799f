import Bytes
import Foundation
import Testing

@testable import Tokenization

/// Normal forms against Foundation's, in characters that all versions of Unicode since 9 agree on.
@Suite struct UnicodeFormTests {
    /// Letters with and without marks, marks of many classes, and characters that are variants of
    /// others; but for Hangul and narrow kana, which Foundation does not compose everywhere.
    private static let scalars: [Unicode.Scalar] = [
        0x41...0x5A, 0x61...0x7A, 0xA0...0x17F, 0x300...0x36F, 0x384...0x3CE, 0x400...0x45F,
        0x591...0x5C7, 0x610...0x65F, 0x900...0x97F,
        0x1E00...0x1FFE, 0x2100...0x218B, 0x3041...0x30FF, 0xF900...0xFA6D, 0xFB00...0xFB06,
        0xFB1D...0xFB4F, 0x1D15E...0x1D172,
        0x11131...0x11132, 0x11127...0x1112F, 0x2F800...0x2F820,
    ].flatMap { (range: ClosedRange<UInt32>) in range.compactMap(Unicode.Scalar.init) }

    private static func form(_ form: UnicodeForm, _ text: [UInt8]) -> [UInt8] {
        ByteView.with(text.span) { form.normalized($0) } ?? text
    }

    private static func foundation(_ form: UnicodeForm, _ text: String) -> [UInt8] {
        let text =
            switch form {
            case .nfc: text.precomposedStringWithCanonicalMapping
            case .nfd: text.decomposedStringWithCanonicalMapping
            case .nfkc: text.precomposedStringWithCompatibilityMapping
            case .nfkd: text.decomposedStringWithCompatibilityMapping
            }
        return Array(text.utf8)
    }

    @Test("random texts are what Foundation makes of them", arguments: UnicodeForm.allCases)
    func random(form: UnicodeForm) {
        // Foundation does not put marks in order behind a space that was an accent.
        let scalars =
            form == .nfc || form == .nfd
            ? Self.scalars
            : Self.scalars.filter { Self.foundation(.nfkd, String($0)).first != 0x20 }
        var generator = SeededGenerator(16)
        for _ in 0..<3000 {
            var view = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                view.append(scalars.randomElement(using: &generator) ?? "a")
                if Bool.random(using: &generator) {
                    view.append(contentsOf: "plain ".unicodeScalars)
                }
            }
            let text = String(view)
            #expect(
                Self.form(form, Array(text.utf8)) == Self.foundation(form, text),
                "\(text.unicodeScalars.map { String($0.value, radix: 16) })")
        }
    }

    @Test("every character alone is what Foundation makes of it", arguments: UnicodeForm.allCases)
    func alone(form: UnicodeForm) {
        for scalar in Self.scalars {
            let text = String(scalar)
            #expect(Self.form(form, Array(text.utf8)) == Self.foundation(form, text))
        }
    }

    @Test("Hangul and narrow kana are composed and taken apart")
    func hangul() {
        let cases: [(UnicodeForm, String, String)] = [
            (.nfc, "\u{1100}\u{1161}", "\u{AC00}"), (.nfc, "\u{AC00}\u{11A8}", "\u{AC01}"),
            (.nfc, "\u{1100}\u{1161}\u{11A8}\u{11A8}", "\u{AC01}\u{11A8}"),
            (.nfc, "\u{AC00}\u{11A7}", "\u{AC00}\u{11A7}"),
            (.nfc, "\u{AC00}\u{301}\u{11A8}", "\u{AC00}\u{301}\u{11A8}"),
            (.nfd, "\u{AC01}\u{D7A3}", "\u{1100}\u{1161}\u{11A8}\u{1112}\u{1175}\u{11C2}"),
            (.nfkc, "\u{FF76}\u{FF9E}", "\u{30AC}"), (.nfkd, "\u{30AC}", "\u{30AB}\u{3099}"),
            (.nfkc, "\u{FFA1}\u{FFC2}", "\u{AC00}"), (.nfkc, "①ﬁ²\u{A0}", "1fi2 "),
        ]
        for (form, text, expected) in cases {
            #expect(Self.form(form, Array(text.utf8)) == Array(expected.utf8), "\(form) \(text)")
        }
    }

    @Test("texts in the form already are left alone, and so are bytes that are no characters")
    func unchanged() {
        for text in ["", "plain", "caf\u{E9} \u{AC00} 漢字 😀", "e\u{301}x".precomposed] {
            #expect(ByteView.with(Array(text.utf8).span) { UnicodeForm.nfc.normalized($0) } == nil)
        }
        let broken: [UInt8] = [0x65, 0xCC, 0x65, 0xFF, 0xCC, 0x81, 0xE2, 0x84]
        #expect(Self.form(.nfc, broken) == broken)
        // The mark behind a broken byte does not reach the letter before it.
        #expect(Self.form(.nfc, [0x65, 0xFF, 0xCC, 0x81]) == [0x65, 0xFF, 0xCC, 0x81])
        #expect(Self.form(.nfc, [0xFF, 0x65, 0xCC, 0x81]) == [0xFF, 0xC3, 0xA9])
    }

    @Test("long runs of marks are put in order in one go")
    func longRuns() {
        let marks = String(repeating: "\u{301}\u{323}", count: 20_000)
        let expected =
            "\u{1EB9}" + String(repeating: "\u{323}", count: 19_999)
            + String(repeating: "\u{301}", count: 20_000)
        #expect(Self.form(.nfc, Array(("e" + marks).utf8)) == Array(expected.utf8))
    }
}

extension String {
    fileprivate var precomposed: String { precomposedStringWithCanonicalMapping }
}
