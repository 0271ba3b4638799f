import Foundation
import Testing

@testable import quern

@Suite struct LineEditorTests {
    /// Keys of all bytes, which come in parts of `size`.
    private static func keys(_ bytes: [UInt8], size: Int) -> [Key] {
        var reader = KeyReader()
        var keys: [Key] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            reader.add(Array(bytes[start..<min(start + size, bytes.count)]))
            while let key = reader.next() {
                // How typed text is cut says nothing.
                if case .text(let more) = key, case .text(let text)? = keys.last {
                    keys[keys.count - 1] = .text(text + more)
                } else {
                    keys.append(key)
                }
            }
        }
        return keys
    }

    private static func edited(_ input: String, history: [String] = []) -> LineEditor {
        var editor = LineEditor(history: history)
        for key in keys(Array(input.utf8), size: 1) { _ = editor.apply(key) }
        return editor
    }

    @Test(arguments: [
        ("ab", [Key.text("ab")]), ("\u{1B}[A\u{1B}OB", [.earlier, .later]),
        ("\u{1B}[C\u{1B}[D", [.right, .left]), ("\u{1B}[1;5C\u{1B}[1;3D", [.wordRight, .wordLeft]),
        ("\u{1B}b\u{1B}f\u{1B}\u{7F}", [.wordLeft, .wordRight, .deleteWord]),
        ("\u{1B}[H\u{1B}[F\u{1B}OH\u{1B}OF", [.start, .end, .start, .end]),
        ("\u{1B}[1~\u{1B}[4~\u{1B}[3~", [.start, .end, .delete]),
        (
            "\u{1}\u{5}\u{B}\u{15}\u{17}\u{C}",
            [
                .start, .end, .deleteToEnd, .deleteToStart, .deleteWord, .clearScreen,
            ]
        ),
        (
            "\u{3}\u{4}\u{1A}\u{7F}\u{8}\r\n",
            [
                .interrupt, .endOfInput, .suspend, .backspace, .backspace, .enter, .enter,
            ]
        ),
        // Keys without a meaning leave nothing behind.
        ("\u{1B}[15~\u{1B}[5~\u{1B}[Zx\u{1B}\u{1B}[A", [.text("x"), .earlier]),
        ("語🚀é", [.text("語🚀é")]),
        ("\u{1B}[200~one\r\ntwo\rthree\u{1B}[D\u{1B}[201~!", [.text("one\ntwo\nthree[D!")]),
    ])
    func `keys are the same in parts of any size`(input: String, expected: [Key]) {
        let bytes = Array(input.utf8)
        for size in 1...max(bytes.count, 1) {
            #expect(Self.keys(bytes, size: size) == expected, "in parts of \(size)")
        }
    }

    @Test func `Ctrl-C leads out of a paste that never ends`() {
        let bytes = Array("\u{1B}[200~one\rtwo\u{4}\u{3}x\r".utf8)
        for size in 1...bytes.count {
            #expect(Self.keys(bytes, size: size) == [.interrupt, .text("x"), .enter])
        }
    }

    @Test func `a history that is a link or a pipe stays as it is`() throws {
        let folder = try TemporaryFolder()
        let (link, target) = (folder.path + "/link", folder.path + "/target")
        try Data("a\n".utf8).write(to: URL(fileURLWithPath: target))
        #expect(chmod(target, 0o644) == 0)
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: target)
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o644) == 0)
        for path in [link, pipe] {
            #expect(HistoryFile(path: path).lines() == [])
            HistoryFile(path: path).append("b")
        }
        #expect(try String(contentsOfFile: target, encoding: .utf8) == "a\n")
        let attributes = try FileManager.default.attributesOfItem(atPath: target)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o644)
    }

    @Test func `bytes that are no UTF-8 become the sign for such`() {
        #expect(Self.keys([0xFF, 0x61, 0xE8, 0x0D], size: 1).last == .enter)
        #expect(Self.keys([0xFF, 0x61], size: 2) == [.text("\u{FFFD}a")])
        // A character that has only begun is waited for.
        #expect(Self.keys([0x61, 0xE8, 0xAA], size: 3) == [.text("a")])
    }

    @Test(arguments: [
        ("abc\u{1B}[D\u{1B}[Dx", "ax", "bc"), ("abc\u{1}x\u{5}y", "xabcy", ""),
        ("abc\u{1B}[D\u{7F}", "a", "c"), ("abc\u{1B}[H\u{1B}[3~", "", "bc"),
        ("one two  three\u{17}", "one two  ", ""), ("one two  \u{17}", "one ", ""),
        ("one two\u{1B}b\u{1B}b\u{1B}f", "one", " two"), ("one two\u{1B}b\u{B}", "one ", ""),
        ("one two\u{1B}b\u{15}", "", "two"), ("\u{7F}\u{1B}[D\u{1B}[C\u{17}a", "a", ""),
        // A character is one step, whatever it is made of.
        ("e\u{301}x\u{1B}[D\u{7F}", "", "x"), ("👩‍👩‍👧語\u{1B}[D\u{7F}", "", "語"),
        ("ab\u{1}\u{4}", "", "b"),
    ])
    func `keys change the text around the cursor`(input: String, left: String, right: String) {
        let editor = Self.edited(input)
        #expect(editor.left == left && editor.right == right)
    }

    @Test func `any keys leave the text that a plain list of characters has`() {
        var generator = SystemRandomNumberGenerator()
        let keys: [Key] = [
            .text("a"), .text("語 "), .text("é"), .left, .right, .start, .end, .backspace, .delete,
            .deleteToStart, .deleteToEnd,
        ]
        for _ in 0..<200 {
            var editor = LineEditor()
            var (plain, cursor): ([Character], Int) = ([], 0)
            for _ in 0..<40 {
                let key = keys.randomElement(using: &generator)!
                _ = editor.apply(key)
                switch key {
                case .text(let text):
                    plain.insert(contentsOf: text, at: cursor)
                    cursor += text.count
                case .left: cursor = max(0, cursor - 1)
                case .right: cursor = min(plain.count, cursor + 1)
                case .start: cursor = 0
                case .end: cursor = plain.count
                case .backspace:
                    if cursor > 0 {
                        cursor -= 1
                        plain.remove(at: cursor)
                    }
                case .delete: if cursor < plain.count { plain.remove(at: cursor) }
                case .deleteToStart:
                    plain.removeFirst(cursor)
                    cursor = 0
                default: plain.removeLast(plain.count - cursor)
                }
                #expect(editor.text == String(plain) && editor.left.count == cursor)
            }
        }
    }

    @Test func `earlier lines come back, and the new one after them`() {
        let up = "\u{1B}[A"
        let down = "\u{1B}[B"
        #expect(Self.edited("dra" + up, history: ["one", "two"]).text == "two")
        #expect(Self.edited("dra" + up + up + up, history: ["one", "two"]).text == "one")
        #expect(Self.edited("dra" + up + up + down, history: ["one", "two"]).text == "two")
        #expect(Self.edited("dra" + up + down + down + "ft", history: ["one"]).text == "draft")
        var editor = LineEditor()
        for line in ["a", "a", "  ", "b"] {
            _ = editor.apply(.text(line))
            #expect(editor.apply(.enter) == .line(line))
        }
        #expect(editor.history == ["a", "b"])
        #expect(editor.text.isEmpty)
    }

    @Test func `Ctrl-C gives up a line and leaves without one, and Ctrl-D leaves without one`() {
        var editor = LineEditor()
        _ = editor.apply(.text("half"))
        #expect(editor.apply(.endOfInput) == .changed)
        #expect(editor.apply(.interrupt) == .cancelled)
        #expect(editor.text.isEmpty && editor.history.isEmpty)
        #expect(editor.apply(.interrupt) == .interrupted)
        #expect(editor.apply(.endOfInput) == .endOfInput)
    }

    @Test func `a Ctrl-D from before the terminal was raw ends an empty line alone`() {
        let keys: [Key] = [.earlierEndOfInput, .text("a"), .earlierEndOfInput]
        #expect(Self.keys([0, 0x61, 0], size: 1) == keys)
        var editor = LineEditor()
        #expect(editor.apply(.earlierEndOfInput) == .endOfInput)
        for key in Self.keys(Array("ab\u{1B}[D\u{0}".utf8), size: 1) {
            #expect(editor.apply(key) == .changed)
        }
        #expect(editor.text == "ab")
    }

    @Test(arguments: [
        ("abc", "de", 20, "> abcde", 5), ("", "", 20, "> ", 2), ("語", "x", 20, "> 語x", 4),
        ("a\nb\t", "", 20, "> a⏎b ", 6),
        // Fifteen columns of text in a room of nine.
        ("abcdefghijklmno", "", 12, "> <hijklmno", 11),
        ("", "abcdefghijklmno", 12, "> abcdefgh>", 2),
        ("abcdefg", "hijklmno", 12, "> abcdefgh>", 9),
        ("語語語語語", "語語", 12, "> <語語語>", 9),
    ])
    func `a line is drawn around the cursor`(
        left: String, right: String, columns: Int, text: String, cursor: Int
    ) {
        let drawing = LineDrawing(prompt: "> ", left: left, right: right, columns: columns)
        #expect(drawing.text == text && drawing.cursorColumn == cursor)
    }

    @Test func `a drawing fits any screen with the cursor in it`() {
        let text = "one 語 two 🚀 three e\u{301} four"
        for columns in 1...40 {
            for place in 0...text.count {
                let drawing = LineDrawing(
                    prompt: "> ", left: String(text.prefix(place)),
                    right: String(text.dropFirst(place)), columns: columns)
                #expect(drawing.text.columnCount <= max(columns - 1, 2))
                #expect(drawing.cursorColumn <= drawing.text.columnCount)
                #expect(
                    drawing.text.prefix(columns: drawing.cursorColumn).columnCount
                        == drawing.cursorColumn)
            }
        }
    }

    @Test func `lines are kept in a file that nobody else reads`() throws {
        let folder = try TemporaryFolder()
        let state = folder.path + "/state"
        let file = try #require(HistoryFile(name: "lines", environment: ["XDG_STATE_HOME": state]))
        #expect(file.path == state + "/quern/lines")
        #expect(file.lines().isEmpty)
        let lines = ["one", "two\nlines", "a \\n and \\", "語"]
        for line in lines { file.append(line) }
        #expect(file.lines() == lines)
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        // Of a long file the last lines stay.
        try folder.write(
            "state/quern/lines", String(repeating: "0123456789abcde\n", count: 1 << 17))
        file.append("last")
        #expect(file.lines().count == LineEditor.historyLimit)
        let bytes = try folder.bytes("state/quern/lines")
        #expect(bytes.count < 1 << 16 && file.lines().last == "last")
        #expect(HistoryFile(name: "lines", environment: ["XDG_STATE_HOME": "relative"]) == nil)
        #expect(
            HistoryFile(name: "lines", environment: ["HOME": "/home/a"])?.path
                == "/home/a/.local/state/quern/lines")
    }
}
