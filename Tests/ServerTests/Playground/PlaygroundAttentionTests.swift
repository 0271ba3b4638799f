import Foundation
import Models
import Testing
import Tokenization

@testable import Server

@Suite struct PlaygroundAttentionTests {
    private let fixture: PlaygroundFixture
    private var playground: Playground { fixture.playground }

    init() throws { fixture = try PlaygroundFixture() }

    private func fault(model: String, prompt: String) throws -> PlaygroundError? {
        let data = try body(["model": model, "prompt": prompt])
        return refusal { () throws(PlaygroundError) in try playground.attention(data) }
    }

    @Test func `weights are those of the model, to a byte`() throws {
        let prompt = "the mill turns"
        let answer = try object(playground.attention(body(["model": "mill", "prompt": prompt])))
        let ids = BytePairEncoder(fixture.vocabulary).encode(prompt)
        #expect(try tokens(answer["tokens"]).ids == ids.map(\.index))
        let maps = fixture.model.attention(for: ids)
        let text = try #require(answer["weights"] as? String)
        let weights = try #require(Data(base64Encoded: text))
        #expect(answer["layers"] as? Int == 2 && answer["heads"] as? Int == 2)
        #expect(answer["queries"] as? [Int] == [0, ids.count])
        #expect(answer["keys"] as? [Int] == [0, ids.count])
        #expect(weights.count == maps.weights.count)
        for (found, expected) in zip(weights, maps.weights) {
            #expect(abs(Float(found) / 255 - expected) <= 0.502 / 255)
        }
    }

    @Test func `a prompt fills the context and no more`() throws {
        // Letters that no merge joins.
        #expect(try fault(model: "mill", prompt: String(repeating: "z", count: 48)) == nil)
        let error = try fault(model: "mill", prompt: String(repeating: "z", count: 49))
        #expect(error?.parameter == "prompt" && error?.message.contains("48") == true)
    }

    @Test func `a prompt without a token has none`() throws {
        #expect(try fault(model: "mill", prompt: "")?.parameter == "prompt")
    }

    @Test func `a family without attention says so`() throws {
        let error = try fault(model: "rnn", prompt: "the")
        #expect(error?.parameter == "model" && error?.message.contains("no attention") == true)
    }

    @Test func `a damaged model is an error and no end of the program`() throws {
        for tensor in fixture.model.layout.tensors {
            fixture.model.parameters[tensor.offset] = .nan
        }
        #expect(try fault(model: "mill", prompt: "the")?.message.contains("damaged") == true)
    }
}
