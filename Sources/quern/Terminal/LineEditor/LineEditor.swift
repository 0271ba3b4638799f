/// Editing of one line: its text, the place of the cursor, and the lines before it. What is drawn,
/// and on what, is no concern of it.
///
/// ```swift
/// var editor = LineEditor(history: ["first"])
/// _ = editor.apply(.text("helo"))
/// _ = editor.apply(.left)
/// _ = editor.apply(.text("l"))
/// // editor.apply(.enter) is .line("hello")
/// ```
struct LineEditor {
    /// What comes of a key.
    enum Outcome: Equatable {
        /// The text, or the cursor, may be another one.
        case changed
        /// The line is done.
        case line(String)
        /// The line was given up.
        case cancelled
        /// There is no line, and the reader is asked to leave by Ctrl-C.
        case interrupted
        /// There is no line, and there will be none.
        case endOfInput
        /// The screen is to be cleared.
        case clearScreen
        /// The program is to be stopped for a while.
        case suspend
    }

    /// Text before the cursor.
    private(set) var left = ""
    /// Text behind the cursor.
    private(set) var right = ""
    /// Lines that were entered before, the oldest first.
    private(set) var history: [String]
    /// The line of the history that is shown; its count for one that is new.
    private var shown: Int
    /// The new line while another is shown.
    private var draft = ""

    /// The most lines that are kept.
    static let historyLimit = 1_000

    init(history: [String] = []) {
        self.history = history.suffix(Self.historyLimit)
        shown = self.history.count
    }

    /// The whole text.
    var text: String { left + right }

    /// Does what `key` asks for. O(length of the text).
    mutating func apply(_ key: Key) -> Outcome {
        switch key {
        case .text(let text): left += text
        case .enter: return .line(finish())
        case .left: if let last = left.popLast() { right = String(last) + right }
        case .right: if !right.isEmpty { left.append(right.removeFirst()) }
        case .wordLeft: move(to: wordStart)
        case .wordRight: moveRight(past: Self.wordLength(of: right))
        case .start: (left, right) = ("", text)
        case .end: (left, right) = (text, "")
        case .earlier: show(shown - 1)
        case .later: show(shown + 1)
        case .backspace: _ = left.popLast()
        case .delete: if !right.isEmpty { right.removeFirst() }
        case .deleteWord: left = String(left[..<wordStart])
        case .deleteToStart: left = ""
        case .deleteToEnd: right = ""
        case .clearScreen: return .clearScreen
        case .suspend: return .suspend
        case .interrupt:
            let outcome: Outcome = text.isEmpty ? .interrupted : .cancelled
            clear()
            return outcome
        case .endOfInput:
            if text.isEmpty { return .endOfInput }
            if !right.isEmpty { right.removeFirst() }
        case .earlierEndOfInput: if text.isEmpty { return .endOfInput }
        }
        return .changed
    }

    private mutating func finish() -> String {
        let line = text
        if !line.allSatisfy(\.isWhitespace), line != history.last {
            history.append(line)
            if history.count > Self.historyLimit { history.removeFirst() }
        }
        clear()
        return line
    }

    private mutating func clear() {
        (left, right, draft) = ("", "", "")
        shown = history.count
    }

    /// Shows a line of the history, or the new one behind it.
    private mutating func show(_ number: Int) {
        guard (0...history.count).contains(number), number != shown else { return }
        if shown == history.count { draft = text }
        shown = number
        (left, right) = (number == history.count ? draft : history[number], "")
    }

    /// The beginning of the word before the cursor.
    private var wordStart: String.Index {
        left.index(left.startIndex, offsetBy: left.count - Self.wordLength(of: left.reversed()))
    }

    /// Characters up to the end of the first word.
    private static func wordLength(of text: some Sequence<Character>) -> Int {
        var (count, isInWord) = (0, false)
        for character in text {
            if character.isWhitespace, isInWord { break }
            isInWord = isInWord || !character.isWhitespace
            count += 1
        }
        return count
    }

    private mutating func move(to index: String.Index) {
        (left, right) = (String(left[..<index]), String(left[index...]) + right)
    }

    private mutating func moveRight(past count: Int) {
        (left, right) = (left + right.prefix(count), String(right.dropFirst(count)))
    }
}
