import Testing

@testable import quern

@Suite struct ProgressBarTests {
    private static let step = ProgressBar(
        "step", count: "12,400/120,000", share: 0.103,
        details: [
            .init("loss 2.979", .result), .init("lr 0.0005", .more), .init("|g| 0.50", .more),
            .init("11.7 k tok/s", .rate), .init("30 % of peak", .more),
            .init("2h 10m left", .rate),
        ])
    private static let reading = ProgressBar(
        "refining the source of the web", share: 0.5,
        details: [
            .init("12.3 GB of text", .result, short: "12.3 GB"), .init("45.0 MB/s", .rate),
            .init("1h 10m left", .rate),
        ])

    @Test(arguments: [
        (
            120,
            "step 12,400/120,000 ██··················  10 %  loss 2.979  lr 0.0005  |g| 0.50  "
                + "11.7 k tok/s  30 % of peak  2h 10m left"
        ),
        (
            80,
            "step 12,400/120,000 █·········  10 %  loss 2.979  11.7 k tok/s  2h 10m left"
        ),
        (60, "step 12,400/120,000  loss 2.979  11.7 k tok/s  2h 10m left"),
        (40, "12,400/120,000  11.7 k tok/s  2h 10m left"),
    ])
    func `a step keeps its rate and the time left`(columns: Int, line: String) {
        #expect(Self.step.text(columns: columns) == line.shortened(columns: columns))
    }

    @Test(arguments: [
        (
            120,
            "refining the source of the web ██████████··········  50 %  12.3 GB of text  "
                + "45.0 MB/s  1h 10m left"
        ),
        (80, "refining the source of the web █████·····  50 %  12.3 GB  45.0 MB/s  1h 10m left"),
        (60, "refining th…  50 %  12.3 GB  45.0 MB/s  1h 10m left"),
        (40, " 50 %  45.0 MB/s  1h 10m left"),
    ])
    func `words are cut before figures`(columns: Int, line: String) {
        #expect(Self.reading.text(columns: columns) == line)
    }

    @Test func `a line of any width is one line`() {
        let bars = [
            Self.step, Self.reading, ProgressBar("evaluating", share: 1),
            ProgressBar("语料库 🚀 计数", share: nil, details: [.init("1.2 GB", .result)]),
        ]
        for bar in bars {
            for columns in 1...140 {
                let text = bar.text(columns: columns)
                #expect(text.columnCount <= columns)
                #expect(!text.contains("\n"))
            }
            #expect(bar.text(columns: 140) == bar.text)
        }
    }

    @Test(arguments: [
        ("", 0), ("quern", 5), ("naïve", 5), ("nai\u{308}ve", 5), ("语料", 4), ("ｱ", 1), ("Ａ", 2),
        ("한국", 4), ("\u{1112}\u{1161}\u{11AB}", 2), ("🚀", 2), ("👩‍👩‍👧", 2), ("🇫🇷", 2), ("☀", 1),
        ("☀️", 2), ("█·", 2), ("\u{200B}", 0), ("עברית", 5),
    ])
    func `characters take the columns of a terminal`(text: String, count: Int) {
        #expect(text.columnCount == count)
    }

    @Test func `text is cut between characters`() {
        #expect("语料库".prefix(columns: 5) == "语料")
        #expect("语料库".suffix(columns: 3) == "库")
        #expect("语料库".shortened(columns: 5) == "语料…")
        #expect("语料库".shortened(columns: 6) == "语料库")
        #expect("语".padded(columns: 4) == "语  ")
        #expect(Table.text([["语料", "1"], ["a", "2"]]) == "语料  1\na     2\n")
    }
}
