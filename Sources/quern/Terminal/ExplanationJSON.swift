import Files
import Models

/// Steps of an explanation as JSON: what the text shows, and whole maps.
struct ExplanationJSON: Encodable {
    private let tokens: [Token]
    private let steps: [Step]

    private struct Token: Encodable {
        let token: String
        let id: Int
        var value: Float?
    }

    private struct Values: Encodable {
        let name: String
        let shape: [Int]
        /// Beginning of its last token's row.
        let last: [Float]
    }

    private struct Step: Encodable {
        let name: String
        let title: String
        let formula: String
        let source: String
        let values: [Values]
        var lengths: [Float]?
        var nearest: [[Token]]?
        /// Null where a token may not look.
        var map: [[Float?]]?
        /// The tokens that look and those that are looked at, as numbers of ``tokens`` from 0.
        var mapRows: [Int]?
        var mapColumns: [Int]?
        var columns: [String: [Float]]?
        var odds: [Token]?

        enum CodingKeys: String, CodingKey {
            case name, title, formula, source, values, lengths, nearest, map, columns, odds
            case mapRows = "map_rows"
            case mapColumns = "map_columns"
        }
    }

    init(_ explanation: Explanation, _ names: TokenNames) {
        func token(_ choice: Explanation.Choice) -> Token {
            Token(
                token: names.name(choice.token), id: choice.token.index, value: choice.value)
        }
        func rows(_ values: Explanation.Values) -> [[Float?]] {
            (0..<values.rowCount).map { values.row($0).map { $0.isFinite ? $0 : nil } }
        }
        tokens = explanation.ids.map { Token(token: names.name($0), id: $0.index) }
        steps = explanation.steps.map { step in
            var result = Step(
                name: step.name, title: step.title, formula: step.formula, source: step.source,
                values: step.values.map {
                    Values(
                        name: $0.name, shape: [$0.rowCount, $0.columnCount],
                        last: Array(
                            $0.row($0.rowCount - 1).prefix(ExplanationText.shownNumbers)))
                })
            switch step.detail {
            case .none, .tokens: break
            case .neighbours(let lengths, let nearest):
                result.lengths = lengths
                result.nearest = nearest.map { $0.map(token) }
            case .map(let map, let columns):
                result.map = rows(map)
                result.mapRows = Array(map.tokens)
                result.mapColumns = Array(columns)
            case .columns(let titles, let values):
                result.columns = Dictionary(
                    uniqueKeysWithValues: titles.enumerated().map { column, title in
                        (title, (0..<values.rowCount).map { Array(values.row($0))[column] })
                    })
            case .odds(let odds): result.odds = odds.map(token)
            }
            return result
        }
    }

    /// The text.
    var text: String {
        get throws { try FileReplacement.json(of: self) + "\n" }
    }
}
