import Foundation
import Models

/// One step of an explanation as a drawing: the rows of its matrices as strips of colour, a map
/// between tokens as a grid, odds as bars.
struct ExplanationDrawing {
    let number: Int
    let step: Explanation.Step
    /// Names of the text's tokens, and of any.
    let labels: [String]
    let names: TokenNames

    private static let width = 900.0
    private static let left = 150.0
    private static let rowHeight = 18.0
    /// Comment by which a file is known for such a drawing.
    static let mark = "<!-- a step of quern explain -->"
    /// Columns drawn of a matrix.
    private static let columnLimit = 64

    /// The drawing as SVG.
    var svg: String {
        var body = ""
        var y = 100.0
        for values in step.values {
            body += strips(values, top: y)
            y += Double(values.rowCount) * Self.rowHeight + 44
        }
        let (detail, height) = detail(top: y)
        body += detail
        let total = SVGText.number(y + height + 10)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(SVGText.number(Self.width))" \
            height="\(total)" viewBox="0 0 \(SVGText.number(Self.width)) \(total)" \
            font-family="ui-monospace, Menlo, 'DejaVu Sans Mono', monospace" font-size="12" \
            fill="#1f2933">
            \(Self.mark)
            <rect width="100%" height="100%" fill="#ffffff"/>

            """ + text("\(number). \(step.title)", 24, 32, "font-size=\"17\" font-weight=\"600\"")
                + text(step.formula, 24, 54)
                + text(step.source, 24, 72, "fill=\"#6b7280\" font-size=\"11\"")
                + body + "</svg>\n"
    }

    /// Whether the file `name` in `directory` is a drawing of a step, by its name and its mark.
    static func isDrawing(_ name: String, in directory: String) -> Bool {
        guard name.wholeMatch(of: /[0-9]{2,}-[a-z0-9-]+\.svg/) != nil,
            let file = FileHandle(forReadingAtPath: directory + "/" + name)
        else { return false }
        defer { try? file.close() }
        let beginning = (try? file.read(upToCount: 1_024)) ?? Data()
        return String(decoding: beginning, as: UTF8.self).contains("\n\(mark)\n")
    }

    private func text(_ text: String, _ x: Double, _ y: Double, _ attributes: String = "") -> String
    {
        """
        <text x="\(SVGText.number(x))" y="\(SVGText.number(y))" xml:space="preserve" \
        \(attributes)>\(SVGText.escaped(text))</text>

        """
    }

    private func cell(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ fill: String, _ title: String
    ) -> String {
        """
        <rect x="\(SVGText.number(x))" y="\(SVGText.number(y))" width="\(SVGText.number(width))" \
        height="\(SVGText.number(height))" fill="\(fill)"><title>\(SVGText.escaped(title))</title>\
        </rect>

        """
    }

    /// Name of a token in the room beside rows.
    private func name(_ token: Int) -> String {
        labels[token].count <= 19 ? labels[token] : labels[token].prefix(18) + "…"
    }

    private func label(_ token: Int, row: Int, top: Double) -> String {
        text(
            name(token), Self.left - 8, top + (Double(row) + 0.72) * Self.rowHeight,
            "text-anchor=\"end\"")
    }

    /// Red below zero, blue above, white at zero; `scale` is the strongest.
    private func colour(_ value: Float, scale: Float) -> String {
        let share = Double(min(max(value / max(scale, 1e-12), -1), 1))
        let pale = Int((255 * (1 - abs(share) * 0.6)).rounded())
        return share < 0
            ? String(format: "#ff%02x%02x", pale, pale) : String(format: "#%02x%02xff", pale, pale)
    }

    private func strips(_ values: Explanation.Values, top: Double) -> String {
        let count = min(values.columnCount, Self.columnLimit)
        let width = min(18, (Self.width - Self.left - 24) / Double(count))
        let hidden = values.columnCount > count ? ", the first \(count) columns" : ""
        let scale = values.elements.reduce(0) { max($0, abs($1)) }
        var svg = text(
            "\(values.name)  \(ExplanationText.shape(values))\(hidden); strongest "
                + ExplanationText.number(scale), Self.left, top, "font-weight=\"600\"")
        for (row, token) in values.tokens.enumerated() {
            svg += label(token, row: row, top: top + 8)
            for (column, value) in values.row(row).prefix(count).enumerated() {
                svg += cell(
                    Self.left + Double(column) * width,
                    top + 8 + Double(row) * Self.rowHeight, width - 0.5, Self.rowHeight - 1,
                    colour(value, scale: scale),
                    "\(labels[token]) [\(column)]: \(ExplanationText.number(value))")
            }
        }
        return svg
    }

    private func detail(top: Double) -> (svg: String, height: Double) {
        switch step.detail {
        case .none: return ("", 0)
        case .tokens:
            return lines(
                labels.indices.map { "\($0 + 1)  \(labels[$0])" }, top: top)
        case .neighbours(let lengths, let nearest):
            return lines(
                labels.indices.map { row in
                    "\(labels[row])  length \(ExplanationText.number(lengths[row]))  nearest "
                        + nearest[row].map {
                            "\(names.name($0.token)) \(Figures.fixed(Double($0.value), 2))"
                        }.joined(separator: "  ")
                }, top: top)
        case .columns(let titles, let values):
            return lines(
                values.tokens.enumerated().map { row, token in
                    labels[token] + "  "
                        + zip(titles, values.row(row)).map {
                            "\($0) \(ExplanationText.number($1))"
                        }.joined(separator: "  ")
                }, top: top)
        case .map(let map, let columns): return grid(map, columns, top: top)
        case .odds(let odds):
            var svg = ""
            for (rank, choice) in odds.enumerated() {
                let y = top + Double(rank) * 24
                svg += text(
                    names.name(choice.token), Self.left - 8, y + 14, "text-anchor=\"end\"")
                let width = Double(choice.value) * (Self.width - Self.left - 120)
                let percent = Figures.percent(Double(choice.value))
                svg += cell(Self.left, y, max(width, 1), 18, "#2171b5", percent)
                svg += text(percent, Self.left + width + 8, y + 14)
            }
            return (svg, Double(odds.count) * 24)
        }
    }

    private func lines(_ lines: [String], top: Double) -> (svg: String, height: Double) {
        let svg = lines.enumerated().map { text($1, 24, top + Double($0) * 20) }.joined()
        return (svg, Double(lines.count) * 20)
    }

    /// Weights, which lie between 0 and 1, in shades; scores by their sign. Few enough have their
    /// number written in.
    private func grid(
        _ map: Explanation.Values, _ columns: Range<Int>, top: Double
    ) -> (svg: String, height: Double) {
        let finite = map.elements.filter(\.isFinite)
        let scale = finite.reduce(0) { max($0, abs($1)) }
        let width = min(64, (Self.width - Self.left - 24) / Double(map.columnCount))
        var svg = text(
            "\(map.name)  \(ExplanationText.shape(map)): row looks at column", Self.left, top,
            "font-weight=\"600\"")
        // A text that looks at itself has its names beside the rows; another side's stand on end.
        let isItself = columns == map.tokens
        let head =
            isItself ? 30 : 16 + 7.3 * Double(columns.map { name($0).count }.max() ?? 0)
        for (column, token) in columns.enumerated() {
            let x = Self.left + (Double(column) + 0.5) * width
            if isItself {
                svg += text("\(column + 1)", x, top + 22, "text-anchor=\"middle\"")
            } else {
                let place = "\(SVGText.number(x + 4)) \(SVGText.number(top + head - 4))"
                svg += text(name(token), 0, 0, "transform=\"translate(\(place)) rotate(-90)\"")
            }
        }
        for (row, token) in map.tokens.enumerated() {
            svg += label(token, row: row, top: top + head)
            for (column, value) in map.row(row).enumerated() {
                let (x, y) = (
                    Self.left + Double(column) * width, top + head + Double(row) * Self.rowHeight
                )
                let isSeen = value.isFinite
                svg += cell(
                    x, y, width - 0.5, Self.rowHeight - 1,
                    isSeen ? colour(value, scale: scale) : "#e5e7eb",
                    "\(labels[token]) → \(labels[columns.lowerBound + column]): "
                        + ExplanationText.number(value))
                guard width > 40 else { continue }
                svg += text(
                    isSeen ? Figures.fixed(Double(value), 2) : "-∞", x + width / 2,
                    y + Self.rowHeight * 0.72,
                    "text-anchor=\"middle\" font-size=\"11\" pointer-events=\"none\"")
            }
        }
        return (svg, head + Double(map.rowCount) * Self.rowHeight + 10)
    }
}
