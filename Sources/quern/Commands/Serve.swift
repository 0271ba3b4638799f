import ArgumentParser
import Files
import Foundation
import Models
import Pipeline
import Server
import Training
import Work

/// `quern serve`
struct Serve: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve models over HTTP, and a playground.",
        discussion: """
            Answers what OpenAI's clients ask (/v1/completions, /v1/chat/completions, /v1/models), \
            the questions about tokens that lm-evaluation-harness asks, and a page at / to play \
            with. /openapi.json describes all of it.

            The address is written to standard output, and each answer is a line on standard \
            error, without anything of its text. Several requests are drawn side by side; the \
            same request with the same seed has the same answer whatever is drawn beside it. \
            Ctrl-C and SIGTERM let running answers finish for --grace seconds.

            Only this machine reaches the server unless --host says otherwise. With --api-key-file \
            a request must have one of the keys in the file, one a line; the page and /health \
            need none.
            """)

    static let examples: [Example] = [
        "quern serve --model runs/kjv",
        "quern serve --model runs/kjv --model chat=runs/kjv/chat --port 8000",
        "quern serve --model kjv --host 0.0.0.0 --api-key-file keys.txt --parallel 16",
    ]

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            A run (kjv or runs/kjv), a checkpoint, or a Hugging Face model directory with its \
            vocabulary; may be repeated. A name for it may stand in front. (default: the \
            pipeline's run)
            """, valueName: "[name=]model"), completion: .directory)
    var model: [String] = []

    @OptionGroup var file: ConfigOption

    @Option(name: .long, help: "Address to listen at; 0.0.0.0 is reached from other machines.")
    var host = ServerOptions().host

    @Option(
        name: .long,
        help: "Port to listen at; 0 takes a free one. (default: \(ServerOptions().port))",
        transform: Typed.whole(0...65_535))
    var port = ServerOptions().port

    @Option(
        name: .long,
        help: "A file of keys, one a line, of which a request must have one. (default: none)",
        completion: .file())
    var apiKeyFile: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            An origin whose pages may use the server, such as http://localhost:3000, or * for \
            all. May be repeated.
            """, valueName: "origin"))
    var corsOrigins: [String] = []

    @Option(
        name: .long,
        help: "Texts that are drawn side by side. (default: \(EngineOptions().slotCount))",
        transform: Typed.whole(1...EngineOptions.maximumSlotCount))
    var parallel = EngineOptions().slotCount

    @Option(
        name: .long,
        help: """
            Requests that may wait; more are refused with the status 503. (default: \
            \(EngineOptions().queueLength))
            """,
        transform: Typed.whole(0...65_536))
    var queue = EngineOptions().queueLength

    @Option(
        name: .long,
        help: """
            The memory for what is known of earlier prompts, such as 256MB; 0 keeps nothing. The \
            answers are the same. (default: \(ByteSize(byteCount: EngineOptions().cacheByteCount)))
            """, transform: Typed.size(.size(0...1 << 50)))
    var cacheMemory = ByteSize(byteCount: EngineOptions().cacheByteCount)

    @OptionGroup var formats: FormatOptions

    @Option(
        name: .long,
        help: """
            Seconds in which running answers may finish at the end. (default: \
            \(Int(ServerOptions().graceSeconds)))
            """,
        transform: Typed.real(.real(0...3600)))
    var grace = ServerOptions().graceSeconds

    @Option(
        name: .long, help: "Directory of the runs whose curves the page shows.",
        completion: .directory)
    var runs = ServerOptions().runsDirectory

    @Option(
        name: .long, help: "Directory of the vocabularies that the page compares.",
        completion: .directory)
    var vocabularies = ServerOptions().vocabulariesDirectory

    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        try file.check(!model.isEmpty, "--model")
        if !model.isEmpty, file.config != nil {
            throw ValidationError("--config says which model it is: give it or --model")
        }
        if host.isEmpty { throw ValidationError("--host needs an address") }
        for origin in corsOrigins where origin != "*" && !origin.contains("://") {
            throw ValidationError(
                "--cors-origins takes an origin such as http://localhost:3000, or *; "
                    + "\(origin) is none")
        }
    }

    #if Server
        func run() async throws {
            let places = try places()
            var options = ServerOptions()
            options.host = host
            options.port = port
            options.origins = corsOrigins
            options.graceSeconds = grace
            options.runsDirectory = runs
            options.vocabulariesDirectory = vocabularies
            options.keys = try keys()
            if !options.isLocal, options.keys.isEmpty {
                ProgressPrinter.notice(
                    "note: whoever reaches this machine can use the server; --api-key-file "
                        + "asks for a key", form: reporting.form)
            }
            var engine = EngineOptions()
            engine.weights = formats.weights
            engine.cache = formats.cacheType
            engine.threadCount = reporting.threadCount
            engine.slotCount = parallel
            engine.queueLength = queue
            engine.cacheByteCount = cacheMemory.byteCount
            let form = reporting.form
            let server = HTTPServer(options: options) { Self.show($0, form) }
            let (stops, requests) = AsyncStream<Void>.makeStream()
            let interrupts = InterruptHandler(
                form: form, answer: "running answers finish; once more to stop at once"
            ) { requests.yield() }
            defer { withExtendedLifetime(interrupts) {} }
            let engineOptions = engine
            let host = host
            try await server.run(until: stops) {
                try places.map {
                    try ServedModel(name: $0.name, directory: $0.path, options: engineOptions)
                }
            } ready: { port in
                Self.greet(host, port, places.map(\.name), form)
            }
        }
    #else
        func run() async throws {
            throw ValidationError(
                "this program was built without the server: build it by make build, or by "
                    + "swift build --traits Server")
        }
    #endif

    /// The models that are meant, and the names that requests call them by.
    private func places() throws -> [(name: String, path: String)] {
        let given = model.isEmpty ? [try file.model(nil, reporting.form)] : model
        let places = given.map { text -> (name: String, path: String) in
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, FileSystem.isMissing(text) else {
                return (Self.name(of: text), text)
            }
            return (parts[0], parts[1])
        }
        var known: Set<String> = []
        for place in places where !known.insert(place.name).inserted {
            throw ValidationError(
                "two models would be called \(place.name): name them, as in "
                    + "--model first=\(place.path)")
        }
        return places
    }

    /// The name of the model at `path`: that of its run, or else of its directory.
    private static func name(of path: String) -> String {
        let directory = ModelPlace.runDirectory(of: path) ?? path
        let parts = directory.split(separator: "/").map(String.init)
        // A run in another one, such as kjv/chat, has the names of both.
        if parts.count > 1, parts[0] == ModelPlace.runsDirectory, !directory.hasPrefix("/") {
            return parts.dropFirst().joined(separator: "/")
        }
        return parts.last ?? "model"
    }

    /// The keys of the file.
    private func keys() throws -> [String] {
        guard let apiKeyFile else { return [] }
        guard let data = try FileSystem.contents(apiKeyFile) else {
            throw ValidationError("--api-key-file: there is no file \(apiKeyFile)")
        }
        let keys = ServerOptions.keys(inText: String(decoding: data, as: UTF8.self))
        guard !keys.isEmpty else {
            throw ValidationError("--api-key-file: \(apiKeyFile) has no key")
        }
        return keys
    }

    /// The server listens, for a log of JSON lines.
    private struct Serving: Encodable {
        var event = "serving"
        let models: [String]
        let url: String
    }

    /// An answer, for a log of JSON lines.
    private struct Answered: Encodable {
        var event = "answer"
        let method: String
        let path: String
        let seconds: Double
        let status: Int
        let whole: Bool
    }

    private static func greet(
        _ host: String, _ port: Int, _ models: [String], _ form: ProgressPrinter.Form
    ) {
        let shown = ["0.0.0.0", "::"].contains(host) ? "127.0.0.1" : host
        let url = "http://\(shown.contains(":") ? "[\(shown)]" : shown):\(port)"
        switch form {
        case .none: break
        case .json: ProgressPrinter.show(Serving(models: models, url: url))
        case .text:
            ProgressPrinter.notice(
                """
                Serving \(models.joined(separator: ", ")), with a playground at \(url)/
                For example:
                  curl \(url)/v1/completions -H 'Content-Type: application/json' \\
                    -d '{"model": "\(models[0])", "prompt": "In the", "max_tokens": 40}'
                Ctrl-C stops it.
                """, form: form)
        }
        // What a program that has started this one waits for.
        Terminal.write(url + "\n")
    }

    private static func show(_ entry: ServerLogEntry, _ form: ProgressPrinter.Form) {
        switch form {
        case .none: break
        case .json:
            ProgressPrinter.show(
                Answered(
                    method: entry.method, path: entry.path,
                    seconds: (entry.seconds * 1000).rounded() / 1000, status: entry.status,
                    whole: entry.isWhole))
        case .text:
            ProgressPrinter.notice(
                "\(entry.method) \(entry.path) \(entry.status) "
                    + Figures.fixed(entry.seconds, 3) + " s"
                    + (entry.isWhole ? "" : ", and the client left"), form: form)
        }
    }
}
