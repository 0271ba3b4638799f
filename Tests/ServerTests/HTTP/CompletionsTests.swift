#if Server
    import Foundation
    import Testing
    import Tokenization

    @testable import Server

    @Suite struct CompletionsTests {
        @Test func `a stream has the text of the whole answer, and of the next one`() async throws {
            try await RunningServer.with { server in
                let fields = #""prompt": "the mill", "seed": 5, "max_tokens": 24, "n": 3"#
                let whole = try await server.complete(fields)
                #expect(whole.status == 200)
                #expect(whole.headers["content-type"] == "application/json")
                let again = try await server.complete(fields)
                let stream = try await server.complete(fields + #", "stream": true"#)
                #expect(stream.headers["content-type"] == "text/event-stream")
                #expect(stream.headers["cache-control"] == "no-cache")
                #expect(stream.text.hasSuffix("data: [DONE]\n\n"))
                var texts = ["", "", ""]
                var reasons: [String?] = [nil, nil, nil]
                for event in try stream.events() {
                    let index = try #require(RawAnswer.value("choices.0.index", in: event) as? Int)
                    #expect(reasons[index] == nil)
                    texts[index] += RawAnswer.value("choices.0.text", in: event) as? String ?? ""
                    reasons[index] =
                        RawAnswer.value("choices.0.finish_reason", in: event) as? String
                }
                for index in 0..<3 {
                    let text = try whole.value("choices.\(index).text") as? String
                    #expect(text == texts[index])
                    #expect(try again.value("choices.\(index).text") as? String == text)
                    #expect(reasons[index] != nil)
                }
                #expect(Set(texts).count > 1)
            }
        }

        @Test func `prompts of text and of ids are continued alike, and counted through`()
            async throws
        {
            try await RunningServer.with { server in
                let tokens = try await server.ask(
                    "POST", "/tokenize", #"{"content": "the mill"}"#)
                let ids = try #require(try tokens.value("tokens") as? [Int])
                let rest = #""seed": 1, "max_tokens": 5"#
                let alone = try await server.complete(#""prompt": "the mill", "# + rest)
                let text = try #require(try alone.value("choices.0.text") as? String)
                let both = try await server.complete(
                    "\"prompt\": [\"the mill\", \(ids), \"the stones\"], \"n\": 2, " + rest)
                #expect(try (both.value("choices") as? [Any])?.count == 6)
                for place in 0..<6 {
                    #expect(try both.value("choices.\(place).index") as? Int == place)
                }
                #expect(try both.value("choices.0.text") as? String == text)
                #expect(try both.value("choices.2.text") as? String == text)
                #expect(try both.value("usage.completion_tokens") as? Int == 30)
            }
        }

        @Test func `log-probabilities and the echoed prompt are what they are for every reader`()
            async throws
        {
            try await RunningServer.with { server in
                let ids = [40, 41, 200, 97, 130]
                let answer = try await server.complete(
                    """
                    "prompt": \(ids), "temperature": 0, "max_tokens": 1, "logprobs": 1,
                    "seed": 1234, "echo": true
                    """)
                let tokens = try #require(
                    try answer.value("choices.0.logprobs.tokens") as? [String])
                #expect(tokens.count == 6)
                #expect(tokens.joined() == (try answer.value("choices.0.text") as? String))
                let own = try #require(
                    try answer.value("choices.0.logprobs.token_logprobs") as? [Any])
                let likeliest = try #require(
                    try answer.value("choices.0.logprobs.top_logprobs") as? [Any])
                let offsets = try #require(
                    try answer.value("choices.0.logprobs.text_offset") as? [Int])
                #expect(own[0] is NSNull)
                #expect(likeliest[0] is NSNull)
                #expect(offsets.first == 0)
                for place in 1..<6 {
                    let value = try #require(own[place] as? Double)
                    let most = try #require((likeliest[place] as? [String: Double])?.values.max())
                    #expect(value <= most)
                    let before = tokens[..<place].joined().unicodeScalars.count
                    #expect(offsets[place] == before)
                }
                // The token that was drawn is the likeliest, by the same number.
                #expect(
                    own[5] as? Double == (likeliest[5] as? [String: Double])?.values.max())
                // The prompt alone, of which nothing is drawn.
                let prompt = try await server.complete(
                    "\"prompt\": \(ids), \"max_tokens\": 0, \"logprobs\": 0, \"echo\": true")
                #expect(
                    try (prompt.value("choices.0.logprobs.token_logprobs") as? [Any])?.count == 5)
                #expect(try prompt.value("choices.0.finish_reason") as? String == "length")
                #expect(
                    try prompt.value("choices.0.logprobs.token_logprobs.3") as? Double
                        == own[3] as? Double)
            }
        }

        @Test func `a stop string ends the text wherever tokens cut it`() async throws {
            try await RunningServer.with { server in
                // Bytes that are no text by themselves can be no part of a stop string.
                let vocabulary = server.models[0].vocabulary
                let odd = (0..<vocabulary.count).filter { id in
                    vocabulary.bytes(of: TokenID(id)).contains { $0 >= 0x80 }
                }
                let bias = odd.map { "\"\($0)\": -100" }.joined(separator: ", ")
                let fields =
                    #""prompt": "the", "seed": 3, "max_tokens": 40, "logprobs": 0, "#
                    + "\"logit_bias\": {\(bias)}"
                let whole = try await server.complete(fields)
                let text = try #require(try whole.value("choices.0.text") as? String)
                let bytes = Array(text.utf8)
                try #require(bytes.count > 12 && bytes.allSatisfy { $0 < 0x80 })
                for start in [2, 5, 9] {
                    let stop = String(decoding: bytes[start..<start + 3], as: UTF8.self)
                    let quoted = String(
                        decoding: try JSONSerialization.data(
                            withJSONObject: stop, options: .fragmentsAllowed), as: UTF8.self)
                    let cut = try await server.complete(fields + ", \"stop\": \(quoted)")
                    let place = try #require(bytes.firstRange(of: Array(stop.utf8)))
                    let expected = String(decoding: bytes[..<place.lowerBound], as: UTF8.self)
                    #expect(try cut.value("choices.0.text") as? String == expected)
                    #expect(try cut.value("choices.0.finish_reason") as? String == "stop")
                    let tokens = try cut.value("choices.0.logprobs.tokens") as? [String]
                    #expect(tokens?.joined() == expected)
                    // Piece by piece it is the same.
                    let stream = try await server.complete(
                        fields + ", \"stop\": \(quoted), \"stream\": true")
                    let events = try stream.events()
                    func joined(_ path: String) -> String {
                        events.map { event in
                            let value = RawAnswer.value(path, in: event)
                            return (value as? [String])?.joined() ?? value as? String ?? ""
                        }.joined()
                    }
                    #expect(joined("choices.0.text") == expected)
                    #expect(joined("choices.0.logprobs.tokens") == expected)
                }
            }
        }

        @Test func `a model that was not tuned continues texts and does not converse`()
            async throws
        {
            try await RunningServer.with(kinds: [.gru, .qwen3]) { server in
                let unknown = try await server.complete(#""prompt": "a", "model": "gpt-4""#)
                #expect(unknown.status == 404)
                #expect(try unknown.value("error.code") as? String == "model_not_found")
                #expect(try unknown.value("error.param") as? String == "model")
                #expect(
                    (try unknown.value("error.message") as? String)?.hasSuffix("gru, qwen3") == true
                )
                let named = try await server.complete(
                    #""prompt": "a", "model": "qwen3", "max_tokens": 1"#)
                #expect(try named.value("model") as? String == "qwen3")
                let first = try await server.complete(#""prompt": "a", "max_tokens": 1"#)
                #expect(try first.value("model") as? String == "gru")
                let list = try await server.ask("GET", "/v1/models")
                #expect(try list.value("data.0.id") as? String == "gru")
                #expect(try list.value("data.1.meta.n_ctx_train") as? Int == 96)
                let one = try await server.ask("GET", "/v1/models/qwen3")
                #expect(try one.value("object") as? String == "model")
                #expect(try await server.ask("GET", "/v1/models/x").status == 404)
            }
        }

        @Test func `more than the context has room for is refused with both numbers`() async throws
        {
            try await RunningServer.with { server in
                let answer = try await server.complete(#""prompt": [1, 2, 3], "max_tokens": 94"#)
                #expect(answer.status == 400)
                #expect(
                    try answer.value("error.type") as? String == "exceed_context_size_error")
                #expect(
                    try answer.value("error.message") as? String
                        == "prompt has 3 tokens and max_tokens is 94, but the model's context has "
                        + "room for 96")
                let fits = try await server.complete(
                    #""prompt": [1, 2, 3], "max_tokens": 93, "ignore_eos": true"#)
                #expect(try fits.value("usage.completion_tokens") as? Int == 93)
                let ids = Array(repeating: 7, count: 97)
                let long = try await server.complete("\"prompt\": \(ids)")
                #expect(try long.value("error.param") as? String == "prompt")
                // Without a wish, as many as fit.
                let some = try await server.complete(
                    "\"prompt\": \(ids.prefix(90)), \"ignore_eos\": true")
                #expect(try some.value("usage.completion_tokens") as? Int == 6)
            }
        }

        @Test func `ids of the tokens are told to who asks`() async throws {
            try await RunningServer.with { server in
                let answer = try await server.complete(
                    """
                    "prompt": "the", "max_tokens": 8, "return_tokens": true, "ignore_eos": true,
                    "seed": 1
                    """)
                let ids = try #require(try answer.value("choices.0.tokens") as? [Int])
                #expect(ids.count == 8)
                let text = try await server.ask("POST", "/detokenize", "{\"tokens\": \(ids)}")
                #expect(
                    try text.value("content") as? String
                        == answer.value("choices.0.text") as? String)
            }
        }
    }
#endif
