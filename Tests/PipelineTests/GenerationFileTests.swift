import Foundation
import Testing
import Tokenization

@testable import Pipeline

@Suite struct GenerationFileTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["source", "copy"] {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/" + name, withIntermediateDirectories: true)
        }
    }

    private func copy(_ text: String, _ ends: Set<TokenID>) throws -> String {
        _ = try folder.write("source/generation_config.json", text)
        try GenerationFile.copy(
            from: folder.path + "/source", to: folder.path + "/copy", endTokens: ends)
        return try String(
            contentsOfFile: folder.path + "/copy/" + GenerationFile.name, encoding: .utf8)
    }

    @Test func `a file that names all ends stays as it is`() throws {
        for text in [#"{"eos_token_id":[7, 5],  "top_k": 3}"#, #"{"eos_token_id": 5}"#] {
            #expect(try copy(text, [5]) == text)
        }
        #expect(try copy("{}", []) == "{}")
    }

    @Test func `ends that stand elsewhere join the list, and all else is kept`() throws {
        let one = try copy(#"{"top_p": 0.90, "eos_token_id": 7, "x": {"y": [1e2]}}"#, [9, 7, 5])
        #expect(
            one.filter { !$0.isWhitespace }
                == #"{"top_p":0.90,"eos_token_id":[7,5,9],"x":{"y":[1e2]}}"#)
        #expect(one.hasSuffix("}\n"))
        for text in ["{}", #"{"eos_token_id": null}"#] {
            #expect(
                try copy(text, [3]).filter { !$0.isWhitespace } == #"{"eos_token_id":3}"#)
        }
    }

    @Test func `a file that is not there leaves what is, and a broken one is named`() throws {
        _ = try folder.write("copy/generation_config.json", "own")
        try GenerationFile.copy(
            from: folder.path + "/none", to: folder.path + "/copy", endTokens: [1])
        #expect(
            try String(
                contentsOfFile: folder.path + "/copy/" + GenerationFile.name, encoding: .utf8)
                == "own")
        let error = #expect(throws: PipelineError.self) { try copy("{", [1]) }
        #expect("\(error, default: "")".contains("generation_config.json"))
    }
}
