import ArgumentParser
import Files
import Foundation
import Pipeline
import Processes

/// Options of several processes that train together.
struct RankOptions: ParsableArguments {
    /// Seconds that nothing may come of a process.
    static let standardTimeout = 300

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            The MPI library of the launcher that has started several of this command. (default: \
            Open MPI's or MPICH's, as the launcher's variables say)
            """, valueName: "path"), completion: .file())
    var mpiLibrary: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            A file with the secret by which processes know each other that talk over TCP. \
            (default: what QUERN_SECRET or the file of QUERN_SECRET_FILE holds)
            """, valueName: "path"), completion: .file())
    var secretFile: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            How long nothing may come of another process before all end. (default: 300)
            """, valueName: "seconds"), transform: Typed.whole(.stallSeconds))
    var stallTimeout: Int?

    /// Joins the processes that were launched together: a group of one where none were.
    func join() throws -> any ProcessGroup {
        let environment = ProcessInfo.processInfo.environment
        return try Launcher(environment: environment).join(
            library: mpiLibrary, secret: { try secret(environment) },
            watchdogSeconds: stallTimeout ?? Self.standardTimeout
        ) { rank in
            Terminal.writeMessage("Error: \(ProcessError.ended(rank: rank))\n")
            _exit(1)
        }
    }

    /// The secret that the options or the environment name.
    private func secret(_ environment: [String: String]) throws -> [UInt8] {
        let path = secretFile ?? environment[Launcher.secretFileVariable]
        if let path {
            guard let data = try FileSystem.contents(path) else {
                throw ProcessError.badSecret(
                    reason: "there is no file \(path) to read a secret from")
            }
            guard data.count <= 1 << 16 else {
                throw ProcessError.badSecret(reason: "\(path) is no secret: it is too long")
            }
            // A file that was written by a shell ends in a line feed.
            return Array(data).trimmingLineEnds
        }
        if let text = environment[Launcher.secretVariable], !text.isEmpty {
            return Array(text.utf8)
        }
        throw ProcessError.badSecret(
            reason: """
                processes that talk over TCP need a secret that all of them know: give each the \
                same in QUERN_SECRET, or in a file that QUERN_SECRET_FILE names, such as \
                `head -c 32 /dev/urandom | base64 > secret` makes
                """)
    }
}

extension [UInt8] {
    /// The bytes without the line ends behind them.
    fileprivate var trimmingLineEnds: [UInt8] {
        var bytes = self
        while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") {
            bytes.removeLast()
        }
        return bytes
    }
}

/// An error of one of several processes, with its number.
struct RankError: Error, CustomStringConvertible {
    let rank: Int
    let error: any Error

    var description: String { "rank \(rank): \(error)" }
}

extension ProcessGroup {
    /// Signals after which a checkpoint and an end are what was wanted: that by which Slurm warns
    /// of a time limit and, where a launcher may send it to any of several, the request to end.
    var politeSignals: [Int32] { count > 1 ? [SIGTERM, SIGUSR1] : [SIGUSR1] }

    /// Does the work of this process, and leaves the others in order: after the work, or at once
    /// where it fails.
    func whole<Result>(
        _ interrupts: InterruptHandler, _ work: () async throws -> Result
    ) async throws -> (result: Result, isInterrupted: Bool) {
        do {
            let result = try await work()
            let ones = Array(repeating: 1, count: count)
            let interruptions = try share(
                [interrupts.isInterrupted ? 1 : 0], counts: ones, patience: .unlimited)
            try finish()
            return (result, interruptions.contains { $0 != 0 })
        } catch {
            abandon(becauseOf: (error as? ProcessError)?.culprit)
            throw count > 1 ? RankError(rank: rank, error: error) : error
        }
    }
}
