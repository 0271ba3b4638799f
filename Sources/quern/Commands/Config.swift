import ArgumentParser
import Pipeline
import Work

/// `quern config`
struct Config: ParsableCommand, CommandWithExamples, MessagingCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Explain the keys of pipeline.json: what each means, and its default.",
        discussion: """
            Without a key, every key by section. With a section or a key, those; a key may be \
            named with its section or by itself. The same names are those of --set.

            --schema writes a JSON Schema, by which editors complete and check the file that \
            names it: {"$schema": "./pipeline.schema.json", …}.
            """)

    static let examples: [Example] = [
        "quern config",
        "quern config training",
        "quern config training.learning_rate",
        "quern config n_positions",
        "quern config --schema > pipeline.schema.json",
    ]

    @Argument(
        help: "A section, such as training, or a key, such as training.learning_rate.",
        completion: .list(ConfigurationKeys.comparison.all.map(\.path)))
    var key: String?

    @Flag(name: .long, help: "Write the keys as JSON.")
    var json = false

    @Flag(name: .long, help: "Write the JSON Schema of pipeline.json, and of comparisons.")
    var schema = false

    @OptionGroup var messages: MessageOptions

    func validate() throws {
        if schema, key != nil || json { throw ValidationError("--schema goes by itself") }
    }

    func run() throws {
        guard !schema else { return Terminal.write(ConfigurationSchema().text) }
        let all = ConfigurationKeys.comparison
        guard let key else {
            return Terminal.write(
                json ? ConfigurationText.json(all.all) : ConfigurationText.table(all.sections))
        }
        let found = all.find(key)
        guard !found.isEmpty else { throw ValidationError(Self.unknown(key, all)) }
        if json {
            Terminal.write(ConfigurationText.json(found))
        } else if let section = all[key] ?? all[key + "[]"] {
            // A section that is a key as well is explained before its keys.
            let itself = all.all.filter { $0.path == key }
            let keys = all.sections.filter {
                $0.place == section.place || $0.place.hasPrefix(section.place + ".")
            }
            Terminal.write(
                itself.map { $0.description.meaning + "\n\n" }.joined()
                    + ConfigurationText.table(keys))
        } else {
            Terminal.write(ConfigurationText.full(found))
        }
    }

    /// What is said of a key that there is not, with the nearest one.
    private static func unknown(_ key: String, _ all: ConfigurationKeys) -> String {
        let parts = key.split(separator: ".").map(String.init)
        let place = parts.dropLast().joined(separator: ".")
        let name = parts.last ?? key
        let nearest = all.nearest(to: name, in: all[place] == nil ? "" : place)
        return "there is no key \"\(key)\""
            + (nearest.map { "; did you mean \"\($0)\"?" } ?? "; `quern config` lists them all")
    }
}
