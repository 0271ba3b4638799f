import Pipeline
import Testing

@testable import Reports

@Suite struct FigureTests {
    @Test func `numbers are written for people`() {
        #expect(Figure.count(0) == "0")
        #expect(Figure.count(999) == "999")
        #expect(Figure.count(1_852_800) == "1\u{202F}852\u{202F}800")
        #expect(Figure.count(-1_000) == "−1\u{202F}000")
        #expect(Figure.amount(1_852_800) == "1.85\u{202F}M")
        #expect(Figure.amount(999) == "999")
        #expect(Figure.amount(999_900) == "1.00\u{202F}M")
        #expect(Figure.amount(.infinity) == "∞")
        #expect(Figure.tick(10_000) == "10\u{202F}k")
        #expect(Figure.tick(1_500_000) == "1.5\u{202F}M")
        #expect(Figure.tick(100_000) == "100\u{202F}k")
        #expect(Figure.number(-0.001, 2) == "0.00")
        #expect(Figure.number(.nan, 2) == "no number")
        #expect(Figure.percent(0.294) == "29.4\u{202F}%")
        #expect(Figure.time(163) == "2\u{202F}min 43\u{202F}s")
        #expect(Figure.time(7_260) == "2\u{202F}h 1\u{202F}min")
        #expect(Figure.short(3.14159) == "3.142")
        #expect(Figure.short(1e300) == "1e+300")
    }

    @Test func `axes with factors of ten have a tick at each power`() {
        #expect(ChartAxis(.decades, covering: [3, 4_000]).ticks == [1, 10, 100, 1_000, 10_000])
        #expect(ChartAxis(.decades, covering: [1]).ticks == [1, 10])
        #expect(ChartAxis(.decades, covering: [0, -1, .nan]).ticks.count > 1)
    }

    @Test func `the core of a curve is without its first fall and its spikes`() {
        var values = (0..<1_000).map { (step: Int) -> Double in 3 + Double(step % 7) / 10 }
        for step in 0..<50 { values[step] = 10 }
        values[500] = 1_000
        let core = Plot.core(values)
        #expect((core.min() ?? 0) >= 3 && (core.max() ?? 99) < 4)
    }

    @Test func `words that a shell would take apart are quoted`() {
        #expect(RunReport.quoted("training.steps=20") == "training.steps=20")
        #expect(RunReport.quoted("a b") == "'a b'")
        #expect(RunReport.quoted("it's") == "'it'\\''s'")
        #expect(RunReport.quoted("") == "''")
        #expect(RunReport.quoted("$(reboot)") == "'$(reboot)'")
    }
}
