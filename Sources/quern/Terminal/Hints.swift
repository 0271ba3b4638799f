import ArgumentParser

/// Hints of the command line for errors of the libraries, which speak of values and of keys of the
/// configuration, such as `corpus.text_field`, and know no options.
enum Hints {
    /// Options that are not called as their keys are, with dashes.
    private static let otherNames = [
        "text_separator": "--separator", "max_document_bytes": "--max-document-size",
    ]

    /// An error with a hint behind what it says.
    private struct Explained: Error, CustomStringConvertible {
        let description: String
    }

    /// The error that a person shall read for `error`, which ended `command`.
    static func explained(_ error: any Error, in command: (any ParsableCommand)?) -> any Error {
        guard let command, let hint = hint(for: error, in: type(of: command)) else { return error }
        return Explained(description: "\(error) (\(hint))")
    }

    /// A clause about options of `command` that can change what went wrong; nil if there are none.
    static func hint(for error: any Error, in command: any ParsableCommand.Type) -> String? {
        hint(forKeysIn: "\(error)", of: command)
    }

    /// The options that set the keys which `message` names. In a message,
    /// `corpus.invalid_utf8 = replace` is a key and the value that it should have.
    private static func hint(
        forKeysIn message: String, of command: any ParsableCommand.Type
    ) -> String? {
        let keys = message.matches(
            of: #/\b(?:corpus|vocabulary|shards|training)\.(?:\w+\.)*(\w+)(?: = (\w+))?/#)
        guard !keys.isEmpty else { return nil }
        let known = Set(command.helpMessage().split { !($0.isLetter || $0 == "-" || $0.isNumber) })
        var options: [String] = []
        for key in keys {
            let name = String(key.output.1)
            let option = otherNames[name] ?? "--" + name.replacing("_", with: "-")
            guard known.contains(option[...]) else { continue }
            let text = key.output.2.map { "\(option) \($0)" } ?? option
            if !options.contains(text) { options.append(text) }
        }
        return options.isEmpty ? nil : "use \(options.listed)"
    }
}

extension [String] {
    /// The strings as alternatives for a person: "a, b or c".
    var listed: String {
        guard count > 1, let last else { return first ?? "" }
        return "\(dropLast().joined(separator: ", ")) or \(last)"
    }
}
