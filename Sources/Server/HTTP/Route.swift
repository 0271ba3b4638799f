#if Server
    import Foundation
    import HTTPTypes

    /// Path of the interface, and how it may be asked.
    struct Route: Sendable {
        /// What is asked.
        enum Subject: Sendable {
            case health, models, completions, chatCompletions, metrics, tokenize, detokenize
            case tokenizerInfo, applyTemplate, description
            case page(PageFile)
            case runs, vocabularies, playgroundTokens, playgroundAttention, playgroundWindows
            /// A model, by its name.
            case model(String)
            /// A run, by its name.
            case run(String)
        }

        /// The path as counts and logs name it, without what a client chose.
        let name: String
        let subject: Subject
        /// Method that it is asked by.
        let method: HTTPRequest.Method
        /// Whether it is answered without a key.
        let isPublic: Bool

        private init(
            _ name: String, _ subject: Subject, _ method: HTTPRequest.Method = .get,
            isPublic: Bool = false
        ) {
            self.name = name
            self.subject = subject
            self.method = method
            self.isPublic = isPublic
        }

        private static let fixed: [String: Route] = {
            let routes =
                [
                    Route("/health", .health, isPublic: true),
                    Route("/v1/health", .health, isPublic: true),
                    Route("/v1/models", .models),
                    Route("/v1/completions", .completions, .post),
                    Route("/v1/chat/completions", .chatCompletions, .post),
                    Route("/metrics", .metrics),
                    Route("/tokenize", .tokenize, .post),
                    Route("/detokenize", .detokenize, .post),
                    Route("/tokenizer_info", .tokenizerInfo),
                    Route("/apply-template", .applyTemplate, .post),
                    Route("/openapi.json", .description),
                    Route("/playground/runs", .runs),
                    Route("/playground/vocabularies", .vocabularies),
                    Route("/playground/tokens", .playgroundTokens, .post),
                    Route("/playground/attention", .playgroundAttention, .post),
                    Route("/playground/windows", .playgroundWindows, .post),
                ] + PageFile.all.map { Route($0.path, .page($0), isPublic: true) }
            return Dictionary(uniqueKeysWithValues: routes.map { ($0.name, $0) })
        }()

        /// The route of `path`, which a client has written; nil if there is none.
        static func route(_ path: String) -> Route? {
            if let route = fixed[path] { return route }
            if let name = rest(of: path, behind: "/v1/models/") {
                return Route("/v1/models/{model}", .model(name))
            }
            if let name = rest(of: path, behind: "/playground/runs/") {
                return Route("/playground/runs/{run}", .run(name))
            }
            return nil
        }

        private static func rest(of path: String, behind prefix: String) -> String? {
            guard path.hasPrefix(prefix), path.utf8.count > prefix.utf8.count else { return nil }
            return String(path.dropFirst(prefix.count)).removingPercentEncoding
        }
    }
#endif
