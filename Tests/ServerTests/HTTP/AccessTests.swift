#if Server
    import Foundation
    import Testing

    @testable import Server

    @Suite struct AccessTests {
        @Test func `a key is asked for, save by what is public`() async throws {
            try await RunningServer.with({ $0.keys = ["one", "two"] }) { server in
                for path in ["/health", "/v1/health", "/", "/playground.js"] {
                    #expect(try await server.ask("GET", path).status == 200)
                }
                for path in [
                    "/v1/models", "/metrics", "/openapi.json", "/playground/runs",
                    "/playground/vocabularies",
                ] {
                    let answer = try await server.ask("GET", path)
                    #expect(answer.status == 401)
                    #expect(answer.headers["www-authenticate"] == "Bearer")
                    #expect(try answer.value("error.type") as? String == "authentication_error")
                }
                for field in [
                    "Authorization: Bearer three", "Authorization: one", "Authorization: Basic one",
                    "X-Api-Key: on", "Authorization: Bearer ",
                ] {
                    #expect(
                        try await server.ask("GET", "/v1/models", headers: [field]).status == 401)
                }
                for field in [
                    "Authorization: Bearer two", "authorization: bearer one", "X-Api-Key: one",
                ] {
                    #expect(
                        try await server.ask("GET", "/v1/models", headers: [field]).status == 200)
                }
            }
        }

        @Test func `pages of other origins are let in where they are named`() async throws {
            let origin = "Origin: http://localhost:3000"
            try await RunningServer.with { server in
                #expect(
                    try await server.ask("GET", "/v1/models", headers: [origin]).status == 403)
                let own = try await server.ask(
                    "GET", "/v1/models", headers: ["Origin: http://localhost"])
                #expect(own.status == 200)
                #expect(own.headers["access-control-allow-origin"] == nil)
            }
            try await RunningServer.with({
                $0.origins = ["http://localhost:3000"]
                $0.keys = ["one"]
            }) { server in
                let preflight = try await server.ask(
                    "OPTIONS", "/v1/completions",
                    headers: [origin, "Access-Control-Request-Method: POST"])
                #expect(preflight.status == 204)
                #expect(
                    preflight.headers["access-control-allow-origin"] == "http://localhost:3000")
                #expect(
                    preflight.headers["access-control-allow-headers"]?.contains("Authorization")
                        == true)
                let refused = try await server.ask("GET", "/v1/models", headers: [origin])
                // Also a refusal can be read by the page.
                #expect(refused.status == 401)
                #expect(refused.headers["access-control-allow-origin"] != nil)
                let other = try await server.ask(
                    "GET", "/health", headers: ["Origin: http://evil.example"])
                #expect(other.status == 403)
                #expect(other.headers["access-control-allow-origin"] == nil)
            }
        }

        @Test func `a server of this machine is called by its own names`() async throws {
            try await RunningServer.with { server in
                let connection = try RawConnection(port: server.port)
                connection.send("GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n")
                #expect(try await connection.answer()?.status == 403)
                connection.send("GET /health HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n\r\n")
                #expect(try await connection.answer()?.status == 200)
                for hosts in ["", "Host: localhost\r\nHost: localhost\r\n", "Host:\r\n"] {
                    connection.send("GET /health HTTP/1.1\r\n\(hosts)\r\n")
                    #expect(try await connection.answer()?.status == 400)
                }
            }
        }

        @Test func `every answer says how it may be used`() async throws {
            try await RunningServer.with { server in
                for path in ["/", "/health", "/v1/models", "/nothing"] {
                    let answer = try await server.ask("GET", path)
                    #expect(answer.headers["x-content-type-options"] == "nosniff")
                    #expect(answer.headers["content-security-policy"]?.isEmpty == false)
                    #expect(answer.headers["content-type"] != nil)
                }
                let page = try await server.ask("GET", "/")
                #expect(page.headers["content-type"] == "text/html; charset=utf-8")
                #expect(page.headers["content-security-policy"]?.contains("'self'") == true)
                let head = try await server.ask("HEAD", "/")
                #expect(head.headers["content-length"] == String(page.body.count))
                #expect(try await server.ask("GET", "/nothing").status == 404)
                let wrong = try await server.ask("GET", "/v1/completions")
                #expect(wrong.status == 405)
                #expect(wrong.headers["allow"] == "POST, OPTIONS")
                #expect(try await server.ask("DELETE", "/v1/models").status == 405)
            }
        }

        @Test func `a log holds paths of the server, and nothing that was asked`() async throws {
            try await RunningServer.with { server in
                _ = try await server.complete(#""prompt": "secret", "max_tokens": 1"#)
                _ = try await server.ask("GET", "/secret%0A?secret=1")
                _ = try await server.ask("GET", "/v1/models/secret")
                #expect(try await RunningServer.wait { server.log.all.count == 3 })
                #expect(
                    server.log.all.map(\.path) == [
                        "/v1/completions", "/secret%0A", "/v1/models/{model}",
                    ])
                #expect(server.log.all.map(\.status) == [200, 404, 404])
                let metrics = try await server.ask("GET", "/metrics")
                #expect(
                    metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
                #expect(metrics.text.contains(#"{path="other",status="404"} 1"#))
                #expect(metrics.text.contains(#"quern_tokens_predicted_total{model="qwen3"} 1"#))
                #expect(!metrics.text.contains("secret"))
            }
        }

        @Test func `everything that is described is there`() async throws {
            try await RunningServer.with { server in
                let answer = try await server.ask("GET", "/openapi.json")
                #expect(try answer.value("openapi") as? String == "3.1.0")
                let paths = try #require(try answer.value("paths") as? [String: [String: Any]])
                #expect(paths.count == 12)
                for (path, methods) in paths {
                    let path = path.replacing("{model}", with: "qwen3")
                    let method = try #require(methods.keys.first).uppercased()
                    let status = try await server.ask(
                        method, path, method == "POST" ? "{}" : nil
                    ).status
                    #expect(status == (method == "POST" ? 400 : 200), "\(method) \(path)")
                }
            }
        }
    }
#endif
