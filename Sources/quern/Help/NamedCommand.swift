import ArgumentParser

/// The command that the first words of the program's arguments name.
struct NamedCommand {
    /// The command as far as the words are known.
    let command: any ParsableCommand.Type
    /// Its name behind the program's, such as "vocab train"; empty for the program.
    let name: [String]
    /// The arguments behind its name.
    let arguments: ArraySlice<String>
    /// The word that stands where a subcommand's name belongs and is none.
    let unknownWord: String?

    /// The command that `arguments` name, perhaps behind the word "help".
    init(_ arguments: [String]) {
        var command: any ParsableCommand.Type = Quern.self
        var name: [String] = []
        var unknownWord: String?
        var rest = arguments.first == "help" ? arguments.dropFirst() : arguments[...]
        while let word = rest.first {
            let subcommands = command.configuration.subcommands
            guard !word.hasPrefix("-"), !subcommands.isEmpty else { break }
            guard let next = subcommands.first(where: { $0.isCalled(word) }) else {
                unknownWord = word
                break
            }
            command = next
            rest = rest.dropFirst()
            name.append(next._commandName)
        }
        self.command = command
        self.name = name
        self.arguments = rest
        self.unknownWord = unknownWord
    }

    /// Names of all commands below `command`, which is called `name`, the groups among them.
    static func names(
        below command: any ParsableCommand.Type = Quern.self, called name: [String] = []
    ) -> [[String]] {
        command.configuration.subcommands.flatMap { subcommand in
            let called = name + [subcommand._commandName]
            return [called] + names(below: subcommand, called: called)
        }
    }
}

extension ParsableCommand {
    /// Whether `word` is the command's name, or another name that it has.
    fileprivate static func isCalled(_ word: String) -> Bool {
        word == _commandName || configuration.aliases.contains(word)
    }
}
