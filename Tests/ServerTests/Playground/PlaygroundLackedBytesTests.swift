import Foundation
import Models
import Testing
import Tokenization

@testable import Server

/// Texts with a byte that no token of a model's vocabulary stands for.
@Suite struct PlaygroundLackedBytesTests {
    private let vocabulary: Vocabulary
    private let model: GPT

    init() throws {
        vocabulary = try LackingVocabulary.read()
        var shape = GPTConfiguration(.gpt2)
        (shape.layerCount, shape.headCount, shape.embeddingSize) = (1, 1, 8)
        (shape.positionCount, shape.vocabularySize) = (48, vocabulary.count)
        model = try GPT(shape, seed: 3)
    }

    @Test func `every look at a text says the byte and its place`() throws {
        let playground = Playground(
            shown: [ShownModel("lacking", vocabulary, model)], runsDirectory: "none",
            vocabulariesDirectory: "none")
        let attention = try body(["model": "lacking", "prompt": "a quern"])
        let windows = try body(["model": "lacking", "text": "a quern", "length": 2, "stride": 1])
        let tokens = try body(["models": ["lacking"], "text": "a quern"])
        let errors = [
            refusal { () throws(PlaygroundError) in try playground.attention(attention) },
            refusal { () throws(PlaygroundError) in try playground.windows(windows) },
            refusal { () throws(PlaygroundError) in try playground.tokens(tokens) },
        ]
        #expect(errors.map { $0?.parameter } == ["prompt", "text", "text"])
        for error in errors {
            let message = error?.message ?? ""
            #expect(message.contains("lacking") && message.contains("0x71 at offset 2"))
        }
    }

    @Test func `requests of the API are refused, those of prompts by their field`() throws {
        let served = try ServedModel(name: "lacking", model: model, vocabulary: vocabulary)
        func refusal(_ work: () throws(APIError) -> Void) -> APIError? {
            do throws(APIError) {
                try work()
                return nil
            } catch {
                return error
            }
        }
        let messages = [ChatMessage(role: .user, content: "a quern")]
        let requests: [TokenizeRequest] = [
            .prompt("a quern", addsSpecialTokens: true, returnsStrings: false),
            .content(
                "a quern", addsSpecialTokens: false, recognizesSpecialTokens: false,
                returnsPieces: false),
        ]
        for request in requests {
            let error = refusal { () throws(APIError) in _ = try served.answer(request) }
            #expect(error?.status == 400 && error?.message.contains("0x71 at offset 2") == true)
        }
        let chat = refusal { () throws(APIError) in
            _ = try served.answer(
                .messages(messages, beginsAnswer: true, returnsStrings: false))
        }
        // "<|im_start|>user\na " is before it.
        #expect(chat?.message.contains("0x71 at offset 19") == true)
    }
}
