import Testing

@testable import quern

@Suite struct CurvePlotTests {
    private static func screen(_ variables: [String: String], isTerminal: Bool = false) -> Screen {
        Screen(isTerminal: isTerminal) { variables[$0] }
    }

    private let ascii = screen([:])
    private let unicode = screen(["LANG": "C.UTF-8"])

    private static func line(_ values: [Double], from first: Double = 0) -> [CurvePlot.Point] {
        values.enumerated().map { .init(x: first + Double($0.offset), y: $0.element) }
    }

    @Test func `two falling lines in ASCII`() {
        let plot = CurvePlot(
            xTitle: "steps",
            runs: [
                .init(line: Self.line([4, 3, 2, 1, 0]), marks: [.init(x: 2, y: 2)]),
                .init(line: Self.line([4, 4, 4, 4, 4]), marks: []),
            ])
        #expect(
            plot.text(columns: 20, rows: 5, on: ascii)
                == """
                4 |bbbbbbbbbbbbbbbB
                3 |  aaaaa
                2 |      aaAaa
                1 |          aaaa
                0 |             aaa
                  ++---+---+--+---+
                   0   1   2  3   4
                        steps

                """)
    }

    @Test func `a line in braille joins its points`() {
        let plot = CurvePlot(
            xTitle: "steps", runs: [.init(line: Self.line([1, 0, 1]), marks: [])])
        let text = plot.text(columns: 24, rows: 2, on: unicode)
        #expect(text.contains("│"))
        let dots = text.unicodeScalars.filter { (0x2801...0x28FF).contains($0.value) }
        #expect(dots.count > 10)
        #expect(text.contains("A"))
    }

    @Test(arguments: [20, 40, 60, 80, 120])
    func `no line is wider than the screen`(columns: Int) {
        let long = (0..<500).map { 8 / (1 + Double($0) / 20) + 2 }
        let plot = CurvePlot(
            xTitle: "tokens",
            runs: (0..<5).map { run in
                .init(
                    line: long.enumerated().map { index, loss in
                        .init(x: Double(index) * 1e6, y: loss + Double(run) / 4)
                    }, marks: [.init(x: 2.5e8, y: 3)])
            })
        for screen in [ascii, unicode] {
            let lines = plot.text(columns: columns, rows: 12, on: screen).split(separator: "\n")
            #expect(lines.count == 15)
            #expect(lines.allSatisfy { $0.columnCount <= columns })
        }
    }

    @Test func `the first steps do not press the others flat`() {
        // One step at 100 and then a thousand between 3 and 2.
        let values = [100] + (0..<1_000).map { 3 - Double($0) / 1_000 }
        let plot = CurvePlot(xTitle: "steps", runs: [.init(line: Self.line(values), marks: [])])
        let text = plot.text(columns: 60, rows: 10, on: ascii)
        #expect(!text.contains("100 |") && !text.contains(" 50 |"))
        #expect(text.hasPrefix("3.0 |") || text.hasPrefix("3.2 |"))
    }

    @Test func `what is not finite is left out, and nothing makes no plot`() {
        func text(_ line: [CurvePlot.Point]) -> String {
            CurvePlot(xTitle: "steps", runs: [.init(line: line, marks: [])])
                .text(columns: 40, rows: 4, on: ascii)
        }
        #expect(text([]).isEmpty)
        #expect(text(Self.line([.nan, .infinity])).isEmpty)
        #expect(!text(Self.line([2])).isEmpty)
        #expect(text(Self.line([2, .nan, 1])).contains("a"))
    }

    @Test func `colours are for screens that show them`() {
        let plot = CurvePlot(xTitle: "x", runs: [.init(line: Self.line([1, 2]), marks: [])])
        let terminal = Self.screen(["TERM": "xterm", "LANG": "C.UTF-8"], isTerminal: true)
        #expect(plot.text(columns: 40, rows: 4, on: terminal).contains("\u{1B}[38;5;33m"))
        #expect(!plot.text(columns: 40, rows: 4, on: unicode).contains("\u{1B}"))
    }
}
