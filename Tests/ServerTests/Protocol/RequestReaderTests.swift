import Bytes
import Testing

@testable import Server

/// Refusal of a request; nil where it is taken.
func apiError(_ read: () throws(APIError) -> Void) -> APIError? {
    do throws(APIError) {
        try read()
        return nil
    } catch {
        return error
    }
}

/// Completions that `body` asks for, of a vocabulary with 300 tokens.
func completion(_ body: String) throws(APIError) -> CompletionRequest {
    try CompletionRequest(
        RequestReader(Array(body.utf8), CompletionRequest.fields), vocabularyCount: 300)
}

/// Message that `body` asks for, of a vocabulary with 300 tokens.
func chat(_ body: String) throws(APIError) -> ChatRequest {
    try ChatRequest(RequestReader(Array(body.utf8), ChatRequest.fields), vocabularyCount: 300)
}

@Suite struct RequestReaderTests {
    @Test(arguments: [
        ("", nil), ("[]", nil), ("nonsense", nil), (#"{"prompt": "a""#, nil),
        (#"{"prompt": "a"} {}"#, nil), (#"{"prompt": NaN}"#, nil), (#"{"a": "\ud800"}"#, nil),
        (#"{"prompt": "a", "prompt": "b"}"#, "prompt"), (#"{"promt": "a"}"#, "promt"),
        (#"{"": 1}"#, ""),
    ])
    func `what is not an object of known fields is refused`(body: String, name: String?) {
        let error = apiError { () throws(APIError) in _ = try completion(body) }
        #expect(error?.status == 400)
        #expect(error?.kind == .invalidRequest)
        #expect(error?.parameter == name)
    }

    @Test func `a field that is nearly one says which it may be`() {
        let error = apiError { () throws(APIError) in
            _ = try completion(#"{"prompt": "a", "temprature": 1}"#)
        }
        #expect(error?.message == "there is no field temprature: did you mean temperature?")
    }

    @Test(arguments: [62, 63])
    func `nesting goes 64 deep and no deeper`(depth: Int) {
        let nested =
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let error = apiError { () throws(APIError) in
            _ = try completion(#"{"prompt": "a", "metadata": {"a": "# + nested + "}}")
        }
        #expect((error == nil) == (depth == 62))
        if let error { #expect(error.message.contains("deeper than 64")) }
    }

    @Test func `a long name of a field is not said in full`() throws {
        let name = String(repeating: "n", count: 10_000)
        let error = apiError { () throws(APIError) in _ = try completion("{\"\(name)\": 1}") }
        #expect(try #require(error).message.utf8.count < 100)
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        let body = Array(#"{"prompt": ""#.utf8) + [0xFF] + Array(#""}"#.utf8)
        let error = apiError { () throws(APIError) in
            _ = try RequestReader(body, CompletionRequest.fields)
        }
        #expect(error?.status == 400)
    }

    @Test func `null is as good as nothing for every field`() throws {
        let fields = CompletionRequest.fields.filter { $0.name != "prompt" }
        let nulls = fields.map { "\"\($0.name)\": null" }.joined(separator: ", ")
        #expect(try completion("{\"prompt\": \"a\", \(nulls)}") == completion(#"{"prompt": "a"}"#))
        let others = ChatRequest.fields.filter { $0.name != "messages" }
        let more = others.map { "\"\($0.name)\": null" }.joined(separator: ", ")
        let messages = #""messages": [{"role": "user", "content": "a"}]"#
        #expect(try chat("{\(messages), \(more)}") == chat("{\(messages)}"))
    }
}
