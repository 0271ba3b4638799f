/// Names that options had before they were called as the keys that they set: understood, and not
/// shown in help.
enum OptionAliases {
    /// The older name of an option, and what is written for it now.
    static let names = [
        "--max-tokens": "--max-new-tokens",
        "--stop": "--stop-strings",
        "--separator": "--text-separator",
        "--max-document-size": "--max-document-bytes",
        "--special": "--special-tokens",
        "--part-size": "--part-bytes",
        "--seed": "--shuffle-seed",
        "--similarity": "--near-duplicate-similarity",
        "--near-duplicates": "--remove-near-duplicates",
        "--keep-duplicates": "--no-remove-duplicates",
        "--scratch": "--scratch-directory",
        "--level": "--compression-level",
    ]

    /// The arguments with today's names, where the command that they name has an option of today's
    /// name and none of the older one: `decode --separator` is an option of its own. O(arguments).
    static func replaced(in arguments: [String]) -> [String] {
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        guard arguments[..<end].contains(where: { names[name(of: $0)] != nil }) else {
            return arguments
        }
        let options = KnownOptions(of: NamedCommand(arguments).command)
        return arguments[..<end].map { argument in
            let name = name(of: argument)
            guard let today = names[name], options.has(today), !options.has(name) else {
                return argument
            }
            return today + argument.dropFirst(name.count)
        } + arguments[end...]
    }

    /// The name of an option, of which the value may stand behind `=`.
    private static func name(of argument: String) -> String {
        String(argument.prefix { $0 != "=" })
    }
}
