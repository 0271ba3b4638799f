import ArgumentParser
import Foundation
import Testing

@testable import Pipeline
@testable import quern

/// The names of all options of all commands, found in the parser's own description of them.
@Suite struct OptionNamesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Options that set no key of `pipeline.json`: they say what is read and written, how a command
    /// goes about it, and what it shows.
    private static let others: Set = [
        // Places.
        "config", "conversations", "counts", "frame-size", "input", "output", "quarantine", "run",
        "list-removed", "secret-file", "seed-tokens", "set", "shard-size", "svg", "vocab",
        // What becomes of an earlier result, and how work is shared.
        "from-step", "journal-every", "mpi-library", "overwrite", "rank", "resume",
        "share-bytes", "stall-timeout", "world",
        "bandwidth", "gflops", "latency", "ranks",
        // Messages and the form of results.
        "history", "ids", "json", "log-format", "logprobs", "profile", "quiet", "speed", "tensors",
        "threads",
        // What is shown, scored or drawn.
        "limit", "log-samples", "num-fewshot",
        "count", "end", "frequency-penalty", "ignore-end", "logit-bias", "offsets",
        "presence-penalty", "skip-special", "spare", "truncate",
        "answers", "attention", "beams", "begin", "by", "by-context", "by-position", "head",
        "layer", "measure",
        "schema",
        "length-penalty", "longest", "minutes", "places", "prompt", "row", "separator", "split",
        "step", "system", "target",
        "targets", "tokens", "top", "unused", "weights", "windows", "word",
        // How far a sweep goes.
        "budget", "over", "random", "skip-invalid",
        // Serving.
        "api-key-file", "cache-memory", "cache-type", "cors-origins", "grace", "host", "parallel",
        "port",
        "queue", "runs", "vocabularies",
        // The files of other programs.
        "add-bos", "context", "ignore-normalizer", "length", "pre", "preset", "type",
    ]

    /// Every long name of an option or a flag, by command.
    private func names() async throws -> [String: Set<String>] {
        struct Description: Decodable {
            let command: Command
            struct Command: Decodable {
                let commandName: String
                let subcommands: [Command]?
                let arguments: [Argument]?
            }
            struct Argument: Decodable {
                let kind: String
                let names: [Name]?
            }
            struct Name: Decodable {
                let kind: String
                let name: String
            }
        }
        let json = try await Program.succeed(["--experimental-dump-help"], in: folder).output
        let root = try JSONDecoder().decode(Description.self, from: Data(json)).command
        var result: [String: Set<String>] = [:]
        func walk(_ command: Description.Command, _ words: [String]) {
            for child in command.subcommands ?? [] { walk(child, words + [child.commandName]) }
            guard (command.subcommands ?? []).isEmpty else { return }
            for argument in command.arguments ?? [] where argument.kind != "positional" {
                for name in argument.names ?? [] where name.kind == "long" {
                    result[words.joined(separator: " "), default: []].insert(name.name)
                }
            }
        }
        walk(root, [])
        return result
    }

    @Test func `an option that sets a key has the key's name`() async throws {
        let keys = Set(
            ConfigurationKeys.pipeline.all.map {
                $0.path.replacing(/.*\./, with: "").replacing("_", with: "-")
            })
        var unused = Self.others
        for (command, names) in try await names() {
            for name in names where !["help", "version"].contains(name) {
                let plain = name.hasPrefix("no-") ? String(name.dropFirst(3)) : name
                unused.remove(plain)
                #expect(
                    keys.contains(plain) || Self.others.contains(plain),
                    "\(command) --\(name) is no key: name it as the key, or list it here")
            }
        }
        #expect(unused.isEmpty, "no command has --\(unused.sorted())")
        #expect(Self.others.isDisjoint(with: keys))
    }

    @Test func `an older name is understood where the option has a newer one`() async throws {
        let names = try await names()
        for (older, newer) in OptionAliases.names {
            let commands = names.filter { $0.value.contains(String(newer.dropFirst(2))) }
            #expect(!commands.isEmpty, "\(newer)")
            for (command, options) in commands {
                let words = command.split(separator: " ").map(String.init)
                let isOwn = options.contains(String(older.dropFirst(2)))
                for argument in [[older, "x"], [older + "=x"]] {
                    let read = OptionAliases.replaced(in: words + argument)
                    let wanted = isOwn ? older : newer
                    #expect(
                        read == words + argument.map { $0.replacing(older, with: wanted) },
                        "\(command)")
                }
            }
        }
        // An option of another command, a value, and what stands behind two dashes stay.
        for arguments in [
            ["decode", "--separator", "|"], ["generate", "--seed", "3"], ["evaluate", "--stop"],
            ["generate", "--", "--max-tokens"], ["--max-tokens"], [],
        ] {
            #expect(OptionAliases.replaced(in: arguments) == arguments)
        }
    }

    @Test func `an older name does what the newer one does, and no help shows it`() async throws {
        let world = try await TinyWorld.shared.value
        let generate = ["generate", "--model", world.model, "--prompt", "the mill", "--seed", "3"]
        let newer = try await Program.succeed(generate + ["--max-new-tokens", "5"], in: folder)
        let older = try await Program.succeed(generate + ["--max-tokens=5"], in: folder)
        #expect(newer.text == older.text)
        let help = try await Program.succeed(["generate", "--help"], in: folder).text
        #expect(help.contains("--max-new-tokens") && !help.contains("--max-tokens"))
    }
}
