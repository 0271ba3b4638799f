import Foundation
import Testing

/// The program as a person runs it.
enum Program {
    /// Output and status of a run.
    struct Result: Sendable {
        let status: Int32
        /// Standard output.
        let output: [UInt8]
        /// Standard error.
        let messages: String

        var text: String { String(decoding: output, as: UTF8.self) }

        /// Standard error as the events of `--log-format json`.
        var events: [[String: any Sendable]] {
            get throws {
                try messages.split(separator: "\n").map { line in
                    let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
                    return try #require(
                        object as? [String: any Sendable], "not an event: \(line)")
                }
            }
        }

        /// The stages of all events of one kind, such as "started".
        func stages(_ event: String) throws -> [String] {
            try events.filter { $0["event"] as? String == event }.compactMap {
                $0["stage"] as? String
            }
        }
    }

    /// A run that goes on.
    struct Running {
        let process: Process
        let result: Task<Result, any Error>

        /// Presses Ctrl-C when the run in `run` has done a step.
        func interrupt(afterFirstStepOf run: String, in folder: TemporaryFolder) async throws {
            try await send(SIGINT) {
                !((try? folder.bytes(run + "/metrics.jsonl").isEmpty) ?? true)
            }
        }

        /// Sends `signal` as soon as `isDue`.
        ///
        /// A thread of its own looks and sends: the threads of tasks may belong to other tests for
        /// seconds, in which the program would come to its end.
        func send(_ signal: Int32, when isDue: @escaping @Sendable () -> Bool) async throws {
            let identifier = process.processIdentifier
            let wasSent = await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    let deadline = ContinuousClock.now + .seconds(120)
                    while !isDue() {
                        guard .now < deadline else { return continuation.resume(returning: false) }
                        Thread.sleep(forTimeInterval: 0.002)
                    }
                    kill(identifier, signal)
                    continuation.resume(returning: true)
                }
            }
            try #require(wasSent, "the moment to send signal \(signal) did not come")
        }
    }

    /// The built program stands beside the test bundle that this process runs.
    private static let url = URL(fileURLWithPath: CommandLine.arguments[0])
        .resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("quern")

    /// Path of the built program.
    static var path: String { url.path }

    private static let turnstile = Turnstile(16)

    /// Runs `quern arguments` in `folder`, when it is its turn, and waits for its end.
    static func run(
        _ arguments: [String], in folder: TemporaryFolder, input: [UInt8] = [],
        level: String? = nil, environment: [String: String] = [:]
    ) async throws -> Result {
        try await turnstile.pass {
            try await start(
                arguments, in: folder, input: input, level: level, environment: environment
            ).result.value
        }
    }

    /// Runs `quern arguments`, which must succeed.
    @discardableResult
    static func succeed(
        _ arguments: [String], in folder: TemporaryFolder, input: [UInt8] = [],
        level: String? = nil, location: SourceLocation = #_sourceLocation
    ) async throws -> Result {
        let result = try await run(arguments, in: folder, input: input, level: level)
        try #require(
            result.status == 0, "quern \(arguments.joined(separator: " ")): \(result.messages)",
            sourceLocation: location)
        return result
    }

    /// Starts `quern arguments` in `folder`.
    ///
    /// The three streams are files, for a full pipe would stop the program.
    static func start(
        _ arguments: [String], in folder: TemporaryFolder, input: [UInt8] = [],
        level: String? = nil, environment: [String: String] = [:]
    ) throws -> Running {
        let streams = try TemporaryFolder()
        for (name, bytes) in [("in", input), ("out", []), ("err", [])] {
            try streams.write(name, bytes)
        }
        let process = Process()
        process.executableURL = url
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = ["PATH": "/usr/bin:/bin", "COLUMNS": "80"]
        process.environment?["QUERN_LEVEL"] = level
        process.environment?.merge(environment) { $1 }
        process.standardInput = FileHandle(forReadingAtPath: streams.path + "/in")
        process.standardOutput = FileHandle(forWritingAtPath: streams.path + "/out")
        process.standardError = FileHandle(forWritingAtPath: streams.path + "/err")
        let (ends, end) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            end.yield(process.terminationStatus)
            end.finish()
        }
        try process.run()
        let result = Task {
            var status: Int32 = -1
            for await value in ends { status = value }
            return Result(
                status: status, output: try streams.bytes("out"),
                messages: String(decoding: try streams.bytes("err"), as: UTF8.self))
        }
        return Running(process: process, result: result)
    }
}

/// Lets a few at a time do something that takes long: all tests begin at once, and hundreds of
/// programs would take each other's time and memory, and more file descriptors than Foundation's
/// `Process` can count without reading behind them.
private actor Turnstile {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func pass<Value: Sendable>(_ body: () async throws -> Value) async rethrows -> Value {
        await enter()
        defer { leave() }
        return try await body()
    }

    private func enter() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    /// Gives the place to the next, if one waits.
    private func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
