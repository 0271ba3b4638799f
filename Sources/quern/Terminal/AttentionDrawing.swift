import Foundation
import Models

/// Attention of every head as a drawing: a row of maps for each layer, a map for each head. A row
/// of a map is the token that looks, a column the token that is looked at; a browser tells the
/// number of the cell under the pointer.
struct AttentionDrawing {
    let maps: AttentionMaps
    /// A label for each token.
    let labels: [String]

    private var cell: Double { maps.tokenCount <= 12 ? 20 : maps.tokenCount <= 40 ? 14 : 9 }
    private var rowLabels: ArraySlice<String> { labels[maps.queries] }
    private var columnLabels: ArraySlice<String> { labels[maps.keys] }
    private var fontSize: Double { cell * 0.62 + 1.2 }
    private var labelWidth: Double {
        Double(labels.map(\.count).max() ?? 0) * fontSize * 0.6 + 10
    }
    private var mapWidth: Double { Double(maps.keys.count) * cell }
    private var mapHeight: Double { Double(maps.queries.count) * cell }
    private static let margin = 24.0
    private static let heading = 22.0
    private static let gap = 28.0

    private var stepX: Double { labelWidth + mapWidth + Self.gap }
    private var stepY: Double { Self.heading + labelWidth + mapHeight + Self.gap }

    /// The drawing as SVG.
    var svg: String {
        let width = 2 * Self.margin + Double(maps.headCount) * stepX - Self.gap
        let top = Self.margin + 44
        let height = top + Double(maps.layerCount) * stepY - Self.gap + Self.margin
        var svg = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(number(max(width, 420)))" \
            height="\(number(height))" font-family="ui-monospace, Menlo, 'DejaVu Sans Mono', \
            monospace" font-size="\(number(fontSize))" fill="#1f2933">
            <rect width="100%" height="100%" fill="#ffffff"/>
            <text x="\(number(Self.margin))" y="\(number(Self.margin + 8))" font-size="15" \
            font-family="sans-serif" font-weight="600">Attention: row looks at column</text>

            """
        svg += legend
        for layer in 0..<maps.layerCount {
            for head in 0..<maps.headCount {
                svg += map(
                    layer, head, x: Self.margin + Double(head) * stepX,
                    y: top + Double(layer) * stepY)
            }
        }
        return svg + "</svg>\n"
    }

    private var legend: String {
        var text = ""
        for step in 0...10 {
            let x = Self.margin + Double(step) * 14
            text += """
                <rect x="\(number(x))" y="\(number(Self.margin + 18))" width="14" height="10" \
                fill="\(colour(Float(step) / 10))"/>

                """
        }
        return text + """
            <text x="\(number(Self.margin + 162))" y="\(number(Self.margin + 27))" font-size="11" \
            font-family="sans-serif">0 to 100 % of a row</text>

            """
    }

    private func map(_ layer: Int, _ head: Int, x: Double, y: Double) -> String {
        let (left, top) = (x + labelWidth, y + Self.heading + labelWidth)
        var text = """
            <text x="\(number(left))" y="\(number(y + 10))" font-size="12" \
            font-family="sans-serif" font-weight="600">layer \(layer + 1), head \(head + 1)</text>
            <rect x="\(number(left))" y="\(number(top))" width="\(number(mapWidth))" \
            height="\(number(mapHeight))" fill="#f3f4f6"/>

            """
        for (index, label) in rowLabels.enumerated() {
            let middle = (Double(index) + 0.5) * cell
            text += """
                <text x="\(number(left - 5))" y="\(number(top + middle + fontSize * 0.35))" \
                text-anchor="end" xml:space="preserve">\(escaped(label))</text>

                """
        }
        for (index, label) in columnLabels.enumerated() {
            let middle = (Double(index) + 0.5) * cell
            text += """
                <text transform="translate(\(number(left + middle + fontSize * 0.35)) \
                \(number(top - 5))) rotate(-90)" xml:space="preserve">\(escaped(label))</text>

                """
        }
        let weights = maps.weights(layer: layer, head: head)
        for (row, rowLabel) in rowLabels.enumerated() {
            for (column, columnLabel) in columnLabels.enumerated()
            where !maps.isCausal || column <= row {
                let weight = weights[weights.startIndex + row * maps.keys.count + column]
                text += """
                    <rect x="\(number(left + Double(column) * cell))" \
                    y="\(number(top + Double(row) * cell))" width="\(number(cell - 0.6))" \
                    height="\(number(cell - 0.6))" fill="\(colour(weight))"><title>\
                    \(escaped(rowLabel)) → \(escaped(columnLabel)): \
                    \(Figures.percent(Double(weight)))</title></rect>

                    """
            }
        }
        return text
    }

    private func colour(_ weight: Float) -> String { SVGText.colour(weight) }
    private func number(_ value: Double) -> String { SVGText.number(value) }
    private func escaped(_ text: String) -> String { SVGText.escaped(text) }
}

/// Attention of every head as text: a row for each token that looks, a column for each that is
/// looked at.
struct AttentionText {
    let maps: AttentionMaps
    /// A label for each token.
    let labels: [String]

    /// So many tokens still fit on a line as numbers; of more there are shades.
    private static let numberLimit = 16
    private static let shades = ["  ", "░░", "▒▒", "▓▓", "██"]

    /// All maps, one below the other.
    var text: String {
        let usesNumbers = maps.keys.count <= Self.numberLimit
        let seen = maps.isCausal ? "tokens up to it" : "source's tokens"
        var text =
            usesNumbers
            ? "Percent of its attention that each token (row) pays to the \(seen) (column).\n"
            : "░ below 25 %, ▒ below 50 %, ▓ below 75 %, █ up to 100 % of a row's attention; "
                + "nothing below 5 %.\n"
        for layer in 0..<maps.layerCount {
            for head in 0..<maps.headCount {
                text += "\nlayer \(layer + 1), head \(head + 1)\n"
                text += usesNumbers ? numbers(layer, head) : shades(layer, head)
            }
        }
        return text
    }

    private func rows(_ layer: Int, _ head: Int) -> [ArraySlice<Float>] {
        let weights = maps.weights(layer: layer, head: head)
        return maps.queries.indices.map { index in
            let row = index - maps.queries.lowerBound
            let start = weights.startIndex + row * maps.keys.count
            return weights[start..<start + (maps.isCausal ? row + 1 : maps.keys.count)]
        }
    }

    private func numbers(_ layer: Int, _ head: Int) -> String {
        // A decoder's columns are its rows, whose numbers say which; a source's have names.
        let heads = maps.keys.map { maps.isCausal ? "\($0 + 1)" : labels[$0] }
        var cells = [[""] + heads]
        for (index, row) in rows(layer, head).enumerated() {
            let label = labels[maps.queries.lowerBound + index]
            cells.append(
                [maps.isCausal ? "\(index + 1) \(label)" : label]
                    + row.map { "\(Int((Double($0) * 100).rounded()))" })
        }
        return Table.text(cells, alignRight: true)
    }

    private func shades(_ layer: Int, _ head: Int) -> String {
        let cells = rows(layer, head).enumerated().map { index, row in
            [
                labels[maps.queries.lowerBound + index],
                row.map { Self.shades[$0 < 0.05 ? 0 : min(4, 1 + Int($0 * 4))] }.joined() + "│",
            ]
        }
        return Table.text(cells)
    }
}
