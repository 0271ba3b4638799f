#if Server
    import Foundation
    import Models
    import Synchronization
    import Testing
    import Tokenization

    @testable import Server

    /// A server of tiny models at a free port of this machine.
    struct RunningServer: Sendable {
        let port: Int
        let log: Log
        let models: [ServedModel]

        /// What was answered.
        final class Log: Sendable {
            private let entries = Mutex<[ServerLogEntry]>([])
            var all: [ServerLogEntry] { entries.withLock { $0 } }
            func add(_ entry: ServerLogEntry) { entries.withLock { $0.append(entry) } }
        }

        /// Calls `body` with a server, which stops behind it.
        ///
        /// Both have a higher priority than other tests, which are at work for seconds without a
        /// pause on all threads that there are for theirs.
        static func with(
            _ change: @escaping @Sendable (inout ServerOptions) -> Void = { _ in },
            engine: EngineOptions = oneThread,
            kinds: [EngineModel] = [.qwen3],
            positions: Int = 96,
            _ body: @escaping @Sendable (RunningServer) async throws -> Void
        ) async throws {
            try await Task(priority: .high) {
                try await runs(change, engine, kinds, positions, body)
            }.value
        }

        private static func runs(
            _ change: (inout ServerOptions) -> Void, _ engine: EngineOptions,
            _ kinds: [EngineModel], _ positions: Int,
            _ body: @escaping @Sendable (RunningServer) async throws -> Void
        ) async throws {
            var options = ServerOptions()
            options.port = 0
            options.graceSeconds = 0
            change(&options)
            let vocabulary = try EngineModel.vocabulary()
            let models = try kinds.map {
                try ServedModel(
                    name: $0.rawValue, model: $0.model(of: vocabulary, positions: positions),
                    vocabulary: vocabulary, options: engine)
            }
            let log = Log()
            let server = HTTPServer(options: options) { log.add($0) }
            let (stops, stop) = AsyncStream<Void>.makeStream()
            let (ports, ready) = AsyncStream<Int>.makeStream()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { ready.finish() }
                    try await server.run(until: stops, load: { models }, ready: { ready.yield($0) })
                }
                var iterator = ports.makeAsyncIterator()
                if let port = await iterator.next() {
                    defer { stop.yield() }
                    try await body(RunningServer(port: port, log: log, models: models))
                }
                try await group.waitForAll()
            }
        }

        static var oneThread: EngineOptions {
            var options = EngineOptions()
            options.threadCount = 1
            return options
        }

        /// Text of a request.
        static func text(
            _ method: String, _ path: String, _ body: String? = nil, headers: [String] = []
        ) -> String {
            var lines = ["\(method) \(path) HTTP/1.1", "Host: localhost"] + headers
            if let body { lines.append("Content-Length: \(body.utf8.count)") }
            return (lines + ["", ""]).joined(separator: "\r\n") + (body ?? "")
        }

        /// The answer to a request on a connection of its own.
        func ask(
            _ method: String, _ path: String, _ body: String? = nil, headers: [String] = []
        ) async throws -> RawAnswer {
            let connection = try RawConnection(port: port)
            connection.send(Self.text(method, path, body, headers: headers))
            return try #require(try await connection.answer(toHead: method == "HEAD"))
        }

        /// The text of the only choice of an answer to a request for a completion.
        func complete(_ fields: String) async throws -> RawAnswer {
            try await ask("POST", "/v1/completions", "{\(fields)}")
        }

        func chat(_ fields: String) async throws -> RawAnswer {
            try await ask(
                "POST", "/v1/chat/completions",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"the mill\"}], \(fields)}")
        }

        /// Waits until `condition` holds, for some seconds at most.
        static func wait(for condition: () -> Bool) async throws -> Bool {
            for _ in 0..<12_000 {
                if condition() { return true }
                try await Task.sleep(for: .milliseconds(10))
            }
            return false
        }
    }
#endif
