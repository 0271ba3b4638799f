import Testing

@testable import quern

@Suite struct ScreenTests {
    private func screen(_ variables: [String: String], isTerminal: Bool = true) -> Screen {
        Screen(isTerminal: isTerminal) { variables[$0] }
    }

    @Test func `a terminal shows colours and moves the cursor`() {
        let screen = screen(["TERM": "xterm-256color", "LANG": "en_US.UTF-8"])
        #expect(screen.movesCursor && screen.showsColour && screen.isUnicode)
        #expect(screen.clearedLine == "\r\u{1B}[K")
    }

    @Test(arguments: [
        (["TERM": "dumb"], true), ([:], true), (["TERM": ""], true), (["TERM": "xterm"], false),
    ])
    func `a plain terminal and a pipe get no escape sequence`(
        variables: [String: String], isTerminal: Bool
    ) {
        let screen = screen(variables, isTerminal: isTerminal)
        #expect(!screen.movesCursor && !screen.showsColour)
        #expect(screen.clearedLine.isEmpty)
        #expect(screen.coloured("a", 12, ground: 3) == "a")
        let bytes = Array("\u{1B}[31mred\u{9B}2J".utf8)
        let piece = Pieces.text(bytes, number: 1, on: screen)
        #expect(piece == "|\\x1B[31mred\\xC2\\x9B2J")
    }

    @Test func `any value of NO_COLOR takes the colours, and an empty one does not`() {
        #expect(!screen(["TERM": "xterm", "NO_COLOR": "0"]).showsColour)
        #expect(screen(["TERM": "xterm", "NO_COLOR": "0"]).movesCursor)
        #expect(screen(["TERM": "xterm", "NO_COLOR": ""]).showsColour)
    }

    @Test(arguments: [
        (["LANG": "C"], false), ([:], false), (["LANG": "de_DE.utf8"], true),
        (["LANG": "de_DE.UTF-8", "LC_ALL": "POSIX"], false),
        (["LANG": "C", "LC_CTYPE": "C.UTF-8"], true),
        (["LANG": "C.UTF-8", "LC_ALL": ""], true),
        (["LANG": "C.UTF-8", "TERM": "dumb"], false),
    ])
    func `the locale says whether there is more than ASCII`(
        variables: [String: String], isUnicode: Bool
    ) {
        #expect(screen(variables, isTerminal: false).isUnicode == isUnicode)
    }
}
