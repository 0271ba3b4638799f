/// Picture of a line that is edited, on one line of the screen: of a text that is too long, what
/// is around the cursor, with `<` and `>` where there is more.
struct LineDrawing: Equatable {
    /// The prompt and the visible part of the text.
    let text: String
    /// Columns before the cursor.
    let cursorColumn: Int

    /// The picture of `left` and `right` of the cursor behind `prompt`, in at most `columns`.
    /// O(length of the text).
    init(prompt: String, left: String, right: String, columns: Int) {
        let (left, right) = (Self.shown(left), Self.shown(right))
        let prompt = String(prompt.prefix(columns: max(0, columns - 4)))
        // The cursor takes a column, also at the end.
        let room = max(1, columns - prompt.columnCount - 1)
        guard left.columnCount + right.columnCount > room else {
            text = prompt + left + right
            cursorColumn = prompt.columnCount + left.columnCount
            return
        }
        // A cursor near an end leaves its room to the other side.
        let ahead = min(right.columnCount, max(room / 4, room - left.columnCount))
        let before = Self.end(of: left, columns: room - ahead)
        text = prompt + before + Self.beginning(of: right, columns: room - before.columnCount)
        cursorColumn = prompt.columnCount + before.columnCount
    }

    /// Sequences that draw the picture in the place of the last one.
    func sequences(on screen: Screen) -> String {
        screen.redrawn(text) + "\r" + (cursorColumn > 0 ? "\u{1B}[\(cursorColumn)C" : "")
    }

    /// Text with a character in the place of each that would move the cursor.
    static func shown(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7F }) else { return text }
        return String(
            text.map { character in
                switch character {
                case "\n": "⏎"
                case "\t": " "
                // Nothing is put where it cannot be seen.
                case _ where character.columnCount == 0: "\u{FFFD}"
                default: character
                }
            })
    }

    private static func end(of text: String, columns: Int) -> String {
        guard text.columnCount > columns else { return text }
        return columns > 0 ? "<" + text.suffix(columns: columns - 1) : ""
    }

    private static func beginning(of text: String, columns: Int) -> String {
        guard text.columnCount > columns else { return text }
        return columns > 0 ? text.prefix(columns: columns - 1) + ">" : ""
    }
}
