import Corpora
import Refinement
import Work

extension Reader {
    /// What judges documents, and what reads the texts that they are held against.
    static let refinement: [Reader] = [
        .bytes("quality-rules", "texts") { bytes in
            var configuration = RefinementConfiguration()
            configuration.rules = QualityRule.Family.allCases.map(\.rawValue)
            // Most bytes break the first rule, and the others shall be asked, too.
            configuration.rules += [
                "gopher-min-words=0", "gopher-stop-words=off", "c4-sentences=off",
            ]
            let origin = DocumentOrigin(path: "a.txt", position: .part(1))
            _ = try refiner(configuration).measure(Document(text: bytes, origin: origin))
        },
        .file("evaluation-texts", "corpora", "talks.jsonl") { folder in
            var configuration = RefinementConfiguration()
            configuration.evaluationPaths = [folder + "/talks.jsonl"]
            configuration.evaluationWordCount = 2
            _ = try refiner(configuration)
        },
    ]

    private static func refiner(_ configuration: RefinementConfiguration) throws -> Refiner {
        try Refiner(
            configuration, memory: RefinementMemory(configuration.memory, threadCount: 1),
            scratchPath: "scratch")
    }
}
