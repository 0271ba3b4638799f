import Foundation
import Models
import Testing
import Work

@Suite struct ParameterLayoutTests {
    let configuration = GPTConfiguration(
        architecture: .gpt2, layerCount: 2, headCount: 2, embeddingSize: 6, positionCount: 5,
        vocabularySize: 7)

    @Test("names and shapes are those of GPT-2")
    func shapes() {
        let layout = configuration.layout
        #expect(layout.tensors.count == 2 + 2 * 12 + 2)
        let shapes = Dictionary(uniqueKeysWithValues: layout.tensors.map { ($0.name, $0.shape) })
        #expect(shapes["wte.weight"] == [7, 6])
        #expect(shapes["wpe.weight"] == [5, 6])
        #expect(shapes["h.1.attn.c_attn.weight"] == [6, 18])
        #expect(shapes["h.1.attn.c_proj.weight"] == [6, 6])
        #expect(shapes["h.0.mlp.c_fc.weight"] == [6, 24])
        #expect(shapes["h.0.mlp.c_proj.weight"] == [24, 6])
        #expect(shapes["ln_f.bias"] == [6])
        // 12·C² + 13·C a block.
        #expect(layout.parameterCount == 12 * 6 + 2 * (12 * 36 + 13 * 6) + 12)
    }

    @Test("tensors start on cache lines and do not overlap")
    func places() {
        let layout = configuration.layout
        var end = 0
        for tensor in layout.tensors {
            #expect(tensor.offset % 16 == 0)
            #expect(tensor.offset >= end)
            end = tensor.range.upperBound
        }
        #expect(layout.floatCount >= end)
    }

    @Test("names and shapes are those of Qwen3; parts of one product follow each other")
    func rotaryShapes() throws {
        var configuration = GPTConfiguration(
            architecture: .qwen3, layerCount: 2, headCount: 4, embeddingSize: 12,
            positionCount: 5, vocabularySize: 7)
        configuration.keyValueHeadCount = 2
        configuration.headDimension = 6
        configuration.intermediateSize = 20
        configuration.tiesEmbeddings = false
        let layout = configuration.layout
        let shapes = Dictionary(
            uniqueKeysWithValues: layout.tensors.map { ($0.checkpointName, $0.shape) })
        let block = [
            "input_layernorm": [12], "self_attn.q_proj": [24, 12], "self_attn.k_proj": [12, 12],
            "self_attn.v_proj": [12, 12], "self_attn.q_norm": [6], "self_attn.k_norm": [6],
            "self_attn.o_proj": [12, 24], "post_attention_layernorm": [12],
            "mlp.gate_proj": [20, 12], "mlp.up_proj": [20, 12], "mlp.down_proj": [12, 20],
        ]
        var expected = [
            "model.embed_tokens.weight": [7, 12], "model.norm.weight": [12],
            "lm_head.weight": [7, 12],
        ]
        for layer in 0..<2 {
            for (name, shape) in block {
                expected["model.layers.\(layer).\(name).weight"] = shape
            }
        }
        #expect(shapes == expected)
        let parts = ["q_proj", "k_proj", "v_proj"].compactMap {
            layout.tensor(named: "layers.1.self_attn.\($0).weight")?.range
        }
        #expect(parts[0].upperBound == parts[1].lowerBound)
        #expect(parts[1].upperBound == parts[2].lowerBound)
        let matrices = layout.tensors.filter(\.isBlockMatrix)
        #expect(matrices.count == 14 && matrices.allSatisfy(\.isDecayed))
        #expect(layout.parameterCount == expected.values.reduce(0) { $0 + $1.reduce(1, *) })
    }

    @Test("decay applies to matrices and embeddings only")
    func decay() {
        for tensor in configuration.layout.tensors {
            #expect(tensor.isDecayed == (tensor.shape.count == 2))
            #expect(tensor.isBlockMatrix == (tensor.isDecayed && tensor.name.hasPrefix("h.")))
        }
    }

    @Test("GPT-2 small has 124 million parameters")
    func small() {
        let layout = GPTConfiguration(
            architecture: .gpt2, layerCount: 12, headCount: 12, embeddingSize: 768,
            positionCount: 1024,
            vocabularySize: 50257
        ).layout
        #expect(layout.parameterCount == 124_439_808)
    }
}

@Suite struct GPTTests {
    @Test("the start is GPT-2's: deviations, zero biases, norms of one")
    func start() throws {
        let model = try GPT(
            GPTConfiguration(
                architecture: .gpt2, layerCount: 2, headCount: 2, embeddingSize: 32,
                positionCount: 16,
                vocabularySize: 100), seed: 1)
        for tensor in model.layout.tensors {
            let values = model.parameters.array(tensor.range)
            let isNorm = tensor.name.contains("ln_") && tensor.name.hasSuffix("weight")
            if tensor.shape.count == 1 {
                #expect(values.allSatisfy { $0 == (isNorm ? 1 : 0) })
                continue
            }
            let squares = values.reduce(0.0) { $0 + Double($1) * Double($1) }
            let expected = tensor.name.hasSuffix("c_proj.weight") ? 0.01 : 0.02
            let deviation = (squares / Double(values.count)).squareRoot()
            #expect(abs(deviation - expected) < 0.1 * expected, "\(tensor.name)")
        }
    }

    @Test("the same seed gives the same parameters")
    func seeds() throws {
        let (a, b, c) = (try tinyModel(seed: 1), try tinyModel(seed: 1), try tinyModel(seed: 2))
        #expect(a.parameters.array == b.parameters.array)
        #expect(a.parameters.array != c.parameters.array)
    }

    @Test("shapes that make no model are refused with a sentence")
    func badShapes() {
        var configuration = GPTConfiguration()
        configuration.vocabularySize = 100
        configuration.headCount = 3
        #expect(
            throws: ModelError.badConfiguration(
                reason: "n_embd 128 cannot be divided among 3 heads; make it a multiple of n_head")
        ) { try GPT(configuration, seed: 1) }
        configuration.headCount = 0
        #expect(throws: ModelError.self) { try GPT(configuration, seed: 1) }
        configuration.headCount = 4
        configuration.vocabularySize = 0
        #expect(throws: ModelError.self) { try GPT(configuration, seed: 1) }
    }

    @Test(
        "what an architecture cannot be told is refused, with what to do",
        arguments: [
            (
                #"{"architecture": "gpt2", "n_kv_head": 2}"#,
                "set architecture to llama, mistral, qwen2, qwen3 or gemma3_text"
            ),
            (
                #"{"architecture": "gpt2", "rope_theta": 5}"#,
                "set architecture to llama, mistral, qwen2, qwen3 or gemma3_text"
            ),
            (
                #"{"architecture": "gpt2", "head_dim": 5}"#,
                "set architecture to llama, mistral, qwen2, qwen3 or gemma3_text"
            ),
            (#"{"architecture": "llama", "n_kv_head": 3}"#, "make n_kv_head a divisor of n_head"),
            (#"{"architecture": "llama", "n_kv_head": 0}"#, "give a whole number from 1"),
            (#"{"architecture": "llama", "n_embd": 12}"#, "a head has 3 floats"),
            (#"{"architecture": "qwen3", "head_dim": 7}"#, "a head has 7 floats"),
            (#"{"architecture": "llama", "rope_theta": 0}"#, "give a number above 1"),
            (#"{"intermediate_size": -1}"#, "give a whole number from 1"),
            (
                #"{"architecture": "gpt2", "position_embedding_type": "rotary"}"#,
                "set architecture to llama, mistral, qwen2, qwen3 or gemma3_text"
            ),
            (
                #"{"architecture": "qwen3", "position_embedding_type": "sinusoidal"}"#,
                "set architecture to gpt2"
            ),
        ])
    func foreignKeys(json: String, says reason: String) throws {
        var configuration = try JSONDecoder().decode(
            GPTConfiguration.self, from: Data(json.utf8))
        configuration.vocabularySize = 9
        let error = #expect(throws: ModelError.self) { try configuration.validate() }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test("a configuration equals one that says what the other leaves out")
    func equality() throws {
        let short = GPTConfiguration(.llama)
        var long = short
        #expect(long.feedForwardSize == 352)
        (long.keyValueHeadCount, long.headDimension, long.intermediateSize) = (4, 32, 352)
        #expect(short == long)
        long.keyValueHeadCount = 2
        #expect(short != long)
        let copy = try JSONDecoder().decode(
            GPTConfiguration.self, from: JSONEncoder().encode(long))
        #expect(copy == long)
    }

    @Test("absent keys of a configuration keep their defaults")
    func decoding() throws {
        let json = Data(#"{"n_layer": 7, "vocab_size": 9}"#.utf8)
        let configuration = try JSONDecoder().decode(GPTConfiguration.self, from: json)
        #expect(configuration.layerCount == 7 && configuration.vocabularySize == 9)
        #expect(configuration.embeddingSize == GPTConfiguration().embeddingSize)
    }
}

@Suite struct RandomGeneratorTests {
    @Test("the sequence of the published algorithm from the state of SplitMix64")
    func published() {
        // SplitMix64 from 0 begins E220A8397B1DCDAF, 6E789E6AA1B965F4, 06C45D188009454F,
        // F88BB8A8724C81EC; the first output is rotl(s1 * 5, 7) * 9.
        var generator = RandomGenerator(seed: 0)
        let s1: UInt64 = 0x6E78_9E6A_A1B9_65F4
        let product = s1 &* 5
        #expect(generator.next() == (product << 7 | product >> 57) &* 9)
    }

    @Test("a generator read back from JSON goes on where it was")
    func state() throws {
        var generator = RandomGenerator(seed: 9)
        for _ in 0..<10 { _ = generator.next() }
        let data = try JSONEncoder().encode(generator)
        var copy = try JSONDecoder().decode(RandomGenerator.self, from: data)
        for _ in 0..<10 { #expect(copy.next() == generator.next()) }
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(RandomGenerator.self, from: Data("[0,0,0,0]".utf8))
        }
    }

    @Test("uniform and normal numbers have their moments")
    func moments() {
        var generator = RandomGenerator(seed: 3)
        let uniform = (0..<4000).map { _ in generator.uniform() }
        #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
        #expect(abs(uniform.reduce(0, +) / 4000 - 0.5) < 0.03)
        let normal = (0..<4000).map { _ in generator.normal() }
        #expect(abs(normal.reduce(0, +) / 4000) < 0.08)
        #expect(abs(normal.reduce(0) { $0 + $1 * $1 } / 4000 - 1) < 0.1)
    }
}
