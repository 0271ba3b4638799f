#if Server
    import Foundation
    import Hummingbird
    import HummingbirdCore
    import Logging
    import NIOCore
    import NIOPosix
    import ServiceLifecycle

    /// Serves models over HTTP: the interface of OpenAI, tokens, measures and the playground.
    ///
    /// ```
    /// let server = HTTPServer(options: options)
    /// try await server.run {
    ///     [try ServedModel(name: "mill", directory: "runs/mill")]
    /// } ready: { port in
    ///     print("http://127.0.0.1:\(port)")
    /// }
    /// ```
    public struct HTTPServer: Sendable {
        private let state: ServerState
        private let log: @Sendable (ServerLogEntry) -> Void

        /// A server that listens to nothing yet.
        ///
        /// - Parameters:
        ///   - options: the settings.
        ///   - log: takes what was answered, from several threads.
        public init(
            options: ServerOptions, log: @escaping @Sendable (ServerLogEntry) -> Void = { _ in }
        ) {
            state = ServerState(options)
            self.log = log
        }

        /// Serves until `stops` has a value. Running answers may then finish for as long as the
        /// options say, and new ones are refused.
        ///
        /// While the models load, what needs them is answered with the status 503.
        ///
        /// - Parameters:
        ///   - stops: asks the server to stop.
        ///   - load: loads the models, at least one; on a thread of its own.
        ///   - ready: called with the port when all is loaded.
        /// - Throws: ``ServerError/cannotListen(host:port:reason:)``, and what `load` throws.
        public func run(
            until stops: AsyncStream<Void>,
            load: @escaping @Sendable () throws -> [ServedModel],
            ready: @escaping @Sendable (_ port: Int) -> Void
        ) async throws {
            let options = state.options
            let (ports, bound) = AsyncStream<Int>.makeStream()
            let silent = Logger(label: "quern") { _ in SwiftLogNoOpLogHandler() }
            let responder = APIResponder(state: state, log: log)
            let limits = options.limits
            let (state, log) = (state, log)
            let refused = { @Sendable (status: Int) in
                state.count("other", status)
                log(
                    ServerLogEntry(
                        method: "-", path: "-", status: status, seconds: 0, isWhole: true))
            }
            let application = Application(
                responder: responder,
                server: HTTPServerBuilder {
                    ServerChannel(responder: $0, limits: limits, refused: refused)
                },
                configuration: ApplicationConfiguration(
                    address: .hostname(options.host, port: options.port),
                    availableConnectionsDelegate: MaximumAvailableConnections(
                        limits.connectionCount, logger: silent)),
                onServerRunning: { bound.yield($0.localAddress?.port ?? options.port) },
                logger: silent)
            let engines = Engines(
                state: state, ports: ports, graceSeconds: options.graceSeconds, load: load,
                ready: ready)
            var configuration = ServiceGroupConfiguration(
                // Services stop from the last to the first: answers first, connections then.
                services: [.init(service: application), .init(service: engines)], logger: silent)
            // What is left then are clients that do not read, or send on.
            configuration.maximumGracefulShutdownDuration = .seconds(
                options.graceSeconds + options.closeSeconds)
            let group = ServiceGroup(configuration: configuration)
            let stopping = Task {
                for await _ in stops { return await group.triggerGracefulShutdown() }
            }
            defer { stopping.cancel() }
            do {
                try await group.run()
            } catch let error as IOError {
                throw ServerError.cannotListen(
                    host: options.host, port: options.port,
                    reason: unsafe String(cString: strerror(error.errnoCode)))
            } catch let error as SocketAddressError.UnknownHost {
                throw ServerError.cannotListen(
                    host: options.host, port: options.port,
                    reason: "no host is called so (\(error.errorDescription))")
            } catch let error as SocketAddressError {
                throw ServerError.cannotListen(
                    host: options.host, port: options.port, reason: "\(error)")
            }
        }
    }

    /// Loads the models of a server and, at its end, stops their engines.
    private struct Engines: Service {
        let state: ServerState
        let ports: AsyncStream<Int>
        let graceSeconds: Double
        let load: @Sendable () throws -> [ServedModel]
        let ready: @Sendable (Int) -> Void

        func run() async throws {
            var iterator = ports.makeAsyncIterator()
            guard let port = await iterator.next() else { return }
            let models = try await BlockingWork.result(load).get()
            state.load(models)
            ready(port)
            try? await gracefulShutdown()
            state.stop()
            await withTaskGroup(of: Void.self) { group in
                for model in models {
                    group.addTask { await model.engine.stop(grace: .seconds(graceSeconds)) }
                }
            }
        }
    }
#endif
