import Testing

@testable import quern

@Suite struct ControlCharactersTests {
    private func shown(_ text: String) -> String {
        String(decoding: ControlCharacters.shown(Array(text.utf8)), as: UTF8.self)
    }

    @Test func `control characters of a text are shown and not obeyed`() {
        #expect(shown("a\u{1B}]0;title\u{7}b") == "a^[]0;title^Gb")
        #expect(shown("\u{1B}[2J\u{1B}[H\u{8}\u{7F}\u{0}") == "^[[2J^[[H^H^?^@")
        #expect(shown("\u{9B}31m") == "<9B>31m")
        #expect(shown("one\rtwo\r\nthree") == "one^Mtwo\r\nthree")
        #expect(shown("\u{1B}[38;5;1;6nm\u{1B}") == "^[[38;5;1;6nm^[")
    }

    @Test func `what the screen writes passes`() {
        let screen = Screen(isTerminal: true) { $0 == "TERM" ? "xterm" : nil }
        for text in [
            screen.clearedLine, screen.redrawn("é語 50 %"), screen.coloured("x", 31, ground: 200),
            "a\tb\nc\u{A0}\u{2029}",
        ] { #expect(shown(text) == text) }
    }

    @Test func `of any bytes nothing is left that a terminal obeys`() {
        var generator = SystemRandomNumberGenerator()
        let parts: [[UInt8]] = [
            [0x1B], Array("[".utf8), Array("38;5;".utf8), Array("m".utf8), Array("7".utf8), [0xC2],
            [0x9B], [0x0D], [0x0A], [0x07], Array("é".utf8), Array("]0;".utf8),
        ]
        for _ in 0..<2_000 {
            let bytes = (0..<12).flatMap { _ in parts.randomElement(using: &generator)! }
            var text = String(decoding: ControlCharacters.shown(bytes), as: UTF8.self)
            text = text.replacing(/\u{1B}\[38;5;[0-9;]*m/, with: "")
            if text.hasPrefix("\r") { text.removeFirst() }
            text = text.replacing("\r\n", with: "\n")
            #expect(
                text.unicodeScalars.allSatisfy {
                    $0.properties.generalCategory != .control || $0 == "\n"
                })
        }
    }
}
