import Foundation
import Pipeline

/// Drawing of a plot as an image within the page, whose colours are those of the page's style.
struct PlotDrawing {
    static let (width, height) = (640.0, 290.0)
    static let (left, top, right, bottom) = (64.0, 12.0, 628.0, 238.0)

    private let plot: Plot
    private let x: ChartAxis
    private let y: ChartAxis

    init(_ plot: Plot) {
        self.plot = plot
        let points = plot.curves.flatMap(\.points)
        let starts = plot.isAlongSteps ? [0.0] : []
        x = ChartAxis(plot.xScale, covering: starts + points.map(\.x))
        var heights = plot.yCovers ?? points.map(\.y)
        if heights.isEmpty { heights = points.map(\.y) }
        for curve in plot.curves where plot.yCovers == nil {
            for (point, error) in zip(curve.points, curve.errors) {
                heights += [point.y - error, point.y + error]
            }
        }
        y = ChartAxis(plot.yScale, covering: heights, tickCount: 5)
    }

    /// Writes the image. O(points).
    func write(to page: inout Markup) {
        let place =
            "\(Self.coordinate(Self.left)) \(Self.coordinate(Self.top)) "
            + "\(Self.coordinate(Self.right)) \(Self.coordinate(Self.bottom))"
        page.element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg", "class": "plot",
                "viewBox": "0 0 640 290", "preserveAspectRatio": "xMidYMid meet", "role": "img",
                "data-place": place, "data-x": domain(x), "data-y": domain(y),
                "data-steps": plot.isAlongSteps ? "1" : "0", "data-xname": plot.xTitle,
            ]
        ) { page in
            page.element("title", text: plot.title + ": " + plot.yTitle + " by " + plot.xTitle)
            writeAxes(to: &page)
            if plot.hasDiagonal {
                let (from, to) = (
                    at(x.ticks[0], y.ticks[0]), at(x.ticks.last ?? 1, y.ticks.last ?? 1)
                )
                page.shape("path", ["class": "grid", "d": "M\(from)L\(to)"])
            }
            for mark in plot.marks {
                let place = Self.coordinate(across(mark))
                page.shape(
                    "path",
                    [
                        "class": "skip", "data-v": Figure.short(mark),
                        "d": "M\(place) \(Self.coordinate(Self.bottom))v-10",
                    ])
            }
            for curve in plot.curves { write(curve, to: &page) }
        }
    }

    private func domain(_ axis: ChartAxis) -> String {
        let ends = [axis.ticks[0], axis.ticks[axis.ticks.count - 1]]
        return ends.map { "\($0)" }.joined(separator: " ") + (axis.scale == .linear ? "" : " log")
    }

    private func writeAxes(to page: inout Markup) {
        var lines = ""
        for tick in y.ticks {
            lines +=
                "M\(Self.coordinate(Self.left)) \(Self.coordinate(up(tick)))"
                + "H\(Self.coordinate(Self.right))"
        }
        page.shape("path", ["class": "grid", "d": lines])
        for tick in y.ticks {
            page.element(
                "text",
                [
                    "x": Self.coordinate(Self.left - 7), "y": Self.coordinate(up(tick) + 4),
                    "class": "e",
                ], text: Self.label(tick, y))
        }
        page.element("g", ["class": "xt"]) { page in
            for tick in x.ticks {
                page.element(
                    "text",
                    [
                        "x": Self.coordinate(across(tick)),
                        "y": Self.coordinate(Self.bottom + 18), "class": "m",
                    ], text: Self.label(tick, x))
            }
        }
        page.shape(
            "path",
            [
                "class": "axis",
                "d": "M\(Self.coordinate(Self.left)) \(Self.coordinate(Self.bottom))"
                    + "H\(Self.coordinate(Self.right))",
            ])
        page.element(
            "text",
            [
                "x": Self.coordinate((Self.left + Self.right) / 2),
                "y": Self.coordinate(Self.bottom + 40), "class": "m xl",
            ], text: plot.xTitle)
    }

    private static func label(_ tick: Double, _ axis: ChartAxis) -> String {
        if (axis.ticks.last ?? 0) >= 10_000 { return Figure.tick(tick) }
        if axis.scale != .linear {
            return tick < 1 ? Figure.short(tick) : Figure.count(Int(tick.rounded()))
        }
        return axis.label(tick)
    }

    private func write(_ curve: Plot.Curve, to page: inout Markup) {
        let points = curve.points.filter {
            $0.x.isFinite && $0.y.isFinite && (plot.xScale == .linear || $0.x > 0)
                && (plot.yScale == .linear || $0.y > 0)
        }
        guard !points.isEmpty else { return }
        // The first steps lie far above the axis: the line begins where it comes in.
        let seen = points.drop { !(0...1).contains(y.share(of: $0.y)) }
        let line = seen.isEmpty ? points[...] : points[max(0, seen.startIndex - 1)...]
        let colour = curve.number % ChartPalette.count
        let dash = ChartPalette.dash(curve.number)
        let name = curve.name.isEmpty ? plot.title : curve.name
        if line.count > 1 {
            let path = Self.path(entering(line).map { (across($0.x), up($0.y)) })
            let style = curve.style == .faint ? "line faint" : "line"
            if dash.isEmpty || curve.style == .faint {
                page.shape(
                    "polyline",
                    [
                        "class": "\(style) c\(colour)", "data-run": "\(curve.run)",
                        "data-name": name, "points": path,
                    ])
            } else {
                page.shape(
                    "polyline",
                    [
                        "class": "\(style) c\(colour)", "stroke-dasharray": dash,
                        "data-run": "\(curve.run)", "data-name": name, "points": path,
                    ])
            }
        }
        guard curve.style == .marked || points.count == 1 else { return }
        for (index, point) in points.enumerated() {
            if index < curve.errors.count, curve.errors[index] > 0 {
                let ends = (up(point.y - curve.errors[index]), up(point.y + curve.errors[index]))
                page.shape(
                    "path",
                    [
                        "class": "bar c\(colour)",
                        "d": "M\(Self.coordinate(across(point.x))) \(Self.coordinate(ends.0))"
                            + "V\(Self.coordinate(ends.1))",
                    ])
            }
            guard points.count <= 200 else { continue }
            page.element(
                "circle",
                [
                    "class": "m\(colour)", "cx": Self.coordinate(across(point.x)),
                    "cy": Self.coordinate(up(point.y)), "r": "3", "data-run": "\(curve.run)",
                ]
            ) {
                $0.element(
                    "title",
                    text: name + ", " + Figure.short(point.x) + ": " + Figure.short(point.y))
            }
        }
    }

    // MARK: Coordinates

    /// The points of a line, whose first, where it is beyond the axis, is moved along the line to
    /// its end.
    private func entering(_ line: ArraySlice<BoundedSeries.Point>) -> [BoundedSeries.Point] {
        var points = Array(line)
        let (first, second) = (points[0], points[1])
        let (a, b) = (y.share(of: first.y), y.share(of: second.y))
        guard !(0...1).contains(a), (0...1).contains(b) else { return points }
        let edge: Double = a > 1 ? 1 : 0
        let share = (edge - a) / (b - a)
        let ends = (y.ticks[0], y.ticks[y.ticks.count - 1])
        points[0].x = first.x + share * (second.x - first.x)
        points[0].y = a > 1 ? ends.1 : ends.0
        return points
    }

    private func at(_ x: Double, _ y: Double) -> String {
        Self.coordinate(across(x)) + " " + Self.coordinate(up(y))
    }

    private func across(_ value: Double) -> Double {
        Self.left + x.share(of: value) * (Self.right - Self.left)
    }

    /// The height of a value; one beyond the axis lies on its end.
    private func up(_ value: Double) -> Double {
        let share = min(max(y.share(of: value), 0), 1)
        return Self.bottom - share * (Self.bottom - Self.top)
    }

    /// The points of a line, without those that lie on the line between the ones that stay.
    ///
    /// A tenth of a unit cannot be seen. More than forty units are not bridged, so that a line
    /// bends where its axis is exchanged.
    static func path(_ points: [(x: Double, y: Double)]) -> String {
        var kept = [0]
        for index in points.indices.dropFirst() {
            let (start, end) = (points[kept[kept.count - 1]], points[index])
            let between = points[(kept[kept.count - 1] + 1)..<index]
            let isStraight =
                end.x - start.x < 40
                && between.allSatisfy { point in
                    let share = (point.x - start.x) / max(end.x - start.x, 1e-9)
                    return abs(start.y + share * (end.y - start.y) - point.y) < 0.05
                }
            if !isStraight, index - 1 > kept[kept.count - 1] { kept.append(index - 1) }
        }
        if points.count > 1 { kept.append(points.count - 1) }
        var bytes: [UInt8] = []
        for (number, index) in kept.enumerated() {
            if number > 0 { bytes.append(UInt8(ascii: " ")) }
            append(points[index].x, to: &bytes)
            bytes.append(UInt8(ascii: ","))
            append(points[index].y, to: &bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A length with at most one digit behind the point.
    static func coordinate(_ value: Double) -> String {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(_ value: Double, to bytes: inout [UInt8]) {
        let tenths = value.isNaN ? 0 : Int((min(max(value, -1e6), 1e6) * 10).rounded())
        if tenths < 0 { bytes.append(UInt8(ascii: "-")) }
        bytes += "\(tenths.magnitude / 10)".utf8
        guard tenths % 10 != 0 else { return }
        bytes.append(UInt8(ascii: "."))
        bytes.append(UInt8(ascii: "0") + UInt8(tenths.magnitude % 10))
    }
}
