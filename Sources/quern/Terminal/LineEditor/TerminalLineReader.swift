import ArgumentParser

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Lines that a person types on a terminal, edited and kept for the arrow keys.
struct TerminalLineReader {
    private let mode: TerminalMode
    private let terminalReturn: TerminalReturn
    private let screen: Screen
    private let historyFile: HistoryFile?
    private var editor: LineEditor
    private var keys = KeyReader()

    /// Whether standard input is a terminal, and standard output one whose cursor can be moved.
    static var isPossible: Bool { Terminal.readsFromPerson && Terminal.resultScreen.movesCursor }

    /// A reader of standard input that draws on standard output, which must be possible.
    ///
    /// - Parameters:
    ///   - mode: the mode of standard input.
    ///   - historyFile: where lines are kept for other times; nil for nowhere.
    init(mode: TerminalMode, historyFile: HistoryFile?) {
        screen = Terminal.resultScreen
        self.mode = mode
        terminalReturn = TerminalReturn(of: mode)
        self.historyFile = historyFile
        editor = LineEditor(history: historyFile?.lines() ?? [])
    }

    /// The next line; nil when there are no more.
    ///
    /// - Throws: `ExitCode` 130 where Ctrl-C asks for the end of the program.
    mutating func next(prompt: String) throws -> String? {
        guard mode.makeRaw() else { return nil }
        defer { mode.restore() }
        draw(prompt)
        while true {
            while let key = keys.next() {
                switch editor.apply(key) {
                case .changed: continue
                case .line(let line):
                    // All of it stays on the screen, over as many lines as it takes.
                    Terminal.draw(screen.redrawn(prompt + LineDrawing.shown(line)) + "\n")
                    if !line.allSatisfy(\.isWhitespace) { historyFile?.append(line) }
                    return line
                case .cancelled: Terminal.write("^C\n")
                case .interrupted:
                    Terminal.write("\n")
                    throw ExitCode(130)
                case .endOfInput: return nil
                case .clearScreen: Terminal.draw("\u{1B}[H\u{1B}[2J")
                case .suspend: suspend()
                }
            }
            draw(prompt)
            guard let bytes = try Terminal.readInput() else { return nil }
            keys.add(bytes)
        }
    }

    private func draw(_ prompt: String) {
        let drawing = LineDrawing(
            prompt: prompt, left: editor.left, right: editor.right,
            columns: Terminal.columns(of: STDOUT_FILENO) ?? 80)
        Terminal.draw(drawing.sequences(on: screen))
    }

    /// Stops the program and those that it was started with, as Ctrl-Z does, until they are told to
    /// go on.
    private func suspend() {
        Terminal.write("\n")
        mode.restore()
        kill(0, SIGTSTP)
        _ = mode.makeRaw()
    }
}
