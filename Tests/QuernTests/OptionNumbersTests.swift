import ArgumentParser
import Foundation
import Testing

@testable import quern

/// Every numeric option of every command, found in the parser's own description of them, with
/// values that nobody should type.
@Suite struct OptionNumbersTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The description that `--experimental-dump-help` writes.
    private struct Description: Decodable {
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

    private static let values = [
        "inf", "-inf", "nan", "1e18", "1e308", "-1", "0", "9223372036854775807",
        "-9223372036854775808", "1e-320", "18446744073709551616", "", "1e", " 1", "٣", "0x10",
        "3", "0.5", "0x1p3",
    ]

    /// The error of an argument of `command`; nil if it can be run. The command alone is parsed:
    /// making the parser of all of them takes most of a second.
    private func refusal(_ command: any ParsableCommand.Type, _ argument: String) -> String? {
        do {
            _ = try command.parse([argument])
            return nil
        } catch {
            return command.message(for: error)
        }
    }

    @Test func `each number is in its range or refused by its option`() async throws {
        let json = try await Program.succeed(["--experimental-dump-help"], in: folder).output
        let root = try JSONDecoder().decode(Description.self, from: Data(json)).command
        var numbers: Set<String> = []
        func walk(
            _ command: Description.Command, _ type: any ParsableCommand.Type, _ words: [String]
        ) {
            for argument in command.arguments ?? [] where argument.kind == "option" {
                guard let name = argument.names?.first(where: { $0.kind == "long" })?.name else {
                    continue
                }
                let option = "--" + name
                guard let refused = refusal(type, option + "=no number"),
                    refused.contains("'no number' is invalid for '\(option)")
                else { continue }
                if refused.contains("give one of") || refused.contains("rovide one of") { continue }
                #expect(
                    refused.contains(#/give a (whole )?(number|size) /#),
                    "\(words) \(option) has no range: \(refused)")
                numbers.insert(words.joined(separator: " ") + " " + option)
                // One way of reading serves all options: each sees some of the values in its turn.
                for (turn, value) in Self.values.enumerated()
                where turn < 3 || turn % 6 == numbers.count % 6 {
                    let message = refusal(type, "\(option)=\(value)") ?? ""
                    if value.isEmpty {
                        #expect(message.contains("for '\(option)"), "\(words) \(message)")
                        continue
                    }
                    guard message.contains("is invalid for '\(option)") else {
                        // A value that is taken is a number that is not beyond any bound.
                        let isSeed = option == "--seed" && value == "9223372036854775807"
                        #expect(
                            Double(value).map { abs($0) < 1e17 } == true || isSeed,
                            "\(words) \(option) takes \(value)")
                        continue
                    }
                    #expect(message.contains("give a"), "\(words) \(option)=\(value): \(message)")
                    #expect(message.contains("'\(value)'"))
                }
            }
            for child in command.subcommands ?? [] {
                let types = type.configuration.subcommands
                guard let type = types.first(where: { $0._commandName == child.commandName }) else {
                    continue
                }
                walk(child, type, words + [child.commandName])
            }
        }
        walk(root, Quern.self, [])
        #expect(numbers.count > 50, "\(numbers.sorted())")
        #expect(numbers.contains("encode --journal-every"))
        #expect(numbers.contains("shards show --step"))
    }
}
