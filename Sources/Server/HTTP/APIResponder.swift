#if Server
    import Bytes
    import Foundation
    import HTTPTypes
    import Hummingbird
    import HummingbirdCore
    import Logging
    import NIOCore
    import Tokenization

    /// Context of a request, which nothing is kept in.
    struct APIContext: RequestContext {
        var coreContext: CoreRequestContextStorage

        init(source: ApplicationRequestContextSource) { coreContext = .init(source: source) }
    }

    /// Answers requests: who may ask, what is asked, and what is answered.
    struct APIResponder: HTTPResponder {
        typealias Context = APIContext

        let state: ServerState
        let log: @Sendable (ServerLogEntry) -> Void

        private var options: ServerOptions { state.options }

        func respond(to request: Request, context: APIContext) async throws -> Response {
            let start = ContinuousClock.now
            let path = request.uri.path
            let route = Route.route(path)
            var response: Response
            do throws(APIError) {
                response = try await answer(request, route)
            } catch {
                response = Self.response(error)
            }
            addHeaders(to: &response, request, route)
            let status = Int(response.status.code)
            let name = route?.name ?? "other"
            state.count(name, status)
            let (method, log) = (request.method.rawValue, log)
            @Sendable func entry(isWhole: Bool) -> ServerLogEntry {
                ServerLogEntry(
                    method: method, path: route == nil ? path : name, status: status,
                    seconds: (ContinuousClock.now - start) / .seconds(1), isWhole: isWhole)
            }
            guard response.body.contentLength == nil else {
                log(entry(isWhole: true))
                if request.method == .head { response = response.createHeadResponse() }
                return response
            }
            let body = response.body
            response.body = ResponseBody { writer in
                do {
                    try await body.write(writer)
                    log(entry(isWhole: true))
                } catch {
                    log(entry(isWhole: false))
                    throw error
                }
            }
            return response
        }

        // MARK: Who may ask

        private func answer(
            _ request: Request, _ route: Route?
        ) async throws(APIError) -> Response {
            let host = request.head.authority
            guard host != "" else {
                throw .badRequest("the request must have one Host header")
            }
            if let host, !options.accepts(host: host) {
                throw .badRequest(
                    "the Host header is not one of this server, which serves localhost alone",
                    status: 403)
            }
            if let origin = request.headers[.origin],
                !options.accepts(origin: origin, host: host ?? "")
            {
                throw .badRequest(
                    "pages of this origin may not use the server", status: 403)
            }
            if request.method == .options { return preflight(route) }
            guard let route else {
                throw APIError(
                    status: 404, kind: .notFound,
                    message: "there is nothing at this path; /openapi.json says what there is",
                    code: "unknown_url")
            }
            try checkKey(request, route)
            guard
                request.method == route.method || request.method == .head && route.method == .get
            else {
                throw .badRequest(
                    "this path is asked by \(route.method.rawValue)", status: 405,
                    code: "method_not_allowed")
            }
            return try await answer(request, route.subject)
        }

        private func checkKey(_ request: Request, _ route: Route) throws(APIError) {
            guard !options.keys.isEmpty, !route.isPublic else { return }
            var key = request.headers[.xAPIKey] ?? ""
            if let field = request.headers[.authorization] {
                let words = field.split(separator: " ", maxSplits: 1)
                if words.count == 2, words[0].lowercased() == "bearer" { key = String(words[1]) }
            }
            guard options.accepts(key: key) else {
                throw APIError(
                    status: 401, kind: .authentication,
                    message: "give one of the server's keys, as in Authorization: Bearer KEY",
                    code: "invalid_api_key")
            }
        }

        private func preflight(_ route: Route?) -> Response {
            Response(
                status: .noContent,
                headers: [
                    .accessControlAllowMethods: "GET, HEAD, POST, OPTIONS",
                    .accessControlAllowHeaders: "Authorization, Content-Type, X-Api-Key",
                    .accessControlMaxAge: "600",
                    .allow: route.map {
                        $0.method == .post ? "POST, OPTIONS" : "GET, HEAD, OPTIONS"
                    }
                        ?? "OPTIONS",
                ])
        }

        private func addHeaders(to response: inout Response, _ request: Request, _ route: Route?) {
            response.headers[.xContentTypeOptions] = "nosniff"
            response.headers[.referrerPolicy] = "no-referrer"
            if case .page? = route?.subject {
                response.headers[.contentSecurityPolicy] = PageFile.contentSecurityPolicy
                response.headers[.cacheControl] = "no-cache"
            } else {
                response.headers[.contentSecurityPolicy] =
                    "default-src 'none'; frame-ancestors 'none'"
                if response.headers[.cacheControl] == nil {
                    response.headers[.cacheControl] = "no-store"
                }
            }
            if response.status == .methodNotAllowed, let route {
                response.headers[.allow] =
                    route.method == .post ? "POST, OPTIONS" : "GET, HEAD, OPTIONS"
            }
            if response.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
            if !options.origins.isEmpty { response.headers[.vary] = "Origin" }
            if let origin = request.headers[.origin],
                options.origins.contains("*") || options.origins.contains(origin)
            {
                response.headers[.accessControlAllowOrigin] = origin
            }
        }

        // MARK: What is asked

        private func answer(
            _ request: Request, _ subject: Route.Subject
        ) async throws(APIError) -> Response {
            switch subject {
            case .health: return try health()
            case .page(let file): return Self.response(file.bytes, type: file.contentType)
            case .metrics:
                return Self.response(Array(state.metrics.utf8), type: MetricsText.contentType)
            default: break
            }
            guard let loaded = state.loaded else { throw .loading }
            let catalog = loaded.catalog
            switch subject {
            case .models: return Self.response(catalog.json)
            case .model(let name): return Self.response(catalog.json(of: try catalog.model(name)))
            case .description: return Self.response(loaded.description)
            case .tokenizerInfo:
                let name = request.uri.queryParameters["model"].map(String.init)
                return Self.response(try catalog.model(name).tokenizerInfo)
            case .tokenize:
                let reader = try await reader(of: request, TokenizeRequest.fields)
                let model = try catalog.model(reader.text("model"))
                return Self.response(try model.answer(TokenizeRequest(reader)))
            case .detokenize:
                let reader = try await reader(of: request, DetokenizeRequest.fields)
                let model = try catalog.model(reader.text("model"))
                let ids = try DetokenizeRequest.ids(
                    reader, vocabularyCount: model.vocabulary.count)
                return Self.response(model.detokenized(ids))
            case .applyTemplate:
                let reader = try await reader(of: request, TemplateRequest.fields)
                let model = try catalog.model(reader.text("model"))
                return Self.response(
                    try model.templated(
                        ChatRequest.messages(reader["messages"]),
                        beginsAnswer: reader.flag("add_generation_prompt") ?? true))
            case .completions:
                let reader = try await reader(of: request, CompletionRequest.fields)
                let model = try catalog.model(reader.text("model"))
                let asked = try CompletionRequest(
                    reader, vocabularyCount: model.vocabulary.count)
                return try await draw(
                    PreparedAnswer(
                        asked, model, head: Self.head(.completion, model),
                        seed: .random(in: 0...UInt64.max)), model)
            case .chatCompletions:
                let reader = try await reader(of: request, ChatRequest.fields)
                let model = try catalog.model(reader.text("model"))
                let asked = try ChatRequest(reader, vocabularyCount: model.vocabulary.count)
                return try await draw(
                    PreparedAnswer(
                        asked, model, head: Self.head(.chat, model),
                        seed: .random(in: 0...UInt64.max)), model)
            default: return try await answerPlayground(request, subject, loaded.playground)
            }
        }

        private func health() throws(APIError) -> Response {
            guard state.loaded != nil else { throw .loading }
            guard !state.isStopping else {
                throw .unavailable("the server stops", retryAfterSeconds: 1)
            }
            return Self.response(Array(#"{"status": "ok"}"#.utf8))
        }

        private static func head(_ kind: AnswerHead.Kind, _ model: ServedModel) -> AnswerHead {
            let number = String(UInt64.random(in: 0...UInt64.max), radix: 16)
            return AnswerHead(
                kind: kind, id: (kind == .chat ? "chatcmpl-" : "cmpl-") + number,
                created: Int(Date().timeIntervalSince1970), model: model.name,
                fingerprint: model.fingerprint)
        }

        private func answerPlayground(
            _ request: Request, _ subject: Route.Subject, _ playground: Playground
        ) async throws(APIError) -> Response {
            var body: [UInt8] = []
            switch subject {
            case .playgroundTokens, .playgroundAttention, .playgroundWindows:
                body = try await self.body(of: request)
            default: break
            }
            let step = try Self.step(request.uri.queryParameters["after"])
            let data = Data(body)
            // It computes for as long as seconds, which no thread of other answers must wait for.
            let result = await BlockingWork.result { () throws -> Data in
                switch subject {
                case .runs: playground.runs()
                case .run(let name): try playground.curves(ofRun: name, after: step)
                case .vocabularies: playground.vocabularies()
                case .playgroundTokens: try playground.tokens(data)
                case .playgroundAttention: try playground.attention(data)
                default: try playground.windows(data)
                }
            }
            switch result {
            case .success(let data): return Self.response(Array(data))
            case .failure(let error as PlaygroundError):
                throw .badRequest(error.message, parameter: error.parameter)
            case .failure(let error): throw .serverFault("\(error)")
            }
        }

        private static func step(_ text: Substring?) throws(APIError) -> Int? {
            guard let text else { return nil }
            guard let step = Int(text), step >= 0 else {
                throw .badField("after", "give the number of a step")
            }
            return step
        }

        // MARK: Bodies

        private func reader(
            of request: Request, _ fields: [RequestField]
        ) async throws(APIError) -> RequestReader {
            try RequestReader(try await body(of: request), fields)
        }

        private func body(of request: Request) async throws(APIError) -> [UInt8] {
            let limit = options.limits.bodyByteCount
            let encoding = request.headers[.contentEncoding]?.lowercased() ?? "identity"
            guard encoding == "identity" else {
                throw .badRequest("the body must not be compressed", status: 415)
            }
            let tooLarge = APIError.badRequest(
                "the body has more than \(limit) bytes", status: 413, code: "body_too_large")
            let length = request.headers[.contentLength].flatMap { Int($0) }
            guard length ?? 0 <= limit else { throw tooLarge }
            do {
                let buffer = try await request.body.collect(upTo: limit)
                return Array(buffer.readableBytesView)
            } catch is NIOTooManyBytesError {
                throw tooLarge
            } catch {
                throw .badRequest("the body ended early")
            }
        }

        static func response(
            _ bytes: [UInt8], type: String = "application/json", status: Int = 200
        ) -> Response {
            Response(
                status: .init(code: status), headers: [.contentType: type],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        }

        static func response(_ error: APIError) -> Response {
            var response = response(error.json, status: error.status)
            if let seconds = error.retryAfterSeconds {
                response.headers[.retryAfter] = String(seconds)
            }
            return response
        }
    }

    extension HTTPField.Name {
        static let xAPIKey = HTTPField.Name("X-Api-Key")!
        static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    }
#endif
