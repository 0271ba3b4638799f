/// A chart of curves, drawn as an image that stands by itself: SVG without scripts, which a browser
/// shows light or dark as its reader has it.
///
/// ```swift
/// let chart = LineChart(
///     title: "Loss by position", xTitle: "tokens before", yTitle: "nats a token",
///     series: [LineChart.Series("lstm", points: [.init(x: 1, y: 5.2), .init(x: 2, y: 4.4)])])
/// let image = LineChart.svg([chart])
/// ```
public struct LineChart: Sendable {
    /// What stands above the chart.
    public var title: String
    /// Meaning and unit of the horizontal axis, which is logarithmic.
    public var xTitle: String
    /// Meaning and unit of the vertical axis.
    public var yTitle: String
    /// The curves.
    public var series: [Series]

    /// A curve with its name.
    public struct Series: Sendable {
        /// Its name in the legend.
        public var name: String
        /// Its points, ascending.
        public var points: [Point]

        /// A curve.
        public init(_ name: String, points: [Point]) {
            self.name = name
            self.points = points
        }
    }

    /// A point of a curve.
    public struct Point: Sendable {
        /// Place on the horizontal axis, which must be positive.
        public var x: Double
        /// Value.
        public var y: Double
        /// Half of the bar that is drawn around the value; 0 for none.
        public var error: Double

        /// A point.
        public init(x: Double, y: Double, error: Double = 0) {
            (self.x, self.y, self.error) = (x, y, error)
        }
    }

    /// A chart.
    public init(title: String, xTitle: String, yTitle: String, series: [Series]) {
        self.title = title
        self.xTitle = xTitle
        self.yTitle = yTitle
        self.series = series
    }

    /// An image of charts, one below the other. The same charts give the same bytes.
    public static func svg(_ charts: [LineChart]) -> String {
        let height = ChartDrawing.height * charts.count
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(ChartDrawing.width) \(height)" \
            width="\(ChartDrawing.width)" height="\(height)" role="img" font-size="13" \
            font-family="system-ui, sans-serif">
            <title>\(MarkupText.escaped(charts.map(\.title).joined(separator: "; ")))</title>
            <style>
            \(ChartDrawing.style)</style>
            <rect class="ground" width="\(ChartDrawing.width)" height="\(height)"/>

            """
        for (number, chart) in charts.enumerated() {
            text += ChartDrawing(chart).svg(top: number * ChartDrawing.height)
        }
        return text + "</svg>\n"
    }
}
