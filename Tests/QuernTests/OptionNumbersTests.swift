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

        struct Argument: Decodable, Hashable {
            let kind: String
            let names: [Name]?
            let valueName: String?
            let abstract: String?
            let allValues: [String]?
        }

        struct Name: Decodable, Hashable {
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
    private func refusal(
        _ command: any ParsableCommand.Type, _ argument: String
    ) -> (any Error)? {
        do {
            _ = try command.parse([argument])
            return nil
        } catch {
            return error
        }
    }

    /// The reason for which an option refuses its value; nil where the error is another one. It is
    /// read from the error: the message of one has the whole help made first, for its usage.
    private func reason(of error: (any Error)?) -> String? {
        error.flatMap {
            Mirror(reflecting: $0).descendant(
                "parserError", "unableToParseValue", "originalError")
        }.map { "\($0)" }
    }

    /// Checks the values of an option, if it is a number.
    ///
    /// - Parameter number: chooses some of the values: one way of reading serves all options, and
    ///   each sees some in its turn.
    /// - Returns: whether it is one.
    private func check(
        _ option: String, of command: any ParsableCommand.Type, isNumbered number: Int
    ) -> Bool {
        let error = refusal(command, option + "=no number")
        guard let error, reason(of: error) != nil else { return false }
        let refused = command.message(for: error)
        #expect(refused.contains("'no number' is invalid for '\(option)"), "\(refused)")
        if refused.contains("give one of") || refused.contains("rovide one of") { return false }
        #expect(
            refused.contains(#/give a (whole )?(number|size|speed) /#),
            "\(option) has no range: \(refused)")
        for (turn, value) in Self.values.enumerated() where turn < 3 || turn % 6 == number % 6 {
            let error = refusal(command, "\(option)=\(value)")
            if value.isEmpty {
                let message = error.map { command.message(for: $0) } ?? ""
                #expect(message.contains("for '\(option)"), "\(message)")
                continue
            }
            guard let reason = reason(of: error) else {
                // A value that is taken is a number that is not beyond any bound.
                let isSeed = option.hasSuffix("seed") && value == "9223372036854775807"
                #expect(
                    Double(value).map { abs($0) < 1e17 } == true || isSeed,
                    "\(option) takes \(value)")
                continue
            }
            #expect(reason.contains("give a"), "\(option)=\(value): \(reason)")
        }
        return true
    }

    @Test func `each number is in its range or refused by its option`() async throws {
        let json = try await Program.succeed(["--experimental-dump-help"], in: folder).output
        let root = try JSONDecoder().decode(Description.self, from: Data(json)).command
        var numbers: Set<String> = []
        // An option that several commands share is declared once.
        var isNumber: [Description.Argument: Bool] = [:]
        func walk(
            _ command: Description.Command, _ type: any ParsableCommand.Type, _ words: [String]
        ) {
            for argument in command.arguments ?? []
            where argument.kind == "option" && argument.allValues == nil {
                guard let name = argument.names?.first(where: { $0.kind == "long" })?.name else {
                    continue
                }
                let place = "\(words.joined(separator: " ")) --\(name)"
                if isNumber[argument] == nil {
                    isNumber[argument] = check("--" + name, of: type, isNumbered: isNumber.count)
                }
                if isNumber[argument] == true { numbers.insert(place) }
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
