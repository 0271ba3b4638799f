import ArgumentParser

/// A command line that a command's help shows, to be pasted into a shell.
///
/// ```swift
/// static let examples: [Example] = [
///     "quern shards show shards/kjv",
///     Example("zstdcat a.zst | quern tokenize --vocab word -", remark: "From a pipe:"),
/// ]
/// ```
struct Example: Sendable, ExpressibleByStringLiteral {
    /// The command line, without a line break.
    let line: String
    /// Prose above it, which also stands for the examples that follow without one.
    let remark: String?

    /// A command line, and prose above it.
    init(_ line: String, remark: String? = nil) {
        self.line = line
        self.remark = remark
    }

    /// A command line that needs no prose.
    init(stringLiteral line: String) { self.init(line) }

    /// The command line in lines of at most `columns` columns, which a shell reads as one: each
    /// but the last ends in ` \`, and those after the first are indented further.
    ///
    /// A break stands between arguments, between an option and its value only where it must, and
    /// before every `|` and `&&` as soon as there is any. An argument that is wider than a line has
    /// one for itself. O(count).
    func lines(columns: Int, indent: Int = 2) -> [String] {
        let whole = String(repeating: " ", count: indent) + line
        guard whole.count > columns else { return [whole] }
        let further = String(repeating: " ", count: indent + 4)
        var lines = [String(repeating: " ", count: indent)]
        /// Adds words to the last line, or to a new one if `isBroken`.
        func add(_ text: String, isBroken: Bool) {
            if isBroken {
                lines.append(further + text)
            } else {
                lines[lines.count - 1] += (lines.last?.last == " " ? "" : " ") + text
            }
        }
        let units = Self.units(of: words)
        for (index, unit) in units.enumerated() {
            let ending = index + 1 < units.count ? " \\".count : 0
            func fits(_ text: String, ending: Int) -> Bool {
                let last = lines[lines.count - 1]
                return last.count + 1 + text.count + ending <= columns
            }
            let text = unit.joined(separator: " ")
            let isFirst = index == 0
            let isBroken = !isFirst && (Self.joins(unit[0]) || !fits(text, ending: ending))
            guard further.count + text.count + ending > columns else {
                add(text, isBroken: isBroken)
                continue
            }
            for (place, word) in unit.enumerated() {
                let ending = place + 1 < unit.count ? " \\".count : ending
                add(
                    word,
                    isBroken: place == 0 ? isBroken : !fits(word, ending: ending))
            }
        }
        return lines.dropLast().map { $0 + " \\" } + lines.suffix(1)
    }

    /// The words of the line as they are written, quotes included.
    var words: [String] {
        var words: [String] = []
        var word = ""
        var quote: Character?
        var isEscaped = false
        for character in line {
            if character == " ", quote == nil, !isEscaped {
                if !word.isEmpty { words.append(word) }
                word = ""
                continue
            }
            word.append(character)
            if isEscaped {
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            }
        }
        if !word.isEmpty { words.append(word) }
        return words
    }

    /// Words that a line keeps together where it can: an option with its value, and what joins two
    /// commands with the word behind it.
    private static func units(of words: [String]) -> [[String]] {
        var units: [[String]] = []
        for word in words {
            if let last = units.last?.last, !joins(word), !isOption(word),
                joins(last) || isOption(last) || last == "<"
            {
                units[units.count - 1].append(word)
            } else {
                units.append([word])
            }
        }
        return units
    }

    private static func isOption(_ word: String) -> Bool { word.hasPrefix("-") && word.count > 1 }

    /// Whether the word joins two commands.
    private static func joins(_ word: String) -> Bool { word == "|" || word == "&&" }
}

/// A command whose help shows how it is called.
protocol CommandWithExamples: ParsableCommand {
    static var examples: [Example] { get }
}
