import Foundation
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite struct ExplainTests {
    private let folder: TemporaryFolder
    private let world: TinyWorld

    init() async throws {
        folder = try TemporaryFolder()
        world = try await TinyWorld.shared.value
    }

    private struct Report: Decodable {
        struct Token: Decodable {
            let token: String
            let id: Int
            let value: Double?
        }
        struct Step: Decodable {
            let name: String
            let map: [[Double?]]?
            let odds: [Token]?
        }
        let tokens: [Token]
        let steps: [Step]
    }

    private func explain(_ text: String, _ options: String...) async throws -> Program.Result {
        try await Program.run(["explain", text, "--model", world.model] + options, in: folder)
    }

    @Test func `text, JSON and images show the same steps, and generate's odds`() async throws {
        // A drawing of an earlier model's goes, and what another program drew stays.
        _ = try await explain("the mill", "--svg", "steps")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/steps")
        let first = try #require(names.first { $0.hasPrefix("01-") })
        let drawing = try String(
            contentsOfFile: folder.path + "/steps/" + first, encoding: .utf8)
        try folder.write("steps/77-older.svg", drawing)
        try folder.write("steps/78-other.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>")
        let text = try await explain("the mill", "--head", "2", "--svg", "steps")
        #expect(!folder.exists("steps/77-older.svg") && folder.exists("steps/78-other.svg"))
        #expect(text.status == 0)
        #expect(text.messages.hasPrefix("steps  "))
        let result = try await explain("the mill", "--head", "2", "--json")
        let report = try JSONDecoder().decode(Report.self, from: Data(result.output))
        let shown = text.text
        for (index, step) in report.steps.enumerated() {
            #expect(shown.contains("\(index + 1). "))
            let number = index < 9 ? "0\(index + 1)" : "\(index + 1)"
            let svg = try folder.bytes("steps/\(number)-\(step.name).svg")
            #expect(XMLParser(data: Data(svg)).parse(), "\(step.name)")
        }
        let softmax = try #require(report.steps.first { $0.name == "softmax" }?.map)
        #expect(softmax.count == report.tokens.count)
        #expect(softmax.allSatisfy { abs($0.reduce(0) { $0 + ($1 ?? 0) } - 1) < 1e-5 })
        let mask = try #require(report.steps.first { $0.name == "mask" }?.map)
        #expect(mask[0].dropFirst().allSatisfy { $0 == nil })
        // What generate, by the fast model, says comes next.
        let odds = try #require(report.steps.last?.odds)
        let top = try await Program.succeed(
            ["generate", "--model", world.model, "--prompt", "the mill", "--top", "5"], in: folder)
        for choice in odds {
            let percent = String(format: "%.1f %%", (choice.value ?? 0) * 100)
            #expect(
                top.text.split(separator: "\n").contains {
                    $0.contains(" \(choice.id) ") && $0.contains(percent)
                }, "\(choice.token) \(percent)")
        }
    }

    @Test func `what cannot be explained is said`() async throws {
        let long = try await explain(String(repeating: "the mill ", count: 40))
        #expect(long.status == 1)
        #expect(long.messages.contains("at most 16 are explained"))
        let target = try await explain("the mill", "--target", "turns")
        #expect(target.status == 1)
        #expect(target.messages.contains("writes no target"))
        let layer = try await explain("the mill", "--layer", "7")
        #expect(layer.status == 1)
        #expect(layer.messages.contains("the model has no layer 7; give a number from 1 to 1"))
    }
}
