import Testing
import Tokenization

@testable import Server

@Suite struct ChatRequestTests {
    @Test func `contents are strings or parts of text`() throws {
        let request = try chat(
            """
            {"messages": [
              {"role": "developer", "content": "s"}, {"role": "user", "content": [
                {"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
              {"role": "assistant", "content": "", "refusal": null, "tool_calls": [],
               "annotations": []}]}
            """)
        #expect(
            request.messages == [
                ChatMessage(role: .developer, content: "s"),
                ChatMessage(role: .user, content: "a\nb"),
                ChatMessage(role: .assistant, content: ""),
            ])
    }

    @Test func `calls of tools, their answers and thoughts are read`() throws {
        let request = try chat(
            """
            {"messages": [
              {"role": "assistant", "content": null, "reasoning_content": "r", "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
              {"role": "tool", "content": "a", "tool_call_id": "1", "name": "f"}]}
            """)
        let (call, answer) = (request.messages[0], request.messages[1])
        #expect(call.isWithoutContent && call.reasoning == "r")
        #expect(call.toolCalls?.contains(#""name": "f""#) == true)
        #expect(
            answer
                == {
                    var message = ChatMessage(role: .tool, content: "a")
                    (message.toolCallID, message.name) = ("1", "f")
                    return message
                }())
    }

    @Test(arguments: [
        ("", "messages"), (#""messages": null"#, "messages"), (#""messages": "a""#, "messages"),
        (#""messages": []"#, "messages"), (#""messages": ["a"]"#, "messages[0]"),
        (#""messages": [{}]"#, "messages[0].role"),
        (#""messages": [{"role": "function", "content": "a"}]"#, "messages[0].role"),
        (#""messages": [{"role": 1, "content": "a"}]"#, "messages[0].role"),
        (#""messages": [{"role": "user"}]"#, "messages[0].content"),
        (#""messages": [{"role": "user", "content": null}]"#, "messages[0].content"),
        (#""messages": [{"role": "user", "content": 1}]"#, "messages[0].content"),
        (#""messages": [{"role": "user", "content": []}]"#, "messages[0].content"),
        (#""messages": [{"role": "user", "content": ["a"]}]"#, "messages[0].content[0]"),
        (
            #""messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]"#,
            "messages[0].content[0].type"
        ),
        (
            #""messages": [{"role": "user", "content": [{"type": "text"}]}]"#,
            "messages[0].content[0].text"
        ),
        (#""messages": [{"role": "user", "content": "a", "name": "b"}]"#, "messages[0].name"),
        (#""messages": [{"role": "user", "content": "a", "frob": null}]"#, "messages[0].frob"),
        (
            #""messages": [{"role": "assistant", "content": "a", "tool_calls": [{}]}]"#,
            "messages[0].tool_calls[0]"
        ),
        (
            #""messages": [{"role": "user", "content": "a", "tool_call_id": "b"}]"#,
            "messages[0].tool_call_id"
        ),
    ])
    func `messages that are none are refused by their place`(field: String, name: String) {
        let error = apiError { () throws(APIError) in _ = try chat("{\(field)}") }
        #expect(error?.status == 400)
        #expect(error?.parameter == name)
    }

    @Test func `alternatives belong to log-probabilities`() throws {
        let messages = #""messages": [{"role": "user", "content": "a"}]"#
        #expect(try chat("{\(messages), \"logprobs\": true}").alternativeCount == 0)
        #expect(
            try chat("{\(messages), \"logprobs\": true, \"top_logprobs\": 5}").alternativeCount == 5
        )
        #expect(try chat("{\(messages), \"logprobs\": false}").alternativeCount == nil)
        let error = apiError { () throws(APIError) in
            _ = try chat("{\(messages), \"top_logprobs\": 5}")
        }
        #expect(error?.parameter == "top_logprobs")
    }
}
