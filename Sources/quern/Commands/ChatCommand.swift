import Foundation
import Work

/// A line for the program, and not for the model: `/save said.jsonl`.
enum ChatCommand: String, CaseIterable {
    case clear, system, save, help, quit

    /// Names that other programs have for the same.
    private static let otherNames = ["exit": ChatCommand.quit, "bye": .quit, "?": .help]

    /// The command of a line that begins with a slash, and what stands behind its name.
    ///
    /// - Throws: ``UnknownChatCommand``.
    static func parse(_ line: String) throws -> (command: ChatCommand, argument: String) {
        let parts = line.dropFirst().split(
            maxSplits: 1, omittingEmptySubsequences: false, whereSeparator: \.isWhitespace)
        let name = parts.first.map(String.init) ?? ""
        guard let command = ChatCommand(rawValue: name) ?? otherNames[name] else {
            throw UnknownChatCommand(name: name)
        }
        let argument = parts.count > 1 ? parts[1] : ""
        return (command, argument.trimmingCharacters(in: .whitespaces))
    }

    /// Whether a line is a command, and no message that begins with a slash.
    static func isOne(_ line: String) -> Bool { (try? parse(line)) != nil }

    /// The path that a person means, for whom `~` is the home directory as in a shell.
    ///
    /// - Throws: ``UnknownHome`` for somebody else's, and where none is known.
    static func path(
        _ text: String, home: String? = ProcessInfo.processInfo.environment["HOME"]
    ) throws -> String {
        guard text.hasPrefix("~") else { return text }
        guard text.hasPrefix("~/"), let home, !home.isEmpty else { throw UnknownHome(path: text) }
        return home + text.dropFirst()
    }

    /// The command with what belongs behind it, and its meaning.
    private var row: [String] {
        switch self {
        case .clear: ["/clear", "forget what was said"]
        case .system: ["/system TEXT", "say what the assistant is to be; without TEXT, nothing"]
        case .save: ["/save FILE", "keep the conversation as a line of JSON"]
        case .help: ["/help", "show this list"]
        case .quit: ["/quit", "leave"]
        }
    }

    /// All commands, a line each.
    static var list: String { Table.text(allCases.map(\.row)) }
}

/// A path that begins with a tilde which stands for no home that is known.
struct UnknownHome: Error, CustomStringConvertible {
    let path: String

    var description: String {
        "\(path) begins with ~, and only ~/ stands for a home here: write the path in full, or ./ "
            + "before it"
    }
}

/// A line that begins with a slash and is no command.
struct UnknownChatCommand: Error, CustomStringConvertible {
    let name: String

    var description: String {
        let names = ChatCommand.allCases.map(\.rawValue)
        let nearest = Spelling.nearest(to: name, among: names)
        return "/\(name) is no command"
            + (nearest.map { ": did you mean /\($0)?" } ?? "")
            + " (there are \(names.map { "/" + $0 }.joined(separator: ", ")))"
    }
}
