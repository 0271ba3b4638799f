#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// What the place behind an output stream can show. Everything that writes an escape sequence, a
/// bar that is drawn over, or a character that ASCII lacks for the sake of its looks, asks here.
///
/// A terminal whose `TERM` is `dumb`, or is not said, draws over nothing and shows no colour, as
/// with git. A value of `NO_COLOR` takes the colour alone (<https://no-color.org>).
struct Screen: Equatable {
    /// Whether it is a terminal, of whatever kind.
    let isTerminal: Bool
    /// Whether a line can be drawn over.
    let movesCursor: Bool
    /// Whether escape sequences for colours are understood and wanted.
    let showsColour: Bool
    /// Whether the locale has more characters than those of ASCII. It says so for files too.
    let isUnicode: Bool

    /// The screen of a stream.
    ///
    /// - Parameters:
    ///   - isTerminal: whether the stream is a terminal.
    ///   - variable: the value of an environment variable.
    init(isTerminal: Bool, variable: (String) -> String?) {
        func value(_ name: String) -> String? {
            variable(name).flatMap { $0.isEmpty ? nil : $0 }
        }
        let term = value("TERM")
        self.isTerminal = isTerminal
        movesCursor = isTerminal && term != nil && term != "dumb"
        showsColour = movesCursor && value("NO_COLOR") == nil
        // The order of POSIX, Base Definitions, 8.2.
        let locale = (value("LC_ALL") ?? value("LC_CTYPE") ?? value("LANG") ?? "").lowercased()
        isUnicode = term != "dumb" && (locale.contains("utf-8") || locale.contains("utf8"))
    }

    /// The screen behind an open descriptor.
    init(descriptor: Int32) {
        self.init(isTerminal: isatty(descriptor) == 1) { name in
            unsafe getenv(name).map { unsafe String(cString: $0) }
        }
    }
}

extension Screen {
    /// Takes away what the last line has, where a line can be drawn over.
    var clearedLine: String { movesCursor ? "\r\u{1B}[K" : "" }

    /// Text in the place of what the last line has.
    func redrawn(_ text: String) -> String { "\r\(text)\u{1B}[K" }

    /// Text in a colour of the palette of 256, on a ground of another; as it is without colours.
    func coloured(_ text: String, _ colour: Int, ground: Int? = nil) -> String {
        guard showsColour else { return text }
        let second = ground.map { ";48;5;\($0)" } ?? ""
        return "\u{1B}[38;5;\(colour)\(second)m\(text)\u{1B}[0m"
    }
}
