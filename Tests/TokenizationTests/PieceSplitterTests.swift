import Bytes
import CKernels
import Testing

@testable import Tokenization

/// The splitter, which cuts whole blocks of text at once, against the scanners of single pieces.
@Suite struct PieceSplitterTests {
    /// Ends of the pieces of a text, by either way.
    private struct Comparison: PieceScannerVisitor {
        let text: ByteView
        var level = qk_best_level()

        func visit(_ scanner: some PieceScanner) -> (fast: [Int], plain: [Int]) {
            var splitter = PieceSplitter(level: level)
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

    private func check(
        _ text: [UInt8], _ pattern: SplitPattern, level: Int32 = qk_best_level()
    ) {
        let (fast, plain) = ByteView.with(text.span) { view in
            var comparison = Comparison(text: view, level: level)
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

    @Test("long texts with few things that are rare, at every level", arguments: availableLevels)
    func long(level: Int32) {
        var generator = SeededGenerator(5)
        // Blocks are cut together only where nothing is in doubt, so most must be ordinary.
        let ordinary: [[UInt8]] = [
            "word", " the", " of", " a", " I", ", ", ". ", "\n", "\n\n", "    ", "\n        ", "x1",
            " 1234", " 12345678901234567", "(", ");\n", "don't", " we'll", "'s", " '", "\"", "é",
            " Ж", "漢字", "。", "—", " \t", "camelCase", "HTTPServer", "//", " /", ".\n/\n", "...",
        ].map { Array($0.utf8) }
        for pattern in SplitPattern.regular {
            for round in 0..<60 {
                let few = Array(ordinary.shuffled(using: &generator).prefix(6))
                let kinds = round % 3 == 0 ? ordinary : few
                var text: [UInt8] = []
                let count = Int.random(in: 60...(round % 10 == 0 ? 12000 : 900), using: &generator)
                while text.count < count {
                    text += kinds[Int.random(in: 0..<kinds.count, using: &generator)]
                    if Int.random(in: 0..<60, using: &generator) == 0 {
                        text += Self.parts[Int.random(in: 0..<Self.parts.count, using: &generator)]
                    }
                }
                check(text, pattern, level: level)
            }
        }
    }

    @Test("every pair of parts around the end of a block", arguments: SplitPattern.regular)
    func boundaries(pattern: SplitPattern) {
        let front = Array("some words and more of them, which fill a whole block of text up ".utf8)
        for first in Self.parts {
            for second in Self.parts {
                for offset in 61...67 {
                    let filler = Array(front.prefix(offset - first.count))
                    check(filler + first + second + front + front, pattern)
                    check(filler + first + second + second + second + front, pattern)
                    let shorter = Array(filler.dropLast(2))
                    check(shorter + first + first + first + second + front, pattern)
                }
            }
        }
    }

    /// Runs whose cutting goes on from one block to the next.
    private static let runs: [[UInt8]] =
        ([1, 2, 3, 4, 15, 24, 25, 48, 63, 64, 65, 128, 130].flatMap { count in
            ["1", "\n", "/", " ", ".", "a"].map { String(repeating: $0, count: count) }
        } + [
            "'s", "'ll", "'re", "'LL", "'\u{17F}", "'x", "a's't", ".\n/\n", "\n \n", "\u{A0}\n",
            "½",
        ])
        .map { Array($0.utf8) }

    @Test(
        "runs over the ends of blocks and of the text, at every level", arguments: availableLevels)
    func runs(level: Int32) {
        var generator = SeededGenerator(UInt64(level) + 3)
        for pattern in SplitPattern.regular {
            for _ in 0..<400 {
                var text: [UInt8] = Array("ab, ".utf8)
                while text.count < 60 + Int.random(in: 0...200, using: &generator) {
                    text += Self.runs.randomElement(using: &generator)!
                    if Bool.random(using: &generator) { text += Array(" b".utf8) }
                }
                check(text, pattern, level: level)
            }
        }
    }
}
