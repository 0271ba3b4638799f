import Foundation
import Testing

@testable import Pipeline

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite struct LineChartTests {
    /// Counts the elements of an image, and fails where it is no XML.
    private final class Elements: NSObject, XMLParserDelegate {
        var counts: [String: Int] = [:]
        var text = ""

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
            qualifiedName: String?, attributes: [String: String] = [:]
        ) {
            counts[name, default: 0] += 1
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
    }

    private func elements(_ svg: String) throws -> Elements {
        let parser = XMLParser(data: Data(svg.utf8))
        let elements = Elements()
        parser.delegate = elements
        try #require(parser.parse(), "\(String(describing: parser.parserError))")
        return elements
    }

    private func chart(_ names: [String]) -> LineChart {
        LineChart(
            title: "Loss by position", xTitle: "tokens before", yTitle: "nats",
            series: names.map { name in
                LineChart.Series(
                    name,
                    points: (0..<9).map {
                        .init(x: Double(1 << $0), y: 5 - 0.3 * Double($0), error: 0.05)
                    })
            })
    }

    @Test func `an image holds every chart, curve and point, and runs nothing`() throws {
        let names = (0..<9).map { "model \($0)" }
        let svg = LineChart.svg([chart(names), chart(["alone"])])
        let elements = try elements(svg)
        #expect(elements.counts["circle"] == 10 * 9)
        // Beside each curve of several its sample in the legend.
        #expect(elements.counts["polyline"] == 2 * 9 + 1)
        #expect(elements.counts["script"] == nil)
        #expect(elements.counts["g"] == 2)
        #expect(svg == LineChart.svg([chart(names), chart(["alone"])]))
        #expect(svg.contains("prefers-color-scheme:dark"))
    }

    @Test func `names are text, whatever they hold`() throws {
        let name = "a<script>alert('1')</script> & \"b\"\u{1}\u{FFFF}"
        let elements = try elements(LineChart.svg([chart([name, "b"])]))
        #expect(elements.counts["script"] == nil)
        #expect(elements.text.contains("a<script>alert('1')</script> & \"b\"\u{2401}\u{FFFD}"))
        #expect(elements.text.contains("a<script>alert('1…"))
    }

    @Test func `ticks are round numbers that cover the values`() {
        #expect(ChartAxis(.linear, covering: [2.1, 6.9]).ticks == [2, 3, 4, 5, 6, 7])
        #expect(ChartAxis(.linear, covering: [0.12, 0.48], tickCount: 5).ticks.first == 0.1)
        #expect(ChartAxis(.logarithmic, covering: [1, 256]).ticks.last == 256)
        #expect(ChartAxis(.logarithmic, covering: [1, 1_048_576]).ticks.count == 11)
        #expect(ChartAxis(.linear, covering: [3, 3]).ticks == [3, 4])
        #expect(ChartAxis(.linear, covering: [.nan, .infinity]).ticks.count > 1)
        let axis = ChartAxis(.logarithmic, covering: [1, 256])
        #expect(axis.share(of: 16) == 0.5)
        #expect(axis.label(16) == "16")
        #expect(ChartAxis(.linear, covering: [0, 0.1]).label(0.1) == "0.10")
    }

    @Test func `a chart without a point is still an image`() throws {
        var chart = chart([])
        chart.series = [.init("nothing", points: [.init(x: 1, y: .nan)])]
        _ = try elements(LineChart.svg([chart]))
    }
}
