import Corpora
import Foundation
import Work

@testable import Refinement

/// Directory for scratch files of tests.
let scratchPath = NSTemporaryDirectory() + "/quern-refinement-tests"

/// Memory for nothing: whatever can go to the disk does.
let noMemory: RefinementMemory = {
    var memory = RefinementMemory(ByteSize(byteCount: 0), threadCount: 1)
    memory.clusters = 1 << 20
    return memory
}()

/// More memory than any test needs.
let muchMemory = RefinementMemory(ByteSize(byteCount: 1 << 30), threadCount: 1)

/// A document of `text` at line `number`.
func document(_ text: String, _ number: Int = 1) -> Document {
    Document(
        text: Array(text.utf8), origin: DocumentOrigin(path: "a.jsonl", position: .line(number)))
}

/// Texts of words that a seed draws.
struct TextGenerator {
    private var random: SplitMix64
    private let words: [String]

    init(seed: UInt64, wordCount: Int = 2_000) {
        random = SplitMix64(seed: seed)
        words = (0..<wordCount).map { "w\(String($0, radix: 36))" }
    }

    mutating func number(below bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

    mutating func words(_ count: Int) -> [String] {
        (0..<count).map { _ in words[number(below: words.count)] }
    }

    /// The words with some of them replaced.
    mutating func edited(_ text: [String], changes: Int) -> [String] {
        var text = text
        for _ in 0..<changes { text[number(below: text.count)] = "x\(number(below: 1 << 40))" }
        return text
    }
}

/// Refines texts, and gives the texts that stay and the report.
func refine(
    _ texts: [String], _ configuration: RefinementConfiguration,
    memory: RefinementMemory = muchMemory
) async throws -> (kept: [String], report: RefinementReport) {
    let refiner = try Refiner(configuration, memory: memory, scratchPath: scratchPath)
    var kept: [String] = []
    func take(_ document: Document) { kept.append(String(decoding: document.text, as: UTF8.self)) }
    for (index, text) in texts.enumerated() {
        try await refiner.append(refiner.measure(document(text, index + 1)), emit: take)
    }
    let report = try await refiner.finish(checkpoint: { _, _, _ in }, emit: take)
    return (kept, report)
}
