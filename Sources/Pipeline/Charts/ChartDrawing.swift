import Foundation

/// Drawing of one chart: its axes, its curves and its legend.
struct ChartDrawing {
    static let width = 760
    static let height = 400
    private static let (left, top, plotWidth, plotHeight) = (70.0, 46.0, 500.0, 290.0)

    /// Style sheet of all charts in an image.
    static var style: String {
        func rules(_ ground: String, _ text: String, _ grid: String, isDark: Bool) -> String {
            """
            .ground{fill:\(ground)} text{fill:\(text)} .grid{stroke:\(grid)} \
            .axis{stroke:\(text)}
            \(ChartPalette.rules(isDark: isDark))

            """
        }
        return ".line{fill:none;stroke-width:2}\n"
            + rules("#ffffff", "#1f2328", "#d8dee4", isDark: false)
            + "@media (prefers-color-scheme:dark){\n"
            + rules("#0d1117", "#e6edf3", "#30363d", isDark: true) + "}\n"
    }

    private let chart: LineChart
    private let x: ChartAxis
    private let y: ChartAxis

    init(_ chart: LineChart) {
        self.chart = chart
        let points = chart.series.flatMap(\.points)
        x = ChartAxis(.logarithmic, covering: points.map(\.x))
        y = ChartAxis(
            .linear, covering: points.flatMap { [$0.y - $0.error, $0.y + $0.error] })
    }

    /// The chart at a height of an image. O(points).
    func svg(top: Int) -> String {
        var text = "<g transform=\"translate(0 \(top))\">\n"
        text += Self.text(chart.title, Self.left, 26, "font-size=\"16\" font-weight=\"600\"")
        text += axes
        for (number, series) in chart.series.enumerated() {
            text += curve(series, number)
            // One curve is what the title says.
            if chart.series.count > 1 { text += legend(series, number) }
        }
        return text + "</g>\n"
    }

    private var axes: String {
        let (right, bottom) = (Self.left + Self.plotWidth, Self.top + Self.plotHeight)
        var text = ""
        for tick in y.ticks {
            let place = Self.number(place(y: tick))
            text += Self.line("grid", Self.number(Self.left), place, Self.number(right), place)
            text += Self.text(
                y.label(tick), Self.left - 8, self.place(y: tick) + 4.5, "text-anchor=\"end\"")
        }
        for tick in x.ticks {
            let place = Self.number(place(x: tick))
            text += Self.line(
                "axis", place, Self.number(bottom), place, Self.number(bottom + 5))
            text += Self.text(
                x.label(tick), self.place(x: tick), bottom + 20, "text-anchor=\"middle\"")
        }
        text += Self.line(
            "axis", Self.number(Self.left), Self.number(bottom), Self.number(right),
            Self.number(bottom))
        text += Self.text(
            chart.xTitle, (Self.left + right) / 2, bottom + 44, "text-anchor=\"middle\"")
        let middle = Self.top + Self.plotHeight / 2
        text += Self.text(
            chart.yTitle, 20, middle,
            "text-anchor=\"middle\" transform=\"rotate(-90 20 \(Self.number(middle)))\"")
        return text
    }

    private func curve(_ series: LineChart.Series, _ number: Int) -> String {
        let points = series.points.filter { $0.y.isFinite && $0.x > 0 && $0.x.isFinite }
        let colour = number % ChartPalette.count
        let path = points.map { "\(Self.number(place(x: $0.x))),\(Self.number(place(y: $0.y)))" }
        var text = """
            <polyline class="line c\(colour)"\(dash(number)) points="\
            \(path.joined(separator: " "))"/>

            """
        for point in points {
            let centre = Self.number(place(x: point.x))
            if point.error > 0, point.error.isFinite {
                text += Self.line(
                    "c\(colour)", centre, Self.number(place(y: point.y - point.error)), centre,
                    Self.number(place(y: point.y + point.error)))
            }
            let error = point.error > 0 ? " ± " + String(format: "%.3f", point.error) : ""
            let name = MarkupText.escaped(series.name)
            text += """
                <circle class="m\(colour)" cx="\(centre)" cy="\(Self.number(place(y: point.y)))" \
                r="3"><title>\(name), \(String(format: "%.4g", point.x)): \
                \(String(format: "%.3f", point.y))\(error)</title></circle>

                """
        }
        return text
    }

    private func legend(_ series: LineChart.Series, _ number: Int) -> String {
        let colour = number % ChartPalette.count
        let (start, middle) = (Self.left + Self.plotWidth + 18, Self.top + 10 + 22 * Double(number))
        let end = Self.number(start + 30)
        return """
            <polyline class="line c\(colour)"\(dash(number)) points="\(Self.number(start)),\
            \(Self.number(middle)) \(end),\(Self.number(middle))"/>

            """ + Self.text(shortened(series.name), start + 38, middle + 4.5, "")
    }

    /// A name that fits beside the plot; the whole one stands in the titles of points.
    private func shortened(_ name: String) -> String {
        name.count <= 18 ? name : name.prefix(17) + "…"
    }

    private func dash(_ number: Int) -> String {
        let dash = ChartPalette.dash(number)
        return dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\""
    }

    private func place(x value: Double) -> Double {
        Self.left + x.share(of: value) * Self.plotWidth
    }

    private func place(y value: Double) -> Double {
        Self.top + (1 - y.share(of: value)) * Self.plotHeight
    }

    private static func line(
        _ style: String, _ x1: String, _ y1: String, _ x2: String, _ y2: String
    ) -> String {
        "<line class=\"\(style)\" x1=\"\(x1)\" y1=\"\(y1)\" x2=\"\(x2)\" y2=\"\(y2)\"/>\n"
    }

    private static func text(
        _ text: String, _ x: Double, _ y: Double, _ attributes: String
    ) -> String {
        let place = "x=\"\(number(x))\" y=\"\(number(y))\""
        return "<text \(place) \(attributes)>\(MarkupText.escaped(text))</text>\n"
    }

    private static func number(_ value: Double) -> String {
        let text = String(format: "%.1f", value)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
