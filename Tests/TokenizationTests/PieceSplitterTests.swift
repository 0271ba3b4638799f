import Testing

@testable import Tokenization

/// The splitter, which cuts whole blocks of text at once, against the scanners of single pieces.
@Suite struct PieceSplitterTests {
    /// Where the pieces of a text end, by either way.
    private struct Comparison: PieceScannerVisitor {
        let text: ByteView

        func visit(_ scanner: some PieceScanner) -> (fast: [Int], plain: [Int]) {
            var splitter = PieceSplitter()
            var fast: [Int] = []
            var start = 0
            while start < text.count {
                let count = splitter.next(scanner, text, from: start)
                let ends = splitter.ends
                for index in 0..<count { fast.append(start + Int(ends[index])) }
                start = fast.last ?? text.count
            }
            var plain: [Int] = []
            while plain.last ?? 0 < text.count {
                plain.append(scanner.pieceEnd(in: text, from: plain.last ?? 0))
            }
            return (fast, plain)
        }
    }

    private func check(_ text: [UInt8], _ pattern: SplitPattern) {
        let (fast, plain) = ByteView.with(text.span) { view in
            var comparison = Comparison(text: view)
            return pattern.accept(&comparison)
        }
        if fast != plain {
            Issue.record("\(pattern): \(String(decoding: text, as: UTF8.self)) \(fast) \(plain)")
        }
    }

    /// One of everything that the arithmetic on bits looks at.
    private static let parts: [[UInt8]] =
        [
            "a", "B", "s", "l", "re", "1", " ", "\t", "\n", "\r", "'", "/", ".", "é", "Ж", "ж", "漢",
            "ſ", "\u{301}", "—", "😀", "½", "\u{A0}", "\u{3000}", "ʰ", "ǅ",
        ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0x80]]

    @Test("every short text", arguments: SplitPattern.regular)
    func short(pattern: SplitPattern) {
        func extend(_ text: [UInt8], depth: Int) {
            check(text, pattern)
            guard depth > 0 else { return }
            for part in Self.parts { extend(text + part, depth: depth - 1) }
        }
        extend([], depth: 2)
    }

    @Test("every short text in the middle of a long one, at every place in a block")
    func embedded() {
        let front = Array(repeatElement(Array("some words, 12 of them ".utf8), count: 6).joined())
        for pattern in SplitPattern.regular {
            for first in Self.parts {
                for second in Self.parts {
                    let offset = (first.count * 7 + Int(second[0])) % 64
                    let text = Array(front.suffix(offset)) + first + second + front
                    check(text, pattern)
                }
            }
        }
    }

    @Test("random texts of every kind", arguments: SplitPattern.regular)
    func random(pattern: SplitPattern) {
        var generator = SeededGenerator(UInt64(pattern.rawValue.utf8.count))
        // Few kinds at a time make the long runs and the rare neighbours.
        for round in 0..<250 {
            let kinds = (0..<Int.random(in: 2...6, using: &generator)).map { _ in
                Self.parts[Int.random(in: 0..<Self.parts.count, using: &generator)]
            }
            check(
                Samples.text(kinds, count: round % 50 == 0 ? 3000 : 90, using: &generator), pattern)
            check(Samples.text(Self.parts, count: 60, using: &generator), pattern)
        }
    }

    @Test("arbitrary bytes", arguments: SplitPattern.regular)
    func bytes(pattern: SplitPattern) {
        var generator = SeededGenerator(77)
        for _ in 0..<60 {
            check((0..<300).map { _ in UInt8.random(in: 0...255, using: &generator) }, pattern)
            check((0..<300).map { _ in UInt8.random(in: 9...127, using: &generator) }, pattern)
        }
    }
}
