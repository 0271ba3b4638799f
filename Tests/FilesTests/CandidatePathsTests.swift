import Files
import Testing

@Suite struct CandidatePathsTests {
    @Test(
        "a name is a path or below its directory, and what leads elsewhere is a path alone",
        arguments: [
            ("kjv", ["kjv", "runs/kjv"]), ("kjv/chat", ["kjv/chat", "runs/kjv/chat"]),
            ("runs/kjv", ["runs/kjv", "runs/runs/kjv"]), ("..kjv", ["..kjv", "runs/..kjv"]),
            ("/kjv", ["/kjv"]), ("./kjv", ["./kjv"]), ("../kjv", ["../kjv"]), (".", ["."]),
            ("/", ["/"]), ("", []),
        ])
    func paths(name: String, paths: [String]) {
        #expect(CandidatePaths(of: name, below: "runs").paths == paths)
    }

    @Test("the first path at which something is found wins")
    func first() {
        let candidates = CandidatePaths(of: "kjv", below: "runs")
        #expect(candidates.first { $0 } == "kjv")
        #expect(candidates.first { $0 == "kjv" ? nil : $0 } == "runs/kjv")
        #expect(candidates.first { _ in nil as String? } == nil)
    }
}
