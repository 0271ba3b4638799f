import Foundation
import Testing
import TokenShards
import Tokenization
import Training
import Transformer

/// The article "From text to loss" does by hand what the modules do. Here its lines run, and its
/// numbers are checked; it is changed together with them.
@Suite struct WalkthroughTests {
    private let vocabulary: Vocabulary
    private let text = Array(
        """
        Genesis 1

          1 In the beginning God created the heaven and the earth.

        """.utf8)

    init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        vocabulary = try Vocabulary(directory: root.path + "/vocab/kjv")
    }

    /// The tokens of the text, with the end-of-text token that a shard has before it.
    private var ids: [Int32] {
        var ids: [UInt32] = [vocabulary.endOfText!.rawValue]
        BytePairEncoder(vocabulary).encode(text.span, into: &ids)
        return ids.map(Int32.init(bitPattern:))
    }

    @Test func `the files that articles name are there`() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path
        let sources = try #require(FileManager.default.enumerator(atPath: root + "/Sources"))
        var names: Set<String> = []
        for case let file as String in sources where file.hasSuffix(".md") {
            let text = try String(contentsOfFile: root + "/Sources/" + file, encoding: .utf8)
            names.formUnion(
                text.matches(of: /`([A-Za-z]+\/[A-Za-z\/+]*\.swift)`/).map { String($0.1) })
        }
        #expect(names.count > 20)
        for name in names.sorted() {
            let places = ["/", "/Sources/"].map { root + $0 + name }
            #expect(places.contains { FileManager.default.fileExists(atPath: $0) }, "\(name)")
        }
    }

    @Test func `text becomes pieces, merges and ids`() throws {
        let pieces = vocabulary.pattern.pieces(of: text.span)
        #expect(
            pieces.map { String(decoding: $0, as: UTF8.self) } == [
                "Genesis", " ", "1", "\n\n", " ", " ", "1", " In", " the", " beginning", " God",
                " created", " the", " heaven", " and", " the", " earth", ".\n",
            ])
        #expect(
            ids == [
                0, 3202, 221, 17, 587, 221, 221, 17, 1070, 259, 2093, 390, 3434, 259, 755, 268, 259,
                636, 280,
            ])
        func parents(_ id: UInt32) -> [String] {
            guard let (left, right) = vocabulary.parents(of: TokenID(id)) else { return [] }
            return [left, right].map { String(decoding: vocabulary.bytes(of: $0), as: UTF8.self) }
        }
        #expect(parents(2093) == [" begin", "ning"])
        #expect(parents(1808) == [" beg", "in"])
        #expect(parents(1277) == ["n", "ing"])
        #expect(parents(259) == [" th", "e"])
    }

    @Test func `ids become a shard, and a shard a window`() throws {
        let folder = try TemporaryFolder()
        var writer = try ShardWriter(
            directory: folder.path + "/shards", vocabulary: vocabulary, configuration: .init())
        let ordinary = ids.dropFirst().map(UInt32.init(bitPattern:))
        try writer.append(ordinary.span, byteCount: text.count, contentHash: 0, to: .train)
        _ = try writer.finish(sources: [], skipped: .init())

        let bytes = try #require(try folder.files(in: "shards")["train_000000.bin"])
        #expect(Array(bytes.prefix(8)) == [0x88, 0xD8, 0x34, 0x01, 0x01, 0, 0, 0])
        #expect(
            Array(bytes[1_024..<1_034])
                == [0x00, 0x00, 0x82, 0x0C, 0xDD, 0x00, 0x11, 0x00, 0x4B, 0x02])

        let set = try ShardSet(directory: folder.path + "/shards", vocabulary: vocabulary)
        let windows = set.windows(in: .train, length: 6, stride: 6)
        let batch = windows.batch(of: [windows[0], windows[1]], batchSize: 2)
        #expect(batch.inputs == [0, 3202, 221, 17, 587, 221, 221, 17, 1070, 259, 2093, 390])
        #expect(batch.targets == [3202, 221, 17, 587, 221, 221, 17, 1070, 259, 2093, 390, 3434])
    }

    @Test func `a forward pass by hand is the model's`() throws {
        let walk = try Walkthrough(vocabularySize: vocabulary.count)
        let (inputs, targets) = (Array(ids.dropLast()), Array(ids.dropFirst()))
        let x = walk.embed(inputs)
        expect(x[8].prefix(3), [0.0003, 0.0594, -0.0110])
        let norm = walk.norm(x, "h.0.ln_1")
        expect(norm[8].prefix(3), [-0.1187, 1.7483, -0.4752])
        let qkv = walk.linear(norm, "h.0.attn.c_attn")
        expect(qkv[8][0..<3], [0.1715, 0.1406, 0.0998])
        expect(qkv[8][128..<131], [0.0265, 0.3422, -0.1257])
        expect(qkv[8][256..<259], [0.2261, 0.0314, -0.0323])
        expect(walk.attentionWeights(qkv, head: 0)[3][...], [0.2447, 0.2518, 0.2554, 0.2482])

        let logits = walk.forward(inputs)
        expect(logits[8].prefix(3), [-0.0337, 0.3098, -0.0451])
        expect([walk.softmax(logits[8])[259]], [0.0003])
        let losses = zip(logits, targets).map { -log(walk.softmax($0)[Int($1)]) }
        expect([losses[8]], [8.1234])
        let total = losses.reduce(0, +)
        expect([total / 18, total / log(2) / Float(text.count)], [8.2024, 3.0429])

        let fast = walk.model.logits(for: inputs)
        let greatest = zip(logits.joined(), fast).reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(greatest < 1e-4)
    }

    @Test func `a gradient is a slope, and a step goes down it`() throws {
        let model = try Walkthrough(vocabularySize: vocabulary.count).model
        let (inputs, targets) = (Array(ids.dropLast()), Array(ids.dropFirst()))
        let runner = BatchRunner(
            model: model, batchSize: 1, contextLength: 18, team: ThreadTeam(threadCount: 1))
        func loss() -> Double {
            runner.zeroGradients()
            return runner.accumulateGradients(
                inputs: inputs.span, targets: targets.span, scale: 1 / 18) / 18
        }
        #expect(abs(loss() - 8.2024) < 1e-4)
        let place = model.layout.tensor(named: "ln_f.bias")!.offset
        let gradient = runner.gradients[place]
        #expect(abs(gradient - 0.0080626) < 1e-6)
        let old = model.parameters[place]
        model.parameters[place] = old + 0.01
        let above = loss()
        model.parameters[place] = old - 0.01
        let below = loss()
        model.parameters[place] = old
        #expect(abs((above - below) / 0.02 - Double(gradient)) < 1e-5)

        var configuration = TrainingConfiguration()
        configuration.learningRate = 1e-3
        let optimizer = Optimizer(configuration, layout: model.layout, team: runner.team)
        let embedding = model.layout.tensor(named: "wte.weight")!.offset + 259 * 128
        var last = loss()
        expect([model.parameters[embedding], runner.gradients[embedding]], [-0.03698, -0.06183])
        for step in 1...20 {
            let norm = optimizer.norm(of: runner.gradients)
            optimizer.step(model: model, gradients: runner.gradients, norm: norm, factor: 1)
            last = loss()
            guard step == 1 else { continue }
            #expect(abs(norm - 12.118) < 1e-3)
            expect([model.parameters[embedding]], [-0.03598])
            #expect(abs(last - 7.177) < 1e-3)
        }
        #expect(abs(last - 2.826) < 0.01)
    }

    /// Checks numbers as they are printed in the article, four digits behind the point.
    private func expect(
        _ found: some Collection<Float>, _ printed: [Float],
        location: SourceLocation = #_sourceLocation
    ) {
        #expect(
            zip(found, printed).allSatisfy { abs($0 - $1) < 1e-4 } && found.count == printed.count,
            "\(Array(found)) is not \(printed)", sourceLocation: location)
    }
}
