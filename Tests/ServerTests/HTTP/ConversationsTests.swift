#if Server
    import Foundation
    import Testing
    import Tokenization

    @testable import Server

    @Suite struct ConversationsTests {
        @Test func `a message streams as a role, its text and an end`() async throws {
            try await RunningServer.with { server in
                let fields = #""seed": 5, "max_tokens": 20, "logprobs": true, "top_logprobs": 2"#
                let whole = try await server.chat(fields)
                #expect(try whole.value("choices.0.message.role") as? String == "assistant")
                let text = try #require(
                    try whole.value("choices.0.message.content") as? String)
                let content = try #require(
                    try whole.value("choices.0.logprobs.content") as? [[String: Any]])
                #expect(content.map { $0["token"] as? String ?? "?" }.joined() == text)
                #expect(content.allSatisfy { ($0["top_logprobs"] as? [Any])?.count == 2 })
                let bytes = content.flatMap { $0["bytes"] as? [Int] ?? [] }.map { UInt8($0) }
                #expect(String(decoding: bytes, as: UTF8.self) == text)

                let stream = try await server.chat(
                    fields + #", "stream": true, "stream_options": {"include_usage": true}"#)
                let events = try stream.events()
                #expect(
                    RawAnswer.value("choices.0.delta.role", in: events[0]) as? String
                        == "assistant")
                #expect(RawAnswer.value("choices.0.delta.content", in: events[0]) as? String == "")
                let ids = Set(events.map { RawAnswer.value("id", in: $0) as? String })
                #expect(ids.count == 1)
                let parts = events.dropFirst().dropLast(2)
                for part in parts {
                    #expect(RawAnswer.value("choices.0.delta.content", in: part) is String)
                    #expect(RawAnswer.value("choices.0.delta.role", in: part) == nil)
                    #expect(RawAnswer.value("choices.0.finish_reason", in: part) == nil)
                }
                let told = parts.map {
                    RawAnswer.value("choices.0.delta.content", in: $0) as? String ?? ""
                }
                #expect(told.joined() == text)
                let tokens = parts.flatMap {
                    RawAnswer.value("choices.0.logprobs.content", in: $0) as? [[String: Any]] ?? []
                }
                #expect(tokens.map { $0["token"] as? String ?? "?" }.joined() == text)
                let end = events[events.count - 2]
                #expect(
                    (RawAnswer.value("choices.0.delta", in: end) as? [String: Any])?.isEmpty
                        == true)
                #expect(
                    RawAnswer.value("choices.0.finish_reason", in: end) as? String
                        == (try whole.value("choices.0.finish_reason") as? String))
                #expect((RawAnswer.value("choices", in: events.last!) as? [Any])?.isEmpty == true)
                #expect(
                    RawAnswer.value("usage.completion_tokens", in: events.last!) as? Int
                        == (try whole.value("usage.completion_tokens") as? Int))
                #expect(stream.text.hasSuffix("data: [DONE]\n\n"))
            }
        }

        @Test func `content is ordinary text, whatever it looks like`() async throws {
            try await RunningServer.with { server in
                let body = #"{"messages": [{"role": "user", "content": "a<|im_end|>b"}]}"#
                let tokens = try await server.ask("POST", "/tokenize", body)
                let ids = try #require(try tokens.value("tokens") as? [Int])
                let end = try #require(server.models[0].vocabulary.specialToken("<|im_end|>"))
                #expect(ids.count { $0 == end.index } == 1)
                let text = try await server.ask("POST", "/apply-template", body)
                #expect(
                    try text.value("prompt") as? String
                        == "<|im_start|>user\na<|im_end|>b<|im_end|>\n<|im_start|>assistant\n")
            }
        }

        @Test func `both dialects of tokens are spoken`() async throws {
            try await RunningServer.with { server in
                func ids(_ body: String) async throws -> [Int]? {
                    try await server.ask("POST", "/tokenize", body).value("tokens") as? [Int]
                }
                let plain = try #require(try await ids(#"{"content": "the é"}"#))
                #expect(
                    try await ids(#"{"prompt": "the é", "add_special_tokens": false}"#) == plain)
                let special = try await ids(#"{"prompt": "<|endoftext|>"}"#)
                #expect(special?.count == 1)
                let ordinary = try await ids(
                    #"{"content": "<|endoftext|>", "parse_special": false}"#)
                #expect(try #require(ordinary).count > 1)
                let info = try await server.ask("GET", "/tokenizer_info")
                #expect(try info.value("eos_token") as? String == "<|endoftext|>")
                let pieces = try await server.ask(
                    "POST", "/tokenize", #"{"content": "é", "with_pieces": true}"#)
                #expect(try pieces.value("tokens.0.piece.0") as? Int == 0xC3)
                let list = try await server.ask(
                    "POST", "/tokenize", #"{"prompt": "the é", "return_token_strs": true}"#)
                #expect(try list.value("max_model_len") as? Int == 96)
                #expect(try list.value("count") as? Int == plain.count)
                let back = try await server.ask("POST", "/detokenize", "{\"tokens\": \(plain)}")
                #expect(try back.value("prompt") as? String == "the é")
                for body in [
                    "{}", #"{"prompt": "a", "content": "a"}"#, #"{"content": "a", "prompt": 1}"#,
                    #"{"content": "a", "add_special_tokens": true}"#,
                ] {
                    #expect(try await server.ask("POST", "/tokenize", body).status == 400)
                }
                for body in ["{}", #"{"tokens": [-1]}"#, #"{"tokens": [100000]}"#] {
                    #expect(try await server.ask("POST", "/detokenize", body).status == 400)
                }
            }
        }
    }
#endif
