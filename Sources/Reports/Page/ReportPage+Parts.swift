import Foundation
import Pipeline

/// Parts that sections are made of.
extension ReportPage {
    /// Writes charts beside each other; those without a point are left out.
    static func write(_ plots: [Plot], to page: inout Markup) {
        let plots = plots.filter { !$0.isEmpty }
        guard !plots.isEmpty else { return }
        page.element("div", ["class": "grid"]) { page in
            for plot in plots { write(plot, to: &page) }
        }
    }

    private static func write(_ plot: Plot, to page: inout Markup) {
        page.newLine()
        page.element("figure") { page in
            page.element("figcaption") { page in
                page.data(plot.title)
                page.element(
                    "small", text: plot.yTitle + (plot.note.isEmpty ? "" : " · " + plot.note))
            }
            PlotDrawing(plot).write(to: &page)
            let named = plot.curves.filter { !$0.name.isEmpty && !$0.points.isEmpty }
            guard named.count > 1 || !plot.marks.isEmpty else { return }
            page.element("ul", ["class": "legend"]) { page in
                for curve in named { writeLegend(curve, to: &page) }
            }
        }
    }

    private static func writeLegend(_ curve: Plot.Curve, to page: inout Markup) {
        page.element("li") { page in
            page.element(
                "svg",
                ["xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 26 8"]
            ) { page in
                let style = curve.style == .faint ? "line faint" : "line"
                let colour = "c\(curve.number % ChartPalette.count)"
                let dash = curve.style == .faint ? "" : ChartPalette.dash(curve.number)
                page.shape(
                    "path",
                    [
                        "class": style + " " + colour, "d": "M0 4h26",
                        "stroke-dasharray": dash.isEmpty ? "none" : dash,
                    ])
            }
            page.data(curve.name)
        }
    }

    /// A row of a table with a bar in it.
    struct BarRow {
        /// What it is.
        var title: String
        /// Figures, one a column.
        var values: [String]
        /// Length of the bar, from 0 to 1.
        var share: Double
        /// Notes below the title.
        var notes: [String] = []
    }

    /// Writes a table with a bar in each row.
    static func writeBars(
        _ title: String, _ columns: [String], _ rows: [BarRow], to page: inout Markup
    ) {
        page.element("div", ["class": "scroll"]) { page in
            page.element("table") { page in
                page.element("thead") { page in
                    page.element("tr") { page in
                        page.element("th", text: title)
                        for column in columns { page.element("th", ["class": "n"], text: column) }
                        page.element("th", text: "")
                    }
                }
                page.element("tbody") { page in
                    for row in rows { write(row, to: &page) }
                }
            }
        }
    }

    private static func write(_ row: BarRow, to page: inout Markup) {
        page.element("tr") { page in
            page.element("th") { page in
                page.data(row.title)
                for note in row.notes {
                    page.void("br", [:])
                    page.element("small", ["class": "soft"]) { $0.data(note) }
                }
            }
            for value in row.values { page.element("td", ["class": "n"], text: value) }
            page.element("td", ["class": "b"]) { page in
                page.element(
                    "svg",
                    [
                        "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 200 10",
                        "preserveAspectRatio": "none",
                    ]
                ) {
                    let share = row.share.isFinite ? min(max(row.share, 0), 1) : 0
                    $0.shape(
                        "rect",
                        [
                            "class": "area", "width": PlotDrawing.coordinate(200 * share),
                            "height": "10",
                        ])
                }
            }
        }
    }

    /// Writes a table of texts.
    ///
    /// - Parameter numbers: the columns of figures, counted from 0.
    static func writeTable(
        _ columns: [String], _ rows: [[String]], numbers: Set<Int> = [], to page: inout Markup
    ) {
        page.element("div", ["class": "scroll"]) { page in
            page.element("table") { page in
                page.element("thead") { page in
                    page.element("tr") { page in
                        for (index, column) in columns.enumerated() {
                            page.element("th", ["class": numbers.contains(index) ? "n" : "t"]) {
                                $0.data(column)
                            }
                        }
                    }
                }
                page.element("tbody") { page in
                    for row in rows {
                        page.element("tr") { page in
                            for (index, cell) in row.enumerated() {
                                if index == 0 {
                                    page.element("th") { $0.data(cell) }
                                } else {
                                    let style = numbers.contains(index) ? "n" : "t"
                                    page.element("td", ["class": style]) { $0.data(cell) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Writes part of a section that is folded up at first.
    static func writeFolded(
        _ title: String, to page: inout Markup, _ content: (inout Markup) -> Void
    ) {
        page.element("details") { page in
            page.element("summary", text: title)
            content(&page)
        }
    }

    /// Writes what belongs to one of several runs below its name, and what several have in common
    /// once, below all of theirs.
    func forEachRun(
        with isThere: (RunReport) -> Bool,
        once areAlike: (RunReport, RunReport) -> Bool = { _, _ in false }, to page: inout Markup,
        _ write: (RunReport, inout Markup) -> Void
    ) {
        var groups: [[RunReport]] = []
        for run in runs where isThere(run) {
            if let group = groups.firstIndex(where: { areAlike($0[0], run) }) {
                groups[group].append(run)
            } else {
                groups.append([run])
            }
        }
        for group in groups {
            if runs.count > 1 {
                page.element("h3") { page in
                    for (number, run) in group.enumerated() {
                        if number > 0 { page.text(", ") }
                        page.data(run.place.name)
                    }
                }
            }
            write(group[0], &page)
        }
    }

    /// The name of a curve of a run: of one alone `name`.
    func curveName(_ run: RunReport, _ name: String = "") -> String {
        runs.count > 1 ? run.place.name + (name.isEmpty ? "" : ", " + name) : name
    }
}
