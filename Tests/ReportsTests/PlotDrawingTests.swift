import Foundation
import Pipeline
import Testing
import Work

@testable import Reports

@Suite struct PlotDrawingTests {
    private func svg(_ plot: Plot) throws -> MarkupTests.Parsed {
        var page = Markup()
        PlotDrawing(plot).write(to: &page)
        return try MarkupTests.Parsed(page.bytes)
    }

    private func plot(_ curves: [Plot.Curve]) -> Plot {
        Plot(title: "Loss", xTitle: "step", yTitle: "nats", curves: curves, isAlongSteps: true)
    }

    @Test func `a drawing is XML, whatever its names and numbers are`() throws {
        let values: [(Double, Double)] = [
            (0, 1), (1, .nan), (2, 1e300), (3, -1e300), (.infinity, 2), (5, 5e-324),
        ]
        let points = values.map { BoundedSeries.Point(x: $0.0, y: $0.1) }
        var hostile = plot([
            .init(name: "</svg><script>x</script>", points: points, style: .marked),
            .init(name: "\u{0}\u{202E}", points: [], style: .faint),
            .init(name: "one", points: [.init(x: 3, y: 3)], number: 9),
        ])
        for scale in [ChartAxis.Scale.linear, .logarithmic, .decades] {
            (hostile.xScale, hostile.yScale) = (scale, scale)
            let parsed = try svg(hostile)
            #expect(!parsed.elements.contains("script"))
            #expect(parsed.elements.first == "svg")
        }
    }

    @Test func `points left out of a line lie on it`() {
        var generator = RandomGenerator(seed: 5)
        var points: [(x: Double, y: Double)] = []
        for index in 0..<600 {
            let wave = 100 + 40 * sin(Double(index) / 60)
            points.append(
                (64 + Double(index) * 0.94, index < 300 ? wave : wave + generator.normal()))
        }
        let kept = PlotDrawing.path(points).split(separator: " ").map { pair in
            pair.split(separator: ",").map { Double($0) ?? .nan }
        }
        #expect(kept.count < 520 && kept.count > 300)
        for point in points {
            let next = kept.firstIndex { $0[0] >= point.x - 0.051 } ?? kept.count - 1
            let (a, b) = (kept[max(0, next - 1)], kept[next])
            let share = b[0] > a[0] ? min(max((point.x - a[0]) / (b[0] - a[0]), 0), 1) : 1
            // Coordinates are rounded to tenths.
            #expect(abs(a[1] + share * (b[1] - a[1]) - point.y) < 0.6)
        }
    }

    @Test func `a straight line keeps points by which it can be bent`() {
        let points = (0...600).map { (x: Double($0), y: 100.0) }
        let count = PlotDrawing.path(points).split(separator: " ").count
        #expect(count >= 15 && count < 40)
    }

    @Test func `coordinates have a digit behind the point at most`() {
        #expect(PlotDrawing.coordinate(1) == "1")
        #expect(PlotDrawing.coordinate(-0.04) == "0")
        #expect(PlotDrawing.coordinate(-12.34) == "-12.3")
        #expect(PlotDrawing.coordinate(99.96) == "100")
    }

    @Test func `a curve that falls from above the axis begins where it comes in`() throws {
        var falling = plot([
            .init(
                name: "", points: (0..<100).map { .init(x: Double($0), y: $0 < 10 ? 9 : 3) })
        ])
        falling.yCovers = [2, 4]
        let line = try svg(falling).attributes["points"] ?? ""
        let first = try #require(line.split(separator: " ").first?.split(separator: ","))
        let x = try #require(Double(first[0]))
        #expect(x > PlotDrawing.left + 40)
        #expect(Double(first[1]) == PlotDrawing.top)
    }
}
