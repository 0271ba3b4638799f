import Transformer

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
        let usesNumbers = maps.tokenCount <= Self.numberLimit
        var text =
            usesNumbers
            ? "Percent of its attention that each token (row) pays to the tokens up to it "
                + "(column).\n"
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
        return (0..<maps.tokenCount).map { row in
            let start = weights.startIndex + row * maps.tokenCount
            return weights[start..<start + row + 1]
        }
    }

    private func numbers(_ layer: Int, _ head: Int) -> String {
        var cells = [[""] + (1...maps.tokenCount).map { "\($0)" }]
        for (index, row) in rows(layer, head).enumerated() {
            cells.append(
                ["\(index + 1) \(labels[index])"]
                    + row.map { "\(Int((Double($0) * 100).rounded()))" })
        }
        return Table.text(cells, alignRight: true)
    }

    private func shades(_ layer: Int, _ head: Int) -> String {
        let cells = rows(layer, head).enumerated().map { index, row in
            [
                labels[index],
                row.map { Self.shades[$0 < 0.05 ? 0 : min(4, 1 + Int($0 * 4))] }.joined() + "│",
            ]
        }
        return Table.text(cells)
    }
}
