import ArgumentParser
import Files
import Pipeline
import TokenShards
import Tokenization
import Training

/// Hints of the command line for errors of the libraries, which speak of values and of keys of the
/// configuration, such as `corpus.text_field`, and know no options.
enum Hints {
    /// An error with a hint behind what it says.
    private struct Explained: Error, CustomStringConvertible {
        let description: String
    }

    /// The error that a person shall read for `error`, with a hint if there is one.
    static func explained(_ error: any Error, hint: String?) -> any Error {
        guard let hint else { return error }
        return Explained(description: "\(error) (\(hint))")
    }

    /// A clause about options of `command`, or about other commands, that can change what went
    /// wrong; nil if there are none.
    static func hint(for error: any Error, in command: any ParsableCommand.Type) -> String? {
        let options = KnownOptions(of: command)
        return switch error {
        case let error as TrainingError: hint(for: error, options)
        case let error as PipelineError: hint(for: error, options)
        case let error as ShardError: hint(for: error, options)
        case let error as TokenizationError: hint(for: error, options)
        case FileError.otherKind: options.use("--overwrite")
        default: hint(forKeysIn: "\(error)", options)
        }
    }

    /// The options that set the keys which `message` names. In a message,
    /// `corpus.invalid_utf8 = replace` is a key and the value that it should have.
    static func hint(forKeysIn message: String, _ options: KnownOptions) -> String? {
        let keys = message.matches(
            of: #/\b(?:corpus|vocabulary|shards|training)\.(?:\w+\.)*(\w+)(?: = (\w+))?/#)
        var texts: [String] = []
        for key in keys {
            let name = String(key.output.1)
            let option = "--" + name.replacing("_", with: "-")
            let text = key.output.2.map { "\(option) \($0)" } ?? option
            if !texts.contains(text) { texts.append(text) }
        }
        return options.use(texts)
    }
}

/// The options that a command has.
struct KnownOptions {
    private let names: Set<Substring>

    /// The options that the help of `command` shows.
    init(of command: any ParsableCommand.Type) {
        let help = command.helpMessage(columns: 80)
        names = Set(help.split { !($0.isLetter || $0 == "-" || $0.isNumber) })
    }

    /// Whether the command has the option `name`.
    func has(_ name: String) -> Bool { names.contains(name[...]) }

    /// "use a or b", of those `options` that the command has; nil if it has none of them. A value
    /// may follow an option's name.
    func use(_ options: [String]) -> String? {
        let known = options.filter { names.contains($0.prefix { $0 != " " }) }
        return known.isEmpty ? nil : "use \(known.listed)"
    }

    /// "use a or b", as for an array.
    func use(_ options: String...) -> String? { use(options) }
}

extension [String] {
    /// The strings as alternatives for a person: "a, b or c".
    var listed: String {
        guard count > 1, let last else { return first ?? "" }
        return "\(dropLast().joined(separator: ", ")) or \(last)"
    }
}
