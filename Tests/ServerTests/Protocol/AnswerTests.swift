import Foundation
import Testing
import Tokenization

@testable import Server

@Suite struct AnswerTests {
    private func head(_ kind: AnswerHead.Kind) -> AnswerHead {
        AnswerHead(kind: kind, id: "x-1", created: 5, model: "mill", fingerprint: "fp_1")
    }

    private let usage = AnswerUsage(
        prompt: 4, cached: 1, completion: 2, promptSeconds: 0.5, drawingSeconds: 0.25)

    private let tokens = [
        ShownToken(
            id: 1, text: "a", bytes: [97], logProbability: -0.5,
            alternatives: [
                .init(bytes: [98], logProbability: -0.25), .init(bytes: [0xE2], logProbability: -3),
            ], isEnd: false),
        ShownToken(
            id: 2, text: "", bytes: [], logProbability: -.infinity, alternatives: [], isEnd: true),
    ]

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `a completion has the form of OpenAI`() {
        let choice = Choice(
            index: 0, text: "a\n", ids: [1], tokens: tokens, offset: 3, finishReason: .stop)
        #expect(
            text(head(.completion).answer([choice], usage)) == """
                {"id": "x-1", "object": "text_completion", "created": 5, "model": "mill", \
                "system_fingerprint": "fp_1", "choices": [{"index": 0, "text": "a\\n", \
                "logprobs": {"tokens": ["a", ""], "token_logprobs": [-0.5, -9999.0], \
                "top_logprobs": [{"b": -0.25, "bytes:\\\\xe2": -3.0, "a": -0.5}, {"": -9999.0}], \
                "text_offset": [3, 4]}, "tokens": [1], "finish_reason": "stop"}], \
                "usage": {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6, \
                "prompt_tokens_details": {"cached_tokens": 1}}, "timings": {"cache_n": 1, \
                "prompt_n": 3, "prompt_ms": 500.0, "prompt_per_second": 6.0, "predicted_n": 2, \
                "predicted_ms": 250.0, "predicted_per_second": 8.0}}
                """)
    }

    @Test func `a message has the form of OpenAI`() {
        let choice = Choice(index: 1, text: "a", tokens: tokens, finishReason: .length)
        let answer = text(head(.chat).answer([choice], usage))
        #expect(
            answer.contains(
                """
                "object": "chat.completion", "created": 5, "model": "mill", \
                "system_fingerprint": "fp_1", "choices": [{"index": 1, "message": \
                {"role": "assistant", "content": "a"}, "logprobs": {"content": [{"token": "a", \
                "logprob": -0.5, "bytes": [97], "top_logprobs": [{"token": "b", "logprob": -0.25, \
                "bytes": [98]}, {"token": "bytes:\\\\xe2", "logprob": -3.0, "bytes": [226]}]}], \
                "refusal": null}, "finish_reason": "length"}]
                """), "\(answer)")
    }

    @Test func `the parts of a message are those that clients wait for`() {
        let head = head(.chat)
        func choice(_ bytes: [UInt8]) -> String {
            let text = text(bytes)
            return String(text[text.range(of: "\"choices\": ")!.upperBound...])
        }
        #expect(
            choice(head.roleChunk(index: 0, tellsNoUsage: true)) == """
                [{"index": 0, "delta": {"role": "assistant", "content": ""}, "logprobs": null, \
                "finish_reason": null}], "usage": null}
                """)
        #expect(
            choice(head.chunk(Choice(text: "é"), tellsNoUsage: false)) == """
                [{"index": 0, "delta": {"content": "é"}, "logprobs": null, "finish_reason": null}]}
                """)
        #expect(
            choice(head.chunk(Choice(finishReason: .stop), tellsNoUsage: false)) == """
                [{"index": 0, "delta": {}, "logprobs": null, "finish_reason": "stop"}]}
                """)
        #expect(choice(head.usageChunk(usage)).hasPrefix("[], \"usage\": {\"prompt_tokens\": 4"))
    }

    @Test func `an error has the form of OpenAI`() {
        #expect(
            text(APIError.badField("n", "give 1", code: "c").json) == """
                {"error": {"message": "n: give 1", "type": "invalid_request_error", "param": "n", \
                "code": "c"}}
                """)
        #expect(
            text(APIError.loading.json) == """
                {"error": {"message": "Loading model", "type": "unavailable_error", \
                "param": null, "code": 503}}
                """)
    }

    @Test func `two tokens with the same name have the greater probability`() {
        let token = ShownToken(
            id: 1, text: "a", bytes: [97], logProbability: -2,
            alternatives: [.init(bytes: [97], logProbability: -1)], isEnd: false)
        let choice = Choice(tokens: [token], finishReason: .stop)
        let answer = text(head(.completion).answer([choice], usage))
        #expect(answer.contains(#""token_logprobs": [-2.0], "top_logprobs": [{"a": -1.0}]"#))
    }

    @Test func `events are lines of data with an empty one behind`() {
        #expect(text(ServerSentEvent.data(Array("{}".utf8))) == "data: {}\n\n")
        #expect(text(ServerSentEvent.done) == "data: [DONE]\n\n")
        #expect(text(ServerSentEvent.ping).hasPrefix(":"))
    }

    @Test func `measures are lines that Prometheus reads`() throws {
        var statistics = EngineStatistics()
        statistics.promptTokenCount = 7
        statistics.promptSeconds = 0.25
        statistics.refusedCounts = ["queue_full": 2]
        let text = MetricsText(
            engines: [("a\"b\\c\nd", statistics)], answers: [("/health", 200, 3)]
        ).text
        #expect(text.contains("quern_prompt_tokens_total{model=\"a\\\"b\\\\c\\nd\"} 7\n"))
        #expect(text.contains("quern_prompt_seconds_total{model=\"a\\\"b\\\\c\\nd\"} 0.25\n"))
        #expect(text.contains("reason=\"queue_full\"} 2\n"))
        #expect(text.contains("quern_http_responses_total{path=\"/health\",status=\"200\"} 3\n"))
        let line =
            #/(# (HELP|TYPE) \w+ .+)|(\w+\{\w+="([^"\\]|\\.)*"(,\w+="([^"\\]|\\.)*")*\} \S+)/#
        for shown in text.split(separator: "\n") {
            #expect(try line.wholeMatch(in: shown) != nil, "\(shown)")
        }
    }
}
