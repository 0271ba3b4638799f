import Models
import Testing
import Tokenization

@testable import Server

@Suite struct CompletionRequestTests {
    @Test func `what is absent is as OpenAI has it`() throws {
        let request = try completion(#"{"prompt": "a"}"#)
        #expect(request.prompts == [.text("a")])
        #expect(request.alternativeCount == nil)
        #expect(!request.echoesPrompt)
        let sampling = request.sampling
        #expect(sampling.generation.temperature == 1)
        #expect(sampling.generation.topP == 1)
        #expect(sampling.generation.topK == 0)
        #expect(sampling.generation.minP == 0)
        #expect(sampling.generation.repetitionPenalty == 1)
        #expect(sampling.maximumTokenCount == nil)
        #expect(sampling.seed == nil)
        #expect(sampling.sampleCount == 1)
        #expect(sampling.usesCache)
        #expect(!sampling.isStreamed)
    }

    @Test func `every field is heeded`() throws {
        let request = try completion(
            """
            {"prompt": ["a", [1, 2]], "model": "m", "max_tokens": 7, "temperature": 0.5,
             "top_p": 0.9, "top_k": 5, "min_p": 0.1, "repeat_penalty": 1.5,
             "presence_penalty": -1, "frequency_penalty": 2, "logit_bias": {"3": -100, "299": 1},
             "n": 3, "best_of": 3, "seed": -1, "stop": ["x", "é"], "stream": true,
             "stream_options": {"include_usage": true, "include_obfuscation": false},
             "logprobs": 4, "echo": true, "ignore_eos": true, "return_tokens": true,
             "cache_prompt": false, "user": "u", "metadata": {"a": [1]}, "suffix": "",
             "add_special_tokens": false, "parse_special": true, "store": false}
            """)
        #expect(request.prompts == [.text("a"), .ids([1, 2])])
        #expect(request.alternativeCount == 4)
        #expect(request.echoesPrompt)
        #expect(!request.addsSpecialTokens)
        #expect(request.recognizesSpecialTokens)
        let sampling = request.sampling
        #expect(sampling.maximumTokenCount == 7)
        #expect(sampling.generation.temperature == 0.5)
        #expect(sampling.generation.topP == 0.9)
        #expect(sampling.generation.topK == 5)
        #expect(sampling.generation.minP == 0.1)
        #expect(sampling.generation.repetitionPenalty == 1.5)
        #expect(sampling.generation.stopStrings == ["x", "é"])
        #expect(sampling.adjustments.presencePenalty == -1)
        #expect(sampling.adjustments.frequencyPenalty == 2)
        #expect(sampling.adjustments.logitBias == [3: -100, 299: 1])
        #expect(sampling.sampleCount == 3)
        #expect(sampling.seed == .max)
        #expect(sampling.isStreamed)
        #expect(sampling.includesUsage)
        #expect(sampling.ignoresEnd)
        #expect(sampling.returnsTokens)
        #expect(!sampling.usesCache)
    }

    @Test(arguments: [
        (#""temperature": 1e999"#, "temperature"), (#""temperature": "1""#, "temperature"),
        (#""temperature": -0.1"#, "temperature"), (#""top_p": 1.5"#, "top_p"),
        (#""top_k": -2"#, "top_k"), (#""top_k": 1.5"#, "top_k"), (#""min_p": true"#, "min_p"),
        (#""n": 0"#, "n"), (#""n": 17"#, "n"), (#""n": 1e30"#, "n"), (#""n": [1]"#, "n"),
        (#""seed": 9223372036854775808"#, "seed"), (#""seed": 0.5"#, "seed"),
        (#""max_tokens": -1"#, "max_tokens"), (#""max_tokens": 0"#, "max_tokens"),
        (#""max_tokens": 1, "max_completion_tokens": 2"#, "max_completion_tokens"),
        (#""repeat_penalty": 2, "repetition_penalty": 1"#, "repeat_penalty"),
        (#""repetition_penalty": 0"#, "repetition_penalty"),
        (#""presence_penalty": 2.1"#, "presence_penalty"),
        (#""frequency_penalty": -2.1"#, "frequency_penalty"), (#""stop": 1"#, "stop"),
        (#""stop": """#, "stop"), (#""stop": ["a", 1]"#, "stop[1]"),
        (#""stop": ["a", ""]"#, "stop[1]"),
        ("\"stop\": \"\(String(repeating: "é", count: 129))\"", "stop"),
        ("\"stop\": [\(Array(repeating: "\"a\"", count: 17).joined(separator: ","))]", "stop"),
        (#""stream": 1"#, "stream"), (#""echo": "yes""#, "echo"), (#""logprobs": 21"#, "logprobs"),
        (#""logprobs": true"#, "logprobs"), (#""stream_options": {}"#, "stream_options"),
        (#""stream": true, "stream_options": []"#, "stream_options"),
        (#""stream": true, "stream_options": {"a": 1}"#, "stream_options.a"),
        (
            #""stream": true, "stream_options": {"include_usage": 1}"#,
            "stream_options.include_usage"
        ),
        (#""logit_bias": []"#, "logit_bias"), (#""logit_bias": {"300": 1}"#, "logit_bias"),
        (#""logit_bias": {"-1": 1}"#, "logit_bias"), (#""logit_bias": {"07": 1}"#, "logit_bias"),
        (#""logit_bias": {"7": 101}"#, "logit_bias.7"),
        (#""logit_bias": {"7": 1e999}"#, "logit_bias.7"), (#""suffix": "x""#, "suffix"),
        (#""best_of": 2"#, "best_of"), (#""store": true"#, "store"), (#""model": 7"#, "model"),
        (#""tools": []"#, "tools"), (#""messages": []"#, "messages"),
    ])
    func `what cannot be is refused by its name`(field: String, name: String) {
        let error = apiError { () throws(APIError) in
            _ = try completion("{\"prompt\": \"a\", \(field)}")
        }
        #expect(error?.status == 400)
        #expect(error?.parameter == name)
        #expect(error?.message.contains(name) == true)
    }

    @Test(arguments: [
        ("null", "prompt"), ("1", "prompt"), ("[]", "prompt"), ("{}", "prompt"),
        ("[300]", "prompt[0]"), ("[1, -1]", "prompt[1]"), ("[1, \"a\"]", "prompt[1]"),
        ("[1, 1.5]", "prompt[1]"), ("[[1], []]", "prompt[1]"), ("[[1], [2, 300]]", "prompt[1][1]"),
        ("[\"a\", 1]", "prompt[1]"), ("[null]", "prompt[0]"),
    ])
    func `a prompt that is none is refused by its place`(prompt: String, name: String) {
        let error = apiError { () throws(APIError) in _ = try completion("{\"prompt\": \(prompt)}")
        }
        #expect(error?.parameter == name)
    }

    @Test func `the neutral values of what cannot be done are taken`() throws {
        let request = try chat(
            """
            {"messages": [{"role": "user", "content": "a"}], "tools": [], "tool_choice": "none",
             "response_format": {"type": "text"}, "functions": [], "function_call": "auto",
             "modalities": ["text"], "parallel_tool_calls": true, "service_tier": "auto"}
            """)
        #expect(request.messages.count == 1)
    }

    @Test(arguments: [
        #""tools": [{"type": "function"}]"#, #""tool_choice": "required""#,
        #""response_format": {"type": "json_object"}"#, #""functions": [{}]"#,
        #""modalities": ["audio"]"#, #""audio": {}"#, #""prediction": {}"#,
        #""reasoning_effort": "high""#, #""service_tier": "flex""#,
    ])
    func `what cannot be done is refused by its name`(field: String) {
        let error = apiError { () throws(APIError) in
            _ = try chat("{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \(field)}")
        }
        #expect(error?.code == "unsupported_parameter")
        #expect(field.contains("\"\(error?.parameter ?? "?")\""))
    }
}
