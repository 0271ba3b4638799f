import Testing
import Work

@testable import Models

@Suite struct TextPartTests {
    /// The logits after each wanted place of each part, by part and place.
    private func read(_ pass: any InferencePass, _ parts: [TextPart]) -> [[Int: [Float]]] {
        var all = [[Int: [Float]]](repeating: [:], count: parts.count)
        pass.read(parts) { part, place, logits, row in
            all[part][place] = logits.withLogits(ofText: row) { span in
                span.indices.map { span[$0] }
            }
        }
        for (part, found) in zip(parts, all) { #expect(found.keys.sorted() == Array(part.wanted)) }
        return all
    }

    @Test(
        "each place of parts has the logits of a whole forward, at every level",
        arguments: availableLevels, ModelKind.all)
    func againstForward(level: KernelLevel, kind: ModelKind) throws {
        let model = try tinyModel(kind, width: 24, positions: 90, vocabulary: 19)
        let texts = (0..<3).map {
            randomBatch(70 + $0, vocabulary: 19, seed: UInt64($0)).inputs
        }
        let pass = GPTInferencePass(model, team: ThreadTeam(threadCount: 2), kernels: level)
        let found = read(
            pass,
            texts.map { TextPart($0, into: pass.makeState(capacity: 90), wanted: 0..<$0.count) })
        for (text, places) in zip(texts, found) {
            let all = model.logits(for: text, kernels: level)
            for (place, logits) in places {
                for (index, logit) in logits.enumerated() {
                    #expect(abs(logit - all[place * 19 + index]) < 1e-4)
                }
            }
        }
    }

    @Test(
        "the bits depend neither on how a text is divided nor on the texts beside it",
        arguments: availableLevels,
        WeightFormat.allCases.map { ($0, CacheFormat.float32) } + [(.float32, .float16)])
    func sameBits(level: KernelLevel, formats: (WeightFormat, CacheFormat)) throws {
        for kind in [0, 6, 12, 18].map({ ModelKind.all[$0] }) {
            let model = try tinyModel(kind, width: 24, positions: 550, vocabulary: 19)
            try checkBits(
                model.makeInferencePass(
                    weights: formats.0, cache: formats.1, textCount: 3,
                    team: ThreadTeam(threadCount: 3), kernels: level), vocabulary: 19, length: 540)
        }
    }

    @Test("so do those of recurrent models", arguments: WeightFormat.allCases)
    func sameBitsOfOthers(weights: WeightFormat) throws {
        for kind in RecurrentKind.all {
            let model = try kind.tinyModel(width: 18, vocabulary: 19)
            model.initialize(seed: 4)
            try checkBits(
                model.makeInferencePass(
                    weights: weights, textCount: 3, team: ThreadTeam(threadCount: 3),
                    kernels: .best), vocabulary: 19, length: 300)
        }
    }

    private func checkBits(
        _ pass: any InferencePass, vocabulary: Int, length: Int
    ) throws {
        let texts = (0..<3).map {
            randomBatch(length - 7 * $0, vocabulary: vocabulary, seed: UInt64($0)).inputs
        }
        let whole = texts.map { text in
            read(
                pass,
                [TextPart(text, into: pass.makeState(capacity: length), wanted: 0..<text.count)])[0]
        }
        var generator = RandomGenerator(seed: 8)
        for most in [2, 300] {
            let states = texts.map { _ in pass.makeState(capacity: length) }
            while zip(texts, states).contains(where: { $0.count > $1.count }) {
                var parts: [TextPart] = []
                var starts: [(text: Int, start: Int)] = []
                for (number, (text, state)) in zip(texts, states).enumerated() {
                    let left = text.count - state.count
                    guard left > 0, generator.next() % 3 > 0 else { continue }
                    let count = min(left, 1 + Int(generator.next() % UInt64(most)))
                    parts.append(
                        TextPart(
                            Array(text[state.count..<state.count + count]), into: state,
                            wanted: 0..<count))
                    starts.append((number, state.count))
                }
                guard !parts.isEmpty else { continue }
                for ((text, start), found) in zip(starts, read(pass, parts)) {
                    for (place, logits) in found { #expect(whole[text][start + place] == logits) }
                }
            }
        }
    }
}
