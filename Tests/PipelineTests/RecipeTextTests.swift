import Testing
import TokenShards
import Training
import Work

@testable import Pipeline

@Suite struct RecipeTextTests {
    @Test(arguments: [
        (#""runs\/talk\/best""#, #""runs/talk/best""#), (#"["a\/b","c"]"#, #"["a/b","c"]"#),
        (#""a\\/b""#, #""a\\/b""#), (#""a\\\/b""#, #""a\\/b""#), ("0.001", "0.001"), ("", ""),
        (#""\"/""#, #""\"/""#),
    ])
    func `slashes stand as they are, and nothing else changes`(json: String, text: String) {
        #expect(RecipeChange.readable(json) == text)
        #expect(
            RecipeChange(key: "k", before: json, after: nil).description == "k \(text), now unset")
    }

    @Test func `conversations are packed in the one way that their key says`() throws {
        let keys = ConfigurationKeys.pipeline.find("instruction_tuning.packing")
        #expect(keys.map(\.description.kind) == [.choice(["best-fit"])])
        #expect(keys.map(\.description.standard) == ["best-fit"])
        #expect(InstructionTuningConfiguration().training.packing == .bestFit)
        let set = "instruction_tuning.packing=best-fit"
        let configuration = try PipelineConfiguration(path: nil, settings: [set])
        #expect(configuration.instructionTuning == InstructionTuningConfiguration())
    }
}
