import ArgumentParser
import Pipeline
import Work

/// Texts for arguments that cannot be understood.
enum WrongUsage {
    /// What the parser says of `error`; but an option that is none is named before one that is
    /// missing, which it probably was meant to be.
    static func message(for error: any Error, _ command: NamedCommand) -> String {
        let message = Quern.message(for: error)
        let isWrongWord = message.hasPrefix("Unexpected ") || message.hasPrefix("Unknown option ")
        if isWrongWord, let word = command.arguments.first(where: hasLongDash) {
            let name = word.drop { "-\u{2013}\u{2014}".contains($0) }
            return "'\(word)' begins with a dash of a word processor; write '--\(name)'"
        }
        if message.hasPrefix("Unexpected argument") {
            let known = options(of: command.command)
            let places = [("--prompt", "a text to go on with"), ("--model", "a model")]
                .filter { known.contains($0.0) }.map { "\($0.1) belongs behind \($0.0)" }
            return ([message] + places).joined(separator: "; ")
        }
        if let letter = message.firstMatch(of: #/^Unknown option '-([A-Za-z])'/#)?.output.1 {
            return message.prefix { $0 != ";" } + longOptions(for: letter, command)
        }
        guard message.hasPrefix("Unknown option '--") || message.hasPrefix("Missing expected "),
            let option = unknownOption(of: command)
        else { return message }
        if command.name == ["run"], option == "--resume" {
            return "Unknown option '\(option)'; a run that was stopped goes on without it"
        }
        if inputNames.contains(option), Quern.usageString(for: command.command).contains("<inputs>")
        {
            return "Unknown option '\(option)'; what is read is named without an option before it"
        }
        if let meant = meant(by: option, command) {
            return "Unknown option '\(option)'; did you mean '\(meant)'?"
        }
        // The parser suggests what takes three edits, of however short a name.
        let nearest = Spelling.nearest(to: option, among: options(of: command.command))
        return "Unknown option '\(option)'" + (nearest.map { "; did you mean '\($0)'?" } ?? "")
    }

    /// Options by which other programs take what they read.
    private static let inputNames = [
        "--input", "--inputs", "--file", "--files", "--path", "--corpus", "--data", "--dataset",
    ]

    /// Letters that other programs give to an option.
    private static let letters: [Substring: [String]] = [
        "m": ["--model"], "p": ["--prompt"], "n": ["--max-new-tokens", "--samples"],
        "t": ["--threads", "--temperature"], "s": ["--seed", "--step"], "c": ["--config"],
        "o": ["--output"], "i": ["--inputs-from"], "f": ["--format"], "j": ["--threads"],
        "q": ["--quiet"], "v": ["--vocab", "--version"], "k": ["--top-k"], "r": ["--rank"],
    ]

    /// "; did you mean '--model'?", for options of one letter, of which there are few.
    private static func longOptions(for letter: Substring, _ command: NamedCommand) -> String {
        let known = options(of: command.command)
        guard let meant = (letters[letter.lowercased()[...]] ?? []).first(where: known.contains)
        else { return "; options are words behind two hyphens" }
        return "; did you mean '\(meant)'?"
    }

    /// Whether a word is an option but for a dash that an editor has put in place of two hyphens.
    private static func hasLongDash(_ word: String) -> Bool {
        let dashes = word.prefix { "-\u{2013}\u{2014}".contains($0) }
        let name = word[dashes.endIndex...]
        return dashes.contains { $0 != "-" } && name.first?.isLetter == true
            && !name.contains(" ")
    }

    /// The option that is meant by the name of a key, or by what other programs call it, or the
    /// setting where the command takes settings; nil for none.
    private static func meant(by option: String, _ command: NamedCommand) -> String? {
        let known = options(of: command.command)
        let name = String(option.dropFirst(2)).replacing("-", with: "_")
        func isSo(_ key: ConfigurationKey) -> Bool {
            key.description.name == name || key.description.aliases.contains(name)
                || key.variants.contains { $0.description.aliases.contains(name) }
        }
        let keys = ConfigurationKeys.pipeline.all.filter { !$0.section.contains("[]") }
        let byName = keys.filter { $0.description.name == name }
        let meant = byName + keys.filter { isSo($0) && $0.description.name != name }
        for key in meant {
            let own = "--" + key.description.name.replacing("_", with: "-")
            if known.contains(own) { return own }
        }
        if name == "num_samples" || name == "n", known.contains("--samples") { return "--samples" }
        guard known.contains("--set") else { return nil }
        if name == "output", command.name == ["run"] { return "--set name=…" }
        // Training counts steps; the epochs are those of conversations.
        let isTuning = command.arguments.contains { $0.hasPrefix("--conversations") }
        let path =
            name.hasSuffix("epochs") && !isTuning
            ? "training.steps"
            : (meant.first { $0.section == (isTuning ? "instruction_tuning" : "training") }
                ?? meant.first { $0.section != "instruction_tuning" } ?? meant.first)?.path
        return path.map { "--set \($0)=…" }
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
        // What a command throws while it runs, the parser takes for an error of the program.
        let isOwn = error is UnknownCommand || error is ValidationError
        guard isOwn || message != Quern.message(for: error) else {
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
