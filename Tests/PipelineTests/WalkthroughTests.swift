import Foundation
import Models
import Pipeline
import Testing
import TokenShards
import Tokenization
import Training
import Work

/// The article "From text to loss" does by hand what the modules do. Here its lines run, and its
/// numbers are checked; it is changed together with them.
@Suite struct WalkthroughTests {
    private let vocabulary: Vocabulary
    /// Recipe that `make run` trains.
    private let recipe: PipelineConfiguration
    private let text = Array(
        """
        Genesis 1

          1 In the beginning God created the heaven and the earth.

        """.utf8)

    init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        vocabulary = try Vocabulary(directory: root.path + "/vocab/kjv")
        recipe = try PipelineConfiguration(path: root.path + "/pipeline.json")
    }

    /// The tokens of the text, with the end-of-text token that a shard has before it.
    private var ids: [TokenID] {
        var ids: [TokenID] = [vocabulary.endOfText!]
        BytePairEncoder(vocabulary).encode(text.span, into: &ids)
        return ids
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
        func parents(_ id: TokenID) -> [String] {
            guard let (left, right) = vocabulary.parents(of: id) else { return [] }
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
        let ordinary = ids.dropFirst()
        try writer.append(ordinary.span, to: .train)
        _ = try writer.finish()

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
        let walk = try Walkthrough(recipe.model, vocabularySize: vocabulary.count)
        let (inputs, targets) = (Array(ids.dropLast()), Array(ids.dropFirst()))
        let x = walk.embed(inputs)
        expect(x[8].prefix(3), [-0.0132, 0.0173, -0.0171])
        let n = walk.norm(x, "layers.0.input_layernorm")
        expect(n[8].prefix(3), [-0.6319, 0.8287, -0.8165])
        var (q, k, v) = (
            walk.linear(n, "layers.0.self_attn.q_proj"),
            walk.linear(n, "layers.0.self_attn.k_proj"),
            walk.linear(n, "layers.0.self_attn.v_proj")
        )
        expect(q[8].prefix(3), [0.2428, -0.0975, 0.2702])
        expect(k[8].prefix(3), [0.2632, -0.0060, 0.3468])
        expect(v[8].prefix(3), [0.0868, -0.2079, -0.1018])
        q = walk.headNorm(q, "layers.0.self_attn.q_norm")
        k = walk.headNorm(k, "layers.0.self_attn.k_norm")
        expect(q[8].prefix(3), [0.9324, -0.3742, 1.0377])
        expect(k[8].prefix(3), [1.1124, -0.0252, 1.4660])
        expect([8].map { cos($0) } + [8].map { sin($0) }, [-0.1455, 0.9894])
        let turned = walk.rotate(q)[8]
        expect([q[8][0], q[8][16], turned[0], turned[16]], [0.9324, 0.1998, -0.3333, 0.8934])
        let products = [(8, 5), (108, 105), (8, 4)].map { i, j in
            zip(
                Walkthrough.rotate(Array(q[8][..<32]), position: i),
                Walkthrough.rotate(Array(k[5][..<32]), position: j)
            ).reduce(0) { $0 + $1.0 * $1.1 }
        }
        expect(products, [-7.3732, -7.3732, -8.4333])
        expect(
            walk.attentionWeights(walk.rotate(q), walk.rotate(k), head: 0)[3][...],
            [0.1682, 0.5891, 0.1085, 0.1342])

        let logits = walk.forward(inputs)
        expect(logits[8].prefix(3), [-0.3285, 0.1343, 0.0758])
        let probability = walk.softmax(logits[8])[259]
        #expect(abs(probability - 0.00016286) < 1e-7)
        let losses = zip(logits, targets).map { -log(walk.softmax($0)[$1.index]) }
        expect([losses[8]], [8.7226])
        let total = losses.reduce(0, +)
        expect([total / 18, total / log(2) / Float(text.count)], [8.3630, 3.1025])

        let fast = walk.model.logits(for: inputs)
        let greatest = zip(logits.joined(), fast).reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(fast.count == 73_728)
        #expect(greatest < 1e-4)
    }

    @Test func `norms, gates and bends of a few numbers are as by hand`() {
        expect(Walkthrough.rmsNorm([1, 2, 3, 4]), [0.3651, 0.7303, 1.0954, 1.4606])
        expect(Walkthrough.layerNorm([1, 2, 3, 4]), [-1.3416, -0.4472, 0.4472, 1.3416])
        expect([1, -1, 3].map(Walkthrough.silu), [0.7311, -0.2689, 2.8577])
        expect([1, -1].map(Walkthrough.gelu), [0.8412, -0.1588])
    }

    @Test func `Muon levels what is ten times apart`() {
        let length = Float(9 + 0.09).squareRoot()
        let iterations = [3 / length, 0.3 / length].map { start in
            (0..<5).reduce(into: [start]) { values, _ in
                values.append(Walkthrough.newtonSchulz(values.last!))
            }
        }
        expect(iterations[0], [0.9950, 0.7047, 1.1093, 0.7153, 1.0967, 0.7020])
        expect(iterations[1], [0.0995, 0.3381, 0.9889, 0.7097, 1.1034, 0.7087])
        let matrix = Walkthrough.orthogonalized([[3, 0], [0, 0.3]])
        expect(Array(matrix.joined()), [0.7020, 0, 0, 0.7087])
    }

    @Test func `a gradient is a slope, and a step goes down it`() throws {
        let model = try Walkthrough(recipe.model, vocabularySize: vocabulary.count).model
        #expect(model.layout.parameterCount == 1_852_800)
        #expect(model.layout.tensors.count == 47)
        #expect(model.layout.tensors.filter(\.isBlockMatrix).count == 28)
        let (inputs, targets) = (Array(ids.dropLast()), Array(ids.dropFirst()))
        let runner = BatchRunner(
            model: model, batchSize: 1, contextLength: 18, team: ThreadTeam(threadCount: 1))
        func loss() -> Double {
            return runner.computeGradients(
                inputs: inputs.span, targets: targets.span, scale: 1 / 18) / 18
        }
        #expect(abs(loss() - 8.3630) < 1e-4)
        let place = model.layout.tensor(named: "norm.weight")!.offset
        let gradient = runner.gradients[place]
        #expect(abs(gradient + 0.00608) < 1e-5)
        let old = model.parameters[place]
        model.parameters[place] = old + 0.01
        let above = loss()
        model.parameters[place] = old - 0.01
        let below = loss()
        model.parameters[place] = old
        #expect(abs((above - below) / 0.02 + 0.00607) < 1e-5)

        // At the highest rates, which the recipe comes to after its warm-up.
        let optimizer = Optimizer(recipe.training, layout: model.layout, team: runner.team)
        let head = model.layout.tensor(named: "lm_head.weight")!.offset + 259 * 128
        let query = model.layout.tensor(named: "layers.0.self_attn.q_proj.weight")!.offset
        var last = loss()
        expect([model.parameters[head], runner.gradients[head]], [-0.01476, -0.20322])
        expect([model.parameters[query], runner.gradients[query]], [0.03068, 0.01253])
        for step in 1...20 {
            let norm = optimizer.norm(of: runner.gradients)
            optimizer.step(model: model, gradients: runner.gradients, norm: norm, factor: 1)
            last = loss()
            if step == 1 {
                #expect(abs(norm - 10.449) < 1e-3)
                expect([model.parameters[head], model.parameters[query]], [0.00527, 0.02988])
                #expect(abs(last - 5.992) < 0.005)
            }
            if step == 5 { #expect(abs(last - 0.473) < 0.01) }
        }
        #expect(last < 0.0001)
    }

    /// Checks numbers as they are printed in the article, at least four digits behind the point.
    private func expect(
        _ found: some Collection<Float>, _ printed: [Float],
        location: SourceLocation = #_sourceLocation
    ) {
        #expect(
            zip(found, printed).allSatisfy { abs($0 - $1) < 1e-4 } && found.count == printed.count,
            "\(Array(found)) is not \(printed)", sourceLocation: location)
    }
}
