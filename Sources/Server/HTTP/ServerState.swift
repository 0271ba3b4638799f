#if Server
    import Foundation
    import Synchronization

    /// What the answers of a server share: its models, once they are loaded, and its counts.
    final class ServerState: Sendable {
        /// The models and what is made of them.
        struct Loaded: Sendable {
            let catalog: ModelCatalog
            let playground: Playground
            let description: [UInt8]
        }

        private struct Answer: Hashable {
            let path: String
            let status: Int
        }

        private struct Values {
            var loaded: Loaded?
            var isStopping = false
            var answers: [Answer: Int] = [:]
        }

        let options: ServerOptions
        private let values = Mutex(Values())

        init(_ options: ServerOptions) { self.options = options }

        /// The models, once they are loaded.
        var loaded: Loaded? { values.withLock { $0.loaded } }

        /// Whether the server takes no more requests.
        var isStopping: Bool { values.withLock { $0.isStopping } }

        /// Serves `models` from now on.
        func load(_ models: [ServedModel]) {
            let loaded = Loaded(
                catalog: ModelCatalog(
                    models: models, loaded: Int(Date().timeIntervalSince1970)),
                playground: Playground(
                    models: models, runsDirectory: options.runsDirectory,
                    vocabulariesDirectory: options.vocabulariesDirectory),
                description: OpenAPIDocument(
                    models: models.map(\.name), asksForKey: !options.keys.isEmpty
                ).json)
            values.withLock { $0.loaded = loaded }
        }

        /// Takes no more requests from now on.
        func stop() { values.withLock { $0.isStopping = true } }

        /// Counts an answer.
        ///
        /// - Parameter path: the route, not what a client wrote, of which there may be any number.
        func count(_ path: String, _ status: Int) {
            values.withLock { $0.answers[Answer(path: path, status: status), default: 0] += 1 }
        }

        /// The counts in the text format of Prometheus.
        var metrics: String {
            let (loaded, answers) = values.withLock { ($0.loaded, $0.answers) }
            let engines = loaded?.catalog.models.map { ($0.name, $0.engine.statistics) } ?? []
            let counts = answers.map { (path: $0.path, status: $0.status, count: $1) }.sorted {
                ($0.path, $0.status) < ($1.path, $1.status)
            }
            return MetricsText(engines: engines, answers: counts).text
        }
    }
#endif
