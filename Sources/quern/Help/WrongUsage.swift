import ArgumentParser
import Work

/// Texts for arguments that cannot be understood.
enum WrongUsage {
    /// What the parser says of `error`; but an option that is none is named before one that is
    /// missing, which it probably was meant to be.
    static func message(for error: any Error, _ command: NamedCommand) -> String {
        let message = Quern.message(for: error)
        guard message.hasPrefix("Unknown option '--") || message.hasPrefix("Missing expected "),
            let option = unknownOption(of: command)
        else { return message }
        // The parser suggests what takes three edits, of however short a name.
        let nearest = Spelling.nearest(to: option, among: options(of: command.command))
        return "Unknown option '\(option)'" + (nearest.map { "; did you mean '\($0)'?" } ?? "")
    }

    /// The first option among the arguments that the command does not have.
    private static func unknownOption(of command: NamedCommand) -> String? {
        let known = options(of: command.command)
        return command.arguments.prefix { $0 != "--" }.filter { $0.hasPrefix("--") }
            .map { String($0.prefix { $0 != "=" }) }.first { !known.contains($0) }
    }

    /// The message, and below it how the command is used where the arguments were wrong.
    static func text(for error: any Error, _ command: NamedCommand) -> String {
        let message = message(for: error, command)
        guard error is UnknownCommand || message != Quern.message(for: error) else {
            return Quern.fullMessage(for: error)
        }
        let name = (["quern"] + command.name).joined(separator: " ")
        return """
            Error: \(message)
            Usage: \(Quern.usageString(for: command.command))
              See '\(name) --help' for more information.
            """
    }

    /// The long options of `command`, as its help lists them.
    private static func options(of command: any ParsableCommand.Type) -> [String] {
        let help = Quern.helpMessage(for: command, includeHidden: true, columns: 200)
        return help.split(separator: "\n").filter { $0.hasPrefix("  -") }.flatMap { line in
            line.split { " ,/".contains($0) }.prefix { "-<[".contains($0.first ?? " ") }
                .filter { $0.hasPrefix("--") }
        }.map(String.init)
    }
}
