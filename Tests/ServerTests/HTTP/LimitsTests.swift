#if Server
    import Foundation
    import Testing

    @testable import Server

    @Suite struct LimitsTests {
        /// A text that ends when its client goes.
        private static let endlessStream =
            #"{"prompt": "a", "max_tokens": 100000000, "stream": true, "ignore_eos": true}"#

        @Test func `a body that is too large is refused before it is read`() async throws {
            try await RunningServer.with({ $0.limits.bodyByteCount = 1_000 }) { server in
                let text = String(repeating: "a", count: 2_000)
                let answer = try await server.complete("\"prompt\": \"\(text)\"")
                #expect(answer.status == 413)
                #expect(try answer.value("error.code") as? String == "body_too_large")
                // One that never says how long it is.
                let connection = try RawConnection(port: server.port)
                connection.send(
                    "POST /tokenize HTTP/1.1\r\nHost: localhost\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n")
                for _ in 0..<20 where !connection.send("64\r\n" + text.prefix(100) + "\r\n") {}
                #expect(try await connection.answer()?.status == 413)
                #expect(try await connection.rest().isEmpty)
                // One that is announced.
                let polite = try RawConnection(port: server.port)
                polite.send(
                    "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000\r\n"
                        + "Expect: 100-continue\r\n\r\n")
                #expect(try await polite.answer()?.status == 413)
                let small = try RawConnection(port: server.port)
                small.send(
                    "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16\r\n"
                        + "Expect: 100-continue\r\n\r\n")
                #expect(try await small.answer()?.status == 100)
                small.send(#"{"content": "a"}"#)
                #expect(try await small.answer()?.status == 200)
            }
        }

        @Test func `a chunked body is a body`() async throws {
            try await RunningServer.with { server in
                let connection = try RawConnection(port: server.port)
                connection.send(
                    "POST /tokenize HTTP/1.1\r\nHost: localhost\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n8\r\n{\"conten\r\n"
                        + "8;x=y\r\nt\": \"a\"}\r\n0\r\n\r\n")
                #expect(try await connection.answer()?.status == 200)
            }
        }

        @Test func `headers are bounded in bytes and in number`() async throws {
            try await RunningServer.with { server in
                for fields in [
                    ["X: " + String(repeating: "a", count: 17_000)],
                    (0..<20).map { "X-\($0): " + String(repeating: "a", count: 1_000) },
                    (0..<101).map { "X-\($0): a" },
                ] {
                    let connection = try RawConnection(port: server.port)
                    connection.send(RunningServer.text("GET", "/health", headers: fields))
                    let answer = try await connection.answer()
                    #expect(answer?.status == 431)
                    #expect(try answer?.value("error.type") as? String == "invalid_request_error")
                    #expect(try await connection.rest().isEmpty)
                }
                // Also what is no whole request is counted and written down.
                #expect(server.log.all.map(\.status) == [431, 431, 431])
                #expect(
                    try await server.ask("GET", "/metrics").text.contains(
                        #"quern_http_responses_total{path="other",status="431"} 3"#))
                let long = try RawConnection(port: server.port)
                long.send(RunningServer.text("GET", "/" + String(repeating: "a", count: 17_000)))
                #expect(try await long.answer()?.status == 431)
                #expect(
                    try await server.ask(
                        "GET", "/health", headers: (0..<90).map { "X-\($0): a" }
                    ).status == 200)
            }
        }

        @Test func `slow clients are dropped, and idle ones`() async throws {
            try await RunningServer.with({
                $0.limits.headerSeconds = 0.2
                $0.limits.bodySeconds = 0.2
                $0.limits.idleSeconds = 0.4
            }) { server in
                let silent = try RawConnection(port: server.port)
                let slow = try RawConnection(port: server.port)
                let half = try RawConnection(port: server.port)
                let idle = try RawConnection(port: server.port)
                slow.send("GET /health HTTP/1.1\r\nHost: local")
                half.send(
                    "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
                idle.send(RunningServer.text("GET", "/health"))
                #expect(try await idle.answer()?.status == 200)
                #expect(try await slow.answer()?.status == 408)
                #expect(try await half.answer()?.status == 408)
                #expect(try await silent.rest().isEmpty)
                #expect(try await idle.rest().isEmpty)
            }
        }

        @Test(arguments: [
            "nonsense\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.1 x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\tb\r\n\r\n",
            "GET / HTTP/1.1\r\n: x\r\n\r\n", "\u{0}\u{1}\u{2}\u{3}\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\u{0}b\r\n\r\n",
        ])
        func `what is not HTTP is refused or left, and ends the connection`(text: String)
            async throws
        {
            try await RunningServer.with { server in
                let connection = try RawConnection(port: server.port)
                connection.send(text)
                connection.closeOutput()
                let answer = try await connection.answer()
                #expect(answer == nil || (400...431).contains(answer!.status))
                _ = try await connection.rest()
                #expect(try await server.ask("GET", "/health").status == 200)
            }
        }

        @Test func `requests behind each other are answered in order`() async throws {
            try await RunningServer.with { server in
                let connection = try RawConnection(port: server.port)
                let one = RunningServer.text("POST", "/tokenize", #"{"content": "a"}"#)
                let two = RunningServer.text("GET", "/nothing")
                connection.send(String(repeating: one + two, count: 20))
                for _ in 0..<20 {
                    #expect(try await connection.answer()?.status == 200)
                    #expect(try await connection.answer()?.status == 404)
                }
            }
        }

        @Test func `HTTP 1_0 is spoken back, without chunks`() async throws {
            try await RunningServer.with { server in
                let connection = try RawConnection(port: server.port)
                let body = #"{"prompt": "the", "max_tokens": 4, "stream": true}"#
                connection.send(
                    "POST /v1/completions HTTP/1.0\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                        + body)
                let answer = try #require(try await connection.answer())
                #expect(answer.version == "HTTP/1.0")
                #expect(answer.headers["transfer-encoding"] == nil)
                #expect(answer.headers["connection"] == "close")
                #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
            }
        }

        @Test func `a client that has nothing more to say still reads its answer`() async throws {
            try await RunningServer.with { server in
                let connection = try RawConnection(port: server.port)
                connection.send(RunningServer.text("GET", "/v1/models"))
                connection.closeOutput()
                #expect(try await connection.answer()?.status == 200)
                #expect(try await connection.rest().isEmpty)
            }
        }

        @Test func `a full queue refuses and says when to come again`() async throws {
            var engine = RunningServer.oneThread
            (engine.slotCount, engine.queueLength) = (1, 0)
            let endless =
                Self.endlessStream
            try await RunningServer.with(engine: engine, kinds: [.gru]) { server in
                let first = try RawConnection(port: server.port)
                first.send(RunningServer.text("POST", "/v1/completions", endless))
                try await first.read(until: "data:")
                let refused = try await server.complete(#""prompt": "b""#)
                #expect(refused.status == 503)
                #expect(refused.headers["retry-after"] == "1")
                #expect(try refused.value("error.type") as? String == "unavailable_error")
                // The client that hangs up leaves its place.
                first.close()
                let statistics = server.models[0].engine
                #expect(
                    try await RunningServer.wait { statistics.statistics.runningCount == 0 })
                #expect(try await server.complete(#""prompt": "b""#).status == 200)
                #expect(statistics.statistics.cancelledCount == 1)
            }
        }

        @Test func `who waits for a whole answer and goes leaves its place too`() async throws {
            let endless = #"{"prompt": "a", "max_tokens": 4000000, "ignore_eos": true}"#
            try await RunningServer.with(kinds: [.gru]) { server in
                let client = try RawConnection(port: server.port)
                client.send(RunningServer.text("POST", "/v1/completions", endless))
                let engine = server.models[0].engine
                #expect(try await RunningServer.wait { engine.statistics.runningCount == 1 })
                client.close()
                #expect(try await RunningServer.wait { engine.statistics.runningCount == 0 })
            }
        }

        @Test func `a client that does not read is dropped`() async throws {
            let endless =
                "{\"logprobs\": 20, " + Self.endlessStream.dropFirst()
            try await RunningServer.with({ $0.limits.writeSeconds = 0.3 }, kinds: [.gru]) {
                server in
                let client = try RawConnection(port: server.port)
                client.send(RunningServer.text("POST", "/v1/completions", endless))
                let engine = server.models[0].engine
                #expect(try await RunningServer.wait { engine.statistics.runningCount == 1 })
                #expect(try await RunningServer.wait { engine.statistics.runningCount == 0 })
                #expect(engine.statistics.cancelledCount == 1)
                client.close()
            }
        }

        @Test func `more connections than may be wait until one ends`() async throws {
            try await RunningServer.with({ $0.limits.connectionCount = 2 }) { server in
                let health = RunningServer.text("GET", "/health")
                var taken: [RawConnection] = []
                for _ in 0..<2 {
                    let connection = try RawConnection(port: server.port)
                    connection.send(health)
                    #expect(try await connection.answer()?.status == 200)
                    taken.append(connection)
                }
                let third = try RawConnection(port: server.port)
                third.send(health)
                try await Task.sleep(for: .milliseconds(200))
                #expect(server.log.all.count == 2)
                taken[0].close()
                #expect(try await third.answer()?.status == 200)
            }
        }

        @Test func `what waits for a client that reads slowly is bounded`() async throws {
            let endless =
                "{\"logprobs\": 20, " + Self.endlessStream.dropFirst()
            try await RunningServer.with({ $0.limits.unreadEventCount = 50 }, kinds: [.gru]) {
                server in
                let client = try RawConnection(port: server.port)
                client.send(
                    RunningServer.text(
                        "POST", "/v1/completions", endless, headers: ["Connection: close"]))
                let engine = server.models[0].engine
                // Long before the time has gone by in which it must read something.
                #expect(try await RunningServer.wait { engine.statistics.cancelledCount == 1 })
                #expect(engine.statistics.runningCount == 0)
                let end = String(decoding: try await client.rest().suffix(400), as: UTF8.self)
                #expect(end.contains("server_error"))
                #expect(!end.contains("[DONE]"))
            }
        }

        @Test func `an answer that memory would not hold is refused`() async throws {
            try await RunningServer.with { server in
                let prompt = "[" + Array(repeating: "1", count: 80).joined(separator: ",") + "]"
                func ask(_ promptCount: Int, _ rest: String) async throws -> RawAnswer {
                    let prompts = Array(repeating: prompt, count: promptCount)
                    return try await server.complete(
                        "\"prompt\": [\(prompts.joined(separator: ","))], \"n\": 16, \(rest)")
                }
                for rest in [
                    #""max_tokens": 10, "logprobs": 20"#,
                    #""max_tokens": 1, "logprobs": 20, "echo": true, "stream": true"#,
                ] {
                    let answer = try await ask(2_000, rest)
                    #expect(answer.status == 400)
                    #expect(try answer.value("error.param") as? String == "max_tokens")
                    #expect(try answer.value("error.code") as? String == "answer_too_large")
                }
                let small = try await ask(3, #""max_tokens": 1, "logprobs": 1, "echo": true"#)
                #expect(try (small.value("choices") as? [Any])?.count == 48)
            }
        }

        @Test func `a line tells that a stream lives while nothing else does`() async throws {
            var engine = RunningServer.oneThread
            engine.slotCount = 1
            let endless =
                Self.endlessStream
            try await RunningServer.with(
                { $0.limits.pingSeconds = 0.05 }, engine: engine, kinds: [.gru]
            ) { server in
                let first = try RawConnection(port: server.port)
                first.send(RunningServer.text("POST", "/v1/completions", endless))
                try await first.read(until: "data:")
                let second = try RawConnection(port: server.port)
                second.send(RunningServer.text("POST", "/v1/completions", endless))
                try await second.read(until: ": ping\n\n")
            }
        }

        @Test func `at the end answers that run finish, and new ones are refused`() async throws {
            let body = #"{"prompt": "a", "max_tokens": 400, "stream": true, "ignore_eos": true}"#
            try await RunningServer.with({ $0.graceSeconds = 30 }, kinds: [.gru]) { server in
                let client = try RawConnection(port: server.port)
                client.send(RunningServer.text("POST", "/v1/completions", body))
                try await client.read(until: "data:")
                Task.detached {
                    let answer = try await client.answer()
                    #expect(answer?.text.hasSuffix("data: [DONE]\n\n") == true)
                    #expect(answer?.text.contains(#""finish_reason": "length""#) == true)
                }
            }
        }

        @Test func `an answer that is not done in time ends with an error`() async throws {
            let endless =
                Self.endlessStream
            let (answers, output) = AsyncStream<String>.makeStream()
            // Beside all other tests, the end of an answer may be seconds on its way.
            try await RunningServer.with(
                { ($0.graceSeconds, $0.closeSeconds) = (0.1, 120) }, kinds: [.gru]
            ) { server in
                let client = try RawConnection(port: server.port)
                client.send(RunningServer.text("POST", "/v1/completions", endless))
                try await client.read(until: "data:")
                Task.detached(priority: .high) {
                    output.yield((try? await client.answer()?.text) ?? "the connection ended")
                }
            }
            for await text in answers {
                #expect(text.contains("unavailable_error"))
                #expect(!text.contains("[DONE]"))
                break
            }
        }

        @Test func `while the models load, what needs them is told to wait`() async throws {
            let vocabulary = try EngineModel.vocabulary()
            let model = try ServedModel(
                name: "mill", model: EngineModel.gru.model(of: vocabulary), vocabulary: vocabulary,
                options: RunningServer.oneThread)
            let (stops, stop) = AsyncStream<Void>.makeStream()
            var options = ServerOptions()
            // A free port that somebody must know before the server says it.
            options.port = try FreePort.take()
            let port = options.port
            let server = HTTPServer(options: options)
            let gate = DispatchSemaphore(value: 0)
            let running = Task(priority: .high) {
                try await server.run(
                    until: stops,
                    load: {
                        gate.wait()
                        return [model]
                    }, ready: { _ in })
            }
            func status(_ path: String) async throws -> RawAnswer? {
                guard let connection = try? RawConnection(port: port) else { return nil }
                connection.send(RunningServer.text("GET", path))
                return try await connection.answer()
            }
            var answer: RawAnswer?
            for _ in 0..<5_000 where answer == nil {
                answer = try await status("/health")
                if answer == nil { try await Task.sleep(for: .milliseconds(10)) }
            }
            #expect(answer?.status == 503)
            #expect(try answer?.value("error.code") as? Int == 503)
            #expect(try answer?.value("error.message") as? String == "Loading model")
            #expect(try await status("/v1/models")?.status == 503)
            gate.signal()
            for _ in 0..<500 where try await status("/health")?.status != 200 {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(try await status("/health")?.status == 200)
            stop.yield()
            try await running.value
        }

        @Test func `a port that is taken is an error with its number`() async throws {
            try await RunningServer.with { server in
                var options = ServerOptions()
                options.port = server.port
                let other = HTTPServer(options: options)
                let (stops, _) = AsyncStream<Void>.makeStream()
                let error = await #expect(throws: ServerError.self) {
                    try await other.run(until: stops, load: { [] }, ready: { _ in })
                }
                #expect(error?.description.contains("port \(server.port)") == true)
            }
        }
    }
#endif
