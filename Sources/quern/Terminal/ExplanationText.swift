import Models
import Tokenization

/// Names of the tokens that an explanation is about.
struct TokenNames {
    let vocabulary: Vocabulary

    /// A token as a person can tell it apart.
    func name(_ id: TokenID) -> String { name([id]) }

    /// The text of neighbouring tokens on one line.
    func name(_ ids: [TokenID]) -> String {
        // A model may have more embeddings than its vocabulary has tokens.
        (try? vocabulary.decode(ids)).map(Pieces.quoted) ?? "(no token)"
    }
}

/// Steps of an explanation as text: title, formula, shapes, and a few numbers.
struct ExplanationText {
    let explanation: Explanation
    let names: TokenNames

    /// Numbers shown of a row.
    static let shownNumbers = 4
    /// Tokens whose numbers fit side by side on a line.
    private static let mapLimit = 8
    /// The same where columns have names, mostly short ones.
    private static let sideLimit = 12
    private static let indent = 4

    /// All steps, one below the other.
    var text: String {
        explanation.steps.enumerated().map { number, step in
            let source = step.source.isEmpty ? "" : "    [\(step.source)]\n"
            return "\(number + 1). \(step.title)\n    \(step.formula)\n\(source)"
                + values(step) + detail(step.detail)
        }.joined(separator: "\n")
    }

    /// A shape as mathematics writes it.
    static func shape(_ values: Explanation.Values) -> String {
        "(\(values.rowCount), \(values.columnCount))"
    }

    /// A number with four digits behind the point.
    static func number(_ value: Float) -> String {
        value == -.infinity ? "-∞" : Figures.fixed(Double(value), 4)
    }

    private var labels: [String] { explanation.ids.map(names.name) }

    /// A line for each matrix: its name, its shape, and the beginning of its last token's row.
    private func values(_ step: Explanation.Step) -> String {
        let rows = step.values.map { values in
            let shown = values.row(values.rowCount - 1).prefix(Self.shownNumbers)
            return [
                values.name, Self.shape(values), labels[values.tokens].last.map { $0 + ":" } ?? "",
                shown.map(Self.number).joined(separator: "  ")
                    + (values.columnCount > Self.shownNumbers ? "  …" : ""),
            ]
        }
        return Table.text(rows, indent: Self.indent)
    }

    private func detail(_ detail: Explanation.Detail) -> String {
        switch detail {
        case .none: ""
        case .tokens:
            "    ids  (\(labels.count))\n"
                + Table.text(
                    zip(labels, explanation.ids).enumerated().map {
                        ["\($0 + 1)", $1.0, "\($1.1)"]
                    }, indent: Self.indent)
        case .neighbours(let lengths, let nearest):
            Table.text(
                [["token", "length", "nearest"]]
                    + labels.indices.map { index in
                        [
                            labels[index], Self.number(lengths[index]),
                            nearest[index].map {
                                "\(names.name($0.token)) \(Figures.fixed(Double($0.value), 2))"
                            }.joined(separator: "  "),
                        ]
                    }, indent: Self.indent)
        case .map(let map, let columns): mapText(map, columns)
        case .columns(let titles, let values):
            Table.text(
                [["token"] + titles]
                    + zip(labels[values.tokens], 0...).map { label, row in
                        [label] + values.row(row).map(Self.number)
                    },
                indent: Self.indent, alignRight: true)
        case .odds(let odds):
            Table.text(
                odds.enumerated().map { rank, choice in
                    [
                        "\(rank + 1)", names.name(choice.token), "\(choice.token)",
                        Figures.percent(Double(choice.value)),
                        Bars.text(Double(choice.value / max(odds[0].value, 1e-9)), width: 20),
                    ]
                }, indent: Self.indent)
        }
    }

    /// A row for each token that looks, a column for each that is looked at. Of a long text the
    /// last tokens are shown, because the last row is what the odds come from.
    private func mapText(_ map: Explanation.Values, _ columns: Range<Int>) -> String {
        // The columns of a text that looks at itself are its rows, whose numbers say which; those
        // of another side have names.
        let isItself = columns == map.tokens
        let heads =
            isItself
            ? columns.map { "\($0 - columns.lowerBound + 1)" } : Array(labels[columns])
        let limit = isItself ? Self.mapLimit : Self.sideLimit
        let (shownRows, shownColumns) = (map.rowCount.last(limit), columns.count.last(limit))
        var rows = [[""] + shownColumns.map { heads[$0] }]
        for (row, label) in zip(0..., labels[map.tokens]) where shownRows.contains(row) {
            let values = Array(map.row(row))
            rows.append(
                [isItself ? "\(row + 1) \(label)" : label]
                    + shownColumns.map { column in
                        values[column] == -.infinity
                            ? "-∞" : Figures.fixed(Double(values[column]), 2)
                    })
        }
        let isWhole = shownRows.lowerBound == 0 && shownColumns.lowerBound == 0
        let note = isWhole ? "" : ", of which the last \(limit)"
        return "    \(map.name)  \(Self.shape(map))\(note): row looks at column\n"
            + Table.text(rows, indent: Self.indent, alignRight: true)
    }
}

extension Int {
    /// Indices of the last of so many.
    fileprivate func last(_ limit: Int) -> Range<Int> { Swift.max(0, self - limit)..<self }
}
