import ArgumentParser
import Work

/// A word that stands where a command's name belongs, and is none.
struct UnknownCommand: Error, CustomStringConvertible {
    /// The word, behind the names of the groups that it stands in.
    let name: [String]
    /// Commands that may be meant, best first.
    let suggestions: [[String]]

    /// The unknown word of `command`; nil if there is none.
    init?(_ command: NamedCommand) {
        guard let word = command.unknownWord else { return nil }
        name = command.name + [word]
        suggestions = Self.suggestions(for: word, in: command.name)
    }

    /// "Unknown command 'genrate'; did you mean 'generate'?"
    var description: String {
        let quoted = suggestions.map { "'\($0.joined(separator: " "))'" }
        return "Unknown command '\(name.joined(separator: " "))'"
            + (quoted.isEmpty ? "" : "; did you mean \(quoted.listed)?")
    }

    /// What other programs call commands.
    private static let otherNames = [
        "detokenize": "decode", "sample": "generate", "complete": "generate", "eval": "evaluate",
        "finetune": "train", "tune": "train", "pretrain": "train", "sft": "train",
        "resume": "run", "predict": "generate", "infer": "generate", "prepare": "encode",
        "tokenizer": "vocab", "vocabulary": "vocab", "dataset": "shards", "data": "shards",
        "info": "show", "inspect": "show", "list": "show", "ls": "show", "stats": "show",
        "test": "evaluate", "plot": "compare", "server": "serve",
    ]

    /// Commands of the same name in other places; or those of a name that other programs have, the
    /// one beside it if there is one; or those that begin so; or else the one beside it whose name
    /// is nearest; or else those in other places whose name is.
    private static func suggestions(for word: String, in group: [String]) -> [[String]] {
        let names = NamedCommand.names()
        func called(_ word: String) -> [[String]] { names.filter { $0.last == word } }
        if !called(word).isEmpty { return called(word) }
        if word == "version" { return [["--version"]] }
        if let meant = otherNames[word] {
            let beside = called(meant).filter { $0.dropLast() == group[...] }
            return beside.isEmpty ? called(meant) : beside
        }
        // "gen" is the beginning of a name rather than a name with a slip in it.
        let begun = names.filter { $0.dropLast() == group[...] && $0.last?.hasPrefix(word) == true }
        if word.count > 1, !begun.isEmpty { return begun }
        let beside = names.filter { $0.dropLast() == group[...] }.compactMap(\.last)
        if let nearest = Spelling.nearest(to: word, among: beside) { return [group + [nearest]] }
        return Spelling.nearest(to: word, among: names.compactMap(\.last)).map(called) ?? []
    }
}
