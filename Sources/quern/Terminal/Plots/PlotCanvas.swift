/// A plane of dots that is written as characters: eight dots each as braille, or one each where
/// there is only ASCII.
struct PlotCanvas {
    /// Characters of a line, and lines.
    let columns: Int
    let rows: Int
    private let isUnicode: Bool

    /// A character's place.
    private struct Cell {
        /// The dots that are set, as braille numbers them.
        var dots: UInt8 = 0
        /// A character that stands before them.
        var mark: Character?
        /// The number of the curve that was drawn last.
        var curve = 0
    }

    private var cells: [Cell]

    /// An empty canvas for a screen that has braille, or only ASCII.
    init(columns: Int, rows: Int, isUnicode: Bool) {
        self.columns = max(columns, 1)
        self.rows = max(rows, 1)
        self.isUnicode = isUnicode
        cells = Array(repeating: Cell(), count: self.columns * self.rows)
    }

    /// Dots side by side, and one below the other.
    var dotColumns: Int { columns * (isUnicode ? 2 : 1) }
    var dotRows: Int { rows * (isUnicode ? 4 : 1) }

    /// Bits of a braille character's dots, in rows of two: U+2800 and following of Unicode.
    private static let bits: [[UInt8]] = [
        [0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80],
    ]

    /// Sets a dot of a curve; ASCII shows the curve's letter instead.
    ///
    /// - Parameters:
    ///   - x: from the left, below ``dotColumns``.
    ///   - y: from the top, below ``dotRows``.
    mutating func set(x: Int, y: Int, curve: Int) {
        guard (0..<dotColumns).contains(x), (0..<dotRows).contains(y) else { return }
        guard isUnicode else {
            let index = y * columns + x
            if cells[index].mark?.isUppercase != true {
                cells[index].mark = Character(Self.letter(curve).lowercased())
                cells[index].curve = curve
            }
            return
        }
        let index = y / 4 * columns + x / 2
        cells[index].dots |= Self.bits[y % 4][x % 2]
        if cells[index].mark == nil { cells[index].curve = curve }
    }

    /// Puts the letter of a curve over a dot.
    mutating func mark(x: Int, y: Int, curve: Int) {
        guard (0..<dotColumns).contains(x), (0..<dotRows).contains(y) else { return }
        let index = isUnicode ? y / 4 * columns + x / 2 : y * columns + x
        cells[index].mark = Character(Self.letter(curve))
        cells[index].curve = curve
    }

    /// The letter of a curve: A for the first.
    static func letter(_ curve: Int) -> String {
        String(UnicodeScalar(UInt8(ascii: "A") + UInt8(curve % 26)))
    }

    /// A line of the canvas without what is empty at its end, coloured where the screen shows
    /// colours.
    func line(_ row: Int, on screen: Screen) -> String {
        var text = ""
        let line = cells[row * columns..<(row + 1) * columns]
        guard let end = line.lastIndex(where: { $0.mark != nil || $0.dots > 0 }) else { return "" }
        for cell in line[...end] {
            if let mark = cell.mark {
                text += screen.coloured(String(mark), CurvePlot.colour(cell.curve))
            } else if cell.dots > 0, let scalar = UnicodeScalar(0x2800 + UInt32(cell.dots)) {
                text += screen.coloured(String(scalar), CurvePlot.colour(cell.curve))
            } else {
                text += " "
            }
        }
        return text
    }
}
