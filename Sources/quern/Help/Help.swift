import ArgumentParser

/// Help texts: what the parser says of a command, and below it the command's examples, laid out so
/// that they can be pasted into a shell at any width.
enum Help {
    /// The help of a command of the program.
    ///
    /// - Parameters:
    ///   - command: one that `Quern` has, or itself.
    ///   - columns: the width of the screen.
    ///   - includesHidden: whether options are shown that the help leaves out otherwise.
    static func text(
        for command: any ParsableCommand.Type, columns: Int, includesHidden: Bool = false
    ) -> String {
        let text = Quern.helpMessage(
            for: command, includeHidden: includesHidden, columns: columns)
        let examples = (command as? any CommandWithExamples.Type)?.examples ?? []
        guard !examples.isEmpty else { return text.withOneLineBreak }
        return text.withOneLineBreak + "\nEXAMPLES:\n"
            + self.text(of: examples, columns: columns).withOneLineBreak
    }

    /// The text with which the program ends well: help, the version, a script of completions.
    ///
    /// - Parameters:
    ///   - end: what the parser threw.
    ///   - arguments: the program's.
    static func text(for end: any Error, arguments: [String]) -> String {
        let columns = Terminal.resultColumns
        let text = Quern.fullMessage(for: end, columns: columns)
        let command = NamedCommand(arguments).command
        // The parser keeps to itself whose help it shows.
        for includesHidden in [false, true]
        where text
            == Quern.helpMessage(for: command, includeHidden: includesHidden, columns: columns)
        {
            return self.text(for: command, columns: columns, includesHidden: includesHidden)
        }
        return text.isEmpty ? "" : text.withOneLineBreak
    }

    /// Examples below each other; a remark stands above its examples with an empty line before it.
    private static func text(of examples: [Example], columns: Int) -> String {
        var text = ""
        let indent = examples.contains { $0.remark != nil } ? 4 : 2
        for example in examples {
            if let remark = example.remark {
                text += (text.isEmpty ? "" : "\n") + wrapped(remark, columns: columns)
            }
            text += example.lines(columns: columns, indent: indent).joined(separator: "\n") + "\n"
        }
        return text
    }

    /// The words of `text` in indented lines.
    private static func wrapped(_ text: String, columns: Int) -> String {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= columns {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append("  " + word)
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }
}

extension String {
    /// The text with exactly one line break at its end.
    fileprivate var withOneLineBreak: String {
        var text = self[...]
        while text.last?.isNewline == true { text.removeLast() }
        return text + "\n"
    }
}
