import Testing
import Work

@testable import Models

@Suite struct DropoutTests {
    @Test(
        "the plain generator gives the published answers",
        arguments: [
            (
                [0, 0, 0, 0], (0, 0), [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]
            ),
            (
                [.max, .max, .max, .max], (.max, .max),
                [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]
            ),
            (
                [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], (0xA409_3822, 0x299F_31D0),
                [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1]
            ),
        ] as [([UInt32], (UInt32, UInt32), [UInt32])])
    func published(counter: [UInt32], key: (UInt32, UInt32), words: [UInt32]) {
        #expect(PlainDropout<Double>.philox(counter: counter, key: key) == words)
    }

    func gradients(_ model: GPT, _ dropout: Dropout?) -> [Float] {
        let (inputs, targets) = randomBatch(8, vocabulary: 11, seed: 1)
        let runner = BatchRunner(
            model: model, batchSize: 2, contextLength: 4, team: ThreadTeam(threadCount: 1))
        _ = runner.computeGradients(
            inputs: inputs.span, targets: targets.span, scale: 1, dropout: dropout)
        return runner.gradients.array
    }

    @Test("other seeds and other sequences drop other numbers; the same drop the same")
    func keys() throws {
        let model = try tinyModel()
        let first = gradients(model, Dropout(rate: 0.3, seed: 1, firstSequence: 0))
        #expect(gradients(model, Dropout(rate: 0.3, seed: 1, firstSequence: 0)) == first)
        for (seed, sequence) in [(2, 0), (1, 1), (1, 2), (1, 1 << 32)] as [(UInt64, Int)] {
            let other = Dropout(rate: 0.3, seed: seed, firstSequence: sequence)
            #expect(gradients(model, other) != first)
        }
    }

    @Test("a rate of zero drops nothing, bit for bit but for the order of sums")
    func zero() throws {
        let model = try tinyModel(ModelKind.all[3])
        let none = gradients(model, Dropout(rate: 0, seed: 1, firstSequence: 0))
        for (a, b) in zip(none, gradients(model, nil)) { #expect(abs(a - b) < 1e-6) }
    }

    @Test("what is added to the stream is the same in expectation")
    func expectation() throws {
        // One layer's output is linear in what is dropped behind it, so its mean over many masks is
        // the output without: only the places behind the last nonlinearity are tested like this.
        let twin = PlainDropout<Double>(
            stream: Dropout(rate: 0.4, seed: 3, firstSequence: 0).stream(ofSequence: 0), heads: 2)
        let x = PlainMatrix<Double>(40, 100, [Double](repeating: 1, count: 4000))
        for place in [Dropout.Place.embedding, .attentionOutput(layer: 1), .feedForward(layer: 0)] {
            let mean = twin.drop(x, place).elements.reduce(0, +) / 4000
            #expect(abs(mean - 1) < 0.05)
        }
        // No two places share a mask.
        let places: [Dropout.Place] =
            [.embedding]
            + (0..<3).flatMap { layer in
                [.attentionOutput(layer: layer), .feedForward(layer: layer)]
                    + (0..<2).map { .attention(layer: layer, head: $0) }
            }
        let masks = places.map { twin.drop(x, $0).elements }
        #expect(Set(masks).count == places.count)
    }
}
