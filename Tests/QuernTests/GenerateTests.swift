import Foundation
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite struct GenerateTests {
    private let folder: TemporaryFolder
    private let world: TinyWorld

    init() async throws {
        folder = try TemporaryFolder()
        world = try await TinyWorld.shared.value
    }

    private func generate(_ options: String...) async throws -> String {
        try await Program.succeed(
            ["generate", "--model", world.model, "--prompt", "the mill", "--max-new-tokens", "40"]
                + options, in: folder
        ).text
    }

    private struct Line: Decodable {
        let prompt: String
        let text: String
        let ending: String
        let tokens: [Int]
        let logprobs: [Double]
    }

    private func lines(_ text: String) throws -> [Line] {
        try text.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
    }

    @Test func `samples drawn at once are those drawn one by one, on any number of threads`()
        async throws
    {
        let together = try lines(
            try await generate("--samples", "18", "--seed", "3", "--json", "--threads", "3"))
        #expect(together.count == 18)
        #expect(Set(together.map(\.text)).count > 1)
        for number in [0, 7, 17] {
            let alone = try lines(
                try await generate("--seed", "\(3 + number)", "--json", "--threads", "1"))
            #expect(alone[0].text == together[number].text)
            #expect(alone[0].tokens == together[number].tokens)
            #expect(alone[0].logprobs == together[number].logprobs)
        }
    }

    @Test func `a draft changes no text, and is refused where it cannot be had`() async throws {
        let plain = try await generate("--seed", "3")
        #expect(try await generate("--seed", "3", "--draft", "7") == plain)
        for (more, reason) in [
            (["--samples", "2"], "--draft is for one text"),
            (["--beams", "2"], "--beams takes the most probable texts whole"),
        ] {
            let refused = try await Program.run(
                ["generate", "--model", world.model, "--prompt", "a", "--draft", "7"] + more,
                in: folder)
            #expect(refused.status != 0 && refused.messages.contains(reason))
        }
    }

    @Test func `a stop string ends the text and is not part of it`() async throws {
        let all = try await generate("--temperature", "0")
        let text = all.dropFirst("the mill".count).dropLast()
        // From the middle of a character's neighbours on, so that no token boundary is hit for
        // sure.
        let start = text.index(text.startIndex, offsetBy: text.count / 2)
        let stop = String(text[start...].prefix(3))
        let found = try #require(text.range(of: stop))
        let stopped = try await generate(
            "--temperature", "0", "--stop-strings", stop, "--stop-strings", "@@@")
        #expect(stopped == "the mill" + text[..<found.lowerBound] + "\n")
        let line = try lines(
            try await generate("--temperature", "0", "--stop-strings", stop, "--json"))
        #expect(line[0].ending == "stopped")
        #expect(line[0].text == String(text[..<found.lowerBound]))
    }

    @Test func `log-probabilities stand beside the tokens that they are of`() async throws {
        let line = try lines(try await generate("--json", "--max-new-tokens", "5"))[0]
        #expect(line.prompt == "the mill" && line.tokens.count == 5 && line.ending == "length")
        #expect(line.logprobs.count == 5 && line.logprobs.allSatisfy { $0 < 0 })
        let table = try await generate("--logprobs", "--max-new-tokens", "5")
        #expect(table.hasPrefix("the mill" + line.text + "\n"))
        for (token, logprob) in zip(line.tokens, line.logprobs) {
            let number = String(format: "%.4f", logprob)
            let row = try Regex(" \(token) +\(number) +[0-9.]+ %\n")
            #expect(table.firstMatch(of: row) != nil)
        }
    }

    @Test func `the next tokens are shown with their probabilities, the likeliest first`()
        async throws
    {
        let table = try await generate("--top", "4")
        let rows = table.matches(of: /(\d) +".*" +(\d+) +([0-9.]+) % +[█▏▎▍▌▋▊▉]+\n/)
        #expect(rows.map { $0.1 } == ["1", "2", "3", "4"])
        let shares = rows.compactMap { Double($0.3) }
        #expect(shares == shares.sorted(by: >))
        let rest = try #require(table.firstMatch(of: /all others +([0-9.]+) %/))
        let total: Double = shares.reduce(0, +) + (Double(rest.1) ?? 0)
        #expect(abs(total - 100) < 0.5)
        let line = try lines(
            try await generate("--temperature", "0", "--max-new-tokens", "1", "--json"))
        #expect(Int(rows[0].2) == line[0].tokens[0])
    }

    @Test func `attention is printed, or drawn into a file`() async throws {
        let text = try await generate("--attention", "-")
        #expect(text.contains("layer 1, head 1\n") && text.contains("layer 1, head 2\n"))
        #expect(text.contains(/1 ".+" +100\n/))
        let answer = try await generate("--attention", "heads.svg")
        #expect(answer.hasPrefix("heads.svg  1 layers of 2 heads"))
        let svg = String(decoding: try folder.bytes("heads.svg"), as: UTF8.self)
        let document = try XMLDocument(xmlString: svg)
        #expect(document.rootElement()?.name == "svg")
        #expect(svg.contains("layer 1, head 2"))
    }

    @Test func `a prompt that is longer than the context says what of it is read`() async throws {
        func messages(_ prompt: String) async throws -> String {
            try await Program.succeed(
                ["generate", "--model", world.model, "--prompt", prompt, "--max-new-tokens", "2"],
                in: folder
            ).messages
        }
        #expect(try await messages("the mill") == "")
        let long = String(repeating: "qzx", count: 20)
        #expect(
            try await messages(long).contains(
                /the prompt has [0-9]+ tokens, more than the context: the last 12 are read/))
    }

    @Test func `a model whose numbers are not finite is told of`() async throws {
        try FileManager.default.copyItem(
            atPath: URL(fileURLWithPath: world.model).resolvingSymlinksInPath().path,
            toPath: folder.path + "/broken")
        let path = folder.path + "/broken/model.safetensors"
        var bytes = try #require(FileManager.default.contents(atPath: path))
        let start =
            8 + bytes.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        for index in start..<bytes.count { bytes[index] = 0xFF }
        try bytes.write(to: URL(fileURLWithPath: path))
        for reason in [
            "broken is damaged (model.safetensors is not as it was written)", "holds nan, which no",
        ] {
            for options in [[], ["--top", "3"], ["--attention", "-"], ["--samples", "2"]] {
                let result = try await Program.run(
                    ["generate", "--model", "broken", "--prompt", "the mill"] + options, in: folder)
                #expect(result.status == 1)
                #expect(result.messages.contains(reason), "\(result.messages)")
            }
            // Without a manifest the numbers themselves are looked at.
            try? folder.remove("broken/manifest.json")
        }
    }

    @Test func `weights of fewer bits and a report of the speed`() async throws {
        for weights in ["float32", "float16", "bfloat16", "int8", "q4_0"] {
            let result = try await Program.succeed(
                [
                    "generate", "--model", world.model, "--weights", weights, "--speed",
                    "--max-new-tokens", "9",
                ], in: folder)
            #expect(
                result.messages.contains(
                    /prompt: 1 tokens, [0-9,]+ a second; text: [0-9]+ tokens, [0-9,?]+ a second/))
        }
    }
}
