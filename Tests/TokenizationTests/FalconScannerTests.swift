import Testing

@testable import Tokenization

@Suite struct FalconScannerTests {
    /// The runs of elements of which `isMarked` says the same.
    private func runs<Element>(
        of elements: [Element], _ isMarked: (Element) -> Bool
    ) -> [[Element]] {
        elements.reduce(into: []) { runs, element in
            if let last = runs.last?.last, isMarked(last) == isMarked(element) {
                runs[runs.count - 1].append(element)
            } else {
                runs.append([element])
            }
        }
    }

    private func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            true
        default: "$+<=>^`|~".unicodeScalars.contains(scalar)
        }
    }

    /// Pieces by the four steps, one after another.
    private func plain(_ text: [UInt8]) -> [[UInt8]] {
        let scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
        let words = runs(of: scalars, isPunctuation).flatMap { run in
            SplitPattern.gpt2.pieces(run.flatMap { Array(String(Character($0)).utf8) })
        }
        let numeric = Set(Array("0123456789".utf8) + [0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE])
        return words.flatMap { runs(of: $0, numeric.contains) }.flatMap(threes)
    }

    /// Three digits from the left, and what is between them.
    private func threes(_ part: [UInt8]) -> [[UInt8]] {
        var (pieces, rest, index): ([[UInt8]], [UInt8], Int) = ([], [], 0)
        while index < part.count {
            let three = Array(part[index..<min(index + 3, part.count)])
            if three.count == 3, three.allSatisfy({ (0x30...0x39).contains($0) }) {
                if !rest.isEmpty { pieces.append(rest) }
                pieces.append(three)
                rest = []
                index += 3
            } else {
                rest.append(part[index])
                index += 1
            }
        }
        return rest.isEmpty ? pieces : pieces + [rest]
    }

    private let alphabet: [[UInt8]] = [
        "1", "a", " ", "²", "!", "Ӳ", "\n", "“", "12", "½", "‹", "\u{301}", "Ⲳ", "\u{A0}", "٣",
        "\u{3000}", "𝟘", "'s", "漢", "$",
    ].map { Array($0.utf8) }

    @Test("numbers of three digits, punctuation in runs, bytes that are numbers")
    func examples() {
        func pieces(_ text: String) -> [String] {
            SplitPattern.falcon.pieces(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(pieces("Hold my math!") == ["Hold", " my", " math", "!"])
        #expect(pieces("in  1984512") == ["in", " ", " ", "198", "451", "2"])
        #expect(pieces("don't (x).\n") == ["don", "'", "t", " ", "(", "x", ").", "\n"])
        // D3 B2, whose second byte stands for a number.
        #expect(SplitPattern.falcon.pieces(Array("Ӳa".utf8)) == [[0xD3], [0xB2], [0x61]])
        #expect(SplitPattern.falcon.pieces(Array("²12".utf8)) == [[0xC2], [0xB2, 0x31, 0x32]])
        // Punctuation since Unicode 9, which the step does not know; and what is none any more.
        // It is E2 B9 84.
        #expect(
            SplitPattern.falcon.pieces(Array("!\u{2E44}".utf8)) == [[0x21], [0xE2], [0xB9], [0x84]])
        #expect(pieces("\u{166D}!") == ["\u{166D}!"])
    }

    @Test("every short text is cut as the steps cut it")
    func exhaustive() {
        func search(_ text: [UInt8], _ count: Int) -> [UInt8]? {
            if SplitPattern.falcon.pieces(text) != plain(text) { return text }
            guard count > 0 else { return nil }
            for part in alphabet {
                if let found = search(text + part, count - 1) { return found }
            }
            return nil
        }
        #expect(search([], 3) == nil)
    }

    @Test("long random texts are cut as the steps cut them")
    func random() {
        var generator = SeededGenerator(17)
        for _ in 0..<400 {
            let text = Samples.text(
                alphabet, count: Int.random(in: 4...30, using: &generator), using: &generator)
            #expect(SplitPattern.falcon.pieces(text) == plain(text), "\(text)")
        }
    }
}
