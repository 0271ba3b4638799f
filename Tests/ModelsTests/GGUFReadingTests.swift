import Bytes
import Foundation
import Testing
import Work

@testable import Models

@Suite struct GGUFReadingTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.path + "/model.gguf" }

    init() throws { directory = try TemporaryDirectory() }

    private func write(
        _ model: GPT, _ type: GGUFNumberType = .float32, _ tokenizer: GGUFMembers = GGUFMembers()
    ) throws {
        let plain = directory.path + "/plain"
        try FileManager.default.createDirectory(atPath: plain, withIntermediateDirectories: true)
        try model.write(toDirectory: plain)
        try ModelDirectory(path: plain).writeGGUF(
            to: path, type: type, name: "tiny", tokenizer: tokenizer)
    }

    private func read() throws -> GPT {
        try #require(try ModelDirectory(gguf: path).model() as? GPT)
    }

    /// Whether a GGUF file can say what the kind is, and is read again.
    @Sendable private static func isWritable(_ kind: ModelKind) -> Bool {
        var shape = GPTConfiguration(.gpt2)
        kind.change(&shape)
        return shape.ggufObstacle == nil && shape.positionEncoding != .sinusoidal
    }

    @Test(
        "what is written is read: every parameter in its place, and the shape",
        arguments: ModelKind.all.filter(isWritable))
    func roundTrip(kind: ModelKind) throws {
        // The rule of Llama 3.1 is found again if its numbers are those of published models.
        let known = ModelKind(kind.testDescription) {
            kind.change(&$0)
            guard case .llama3(var rule)? = $0.variations.rotaryScaling else { return }
            (rule.highFrequencyFactor, rule.originalPositionCount) = (4, 32)
            $0.variations.rotaryScaling = .llama3(rule)
        }
        let model = try tinyModel(known, heads: 4, width: 32)
        roundOffsetGains(model)
        try write(model)
        let copy = try read()
        #expect(copy.parameters.array == model.parameters.array)
        var expected = model.configuration
        if expected.architecture == .mistral { expected.architecture = .llama }
        if expected.architecture == .gptNeoX {
            // The file has the count of floats that turn.
            expected.variations.rotaryShare = Double(expected.rotaryWidth) / 8
            #expect(copy.configuration.rotaryWidth == expected.rotaryWidth)
        }
        #expect(copy.configuration == expected)
        // Read in parts, as it is when it is written again.
        let again = directory.path + "/again"
        try FileManager.default.createDirectory(atPath: again, withIntermediateDirectories: true)
        _ = try ModelDirectory(gguf: path, contextLength: 3).write(toDirectory: again)
        let shorter = try GPT(directory: again)
        #expect(shorter.configuration.positionCount == 3)
        #expect(shorter.logits(for: [1, 2, 3]) == model.logits(for: [1, 2, 3]))
    }

    @Test(
        "windows slide in the layers that a file says, by a rule or one by one",
        arguments: [
            [0, 1, 2, 3, 4, 6], [0, 1, 2], [0, 2, 4, 6], [0, 1, 3, 4, 6], [6], [0, 3],
            [0, 1, 2, 3, 4, 5, 6], [],
        ])
    func windows(local: [Int]) throws {
        let kind = ModelKind("gemma3") {
            $0.architecture = .gemma3
            $0.variations.slidingWindow = 3
            $0.variations.fullLayers = Set(0..<7).subtracting(local)
            $0.variations.localRotaryBase = 30
        }
        let model = try tinyModel(kind, layers: 7)
        roundOffsetGains(model)
        try write(model)
        let copy = try read()
        #expect(copy.configuration == model.configuration)
        #expect(copy.configuration.localLayers == local)
        #expect(copy.logits(for: [3, 1, 2, 5, 6]) == model.logits(for: [3, 1, 2, 5, 6]))
    }

    @Test("a Mistral comes back as the Llama that llama.cpp takes it for")
    func mistral() throws {
        let kind = ModelKind("mistral") {
            $0.architecture = .mistral
            $0.keyValueHeadCount = 1
        }
        let model = try tinyModel(kind)
        try write(model)
        let copy = try read()
        #expect(copy.configuration.architecture == .llama)
        #expect(copy.logits(for: [3, 1, 2]) == model.logits(for: [3, 1, 2]))
    }

    @Test("numbers of fewer bits are what they stand for", arguments: GGUFNumberType.allCases)
    func types(type: GGUFNumberType) throws {
        let kind = ModelKind("llama") {
            $0.architecture = .llama
            $0.intermediateSize = 64
        }
        let model = try tinyModel(kind, width: 32)
        try write(model, type)
        let copy = try read()
        for tensor in model.layout.tensors {
            for index in tensor.range {
                let (value, found) = (model.parameters[index], copy.parameters[index])
                let bound: Float =
                    switch type {
                    case _ where tensor.shape.count == 1: 0
                    case .float32: 0
                    case .float16: abs(value) / 2048 + 1e-7
                    case .bfloat16: abs(value) / 256
                    case .blocks8: 2.0 / 127
                    case .blocks4: 2.0 / 8
                    }
                #expect(abs(value - found) <= bound, "\(tensor.name)")
            }
        }
    }

    @Test("a file of Q4_0 has the numbers that the same weights in memory have")
    func fourBits() throws {
        let kind = ModelKind("llama") {
            $0.architecture = .llama
            $0.intermediateSize = 64
        }
        let model = try tinyModel(kind, width: 32)
        try write(model, .blocks4)
        let copy = try read()
        // What was rounded once stays when it is rounded again. A row that is 1 in one place and 0
        // elsewhere is rounded to itself, and its product is a row of the matrix; the bias is none.
        let team = ThreadTeam(threadCount: 1)
        let products = InferenceProducts(team: team, level: .best)
        let weights = GPTInferenceWeights(copy, .blocks4, team: team)
        let layers = weights.layers.flatMap { [$0.qkv, $0.out, $0.up, $0.down] }
        for linear in layers + [weights.head] {
            #expect(linear.bias == nil && linear.reduced != nil)
            let matrix = linear.matrix
            let (rows, columns) = (matrix.rows, matrix.columns)
            let units = FloatBuffer(count: rows * rows)
            let found = FloatBuffer(count: rows * columns)
            for index in 0..<rows { units[index * (rows + 1)] = 1 }
            products.multiply(
                Matrix(units.all, rows, rows), linear, into: Matrix(found.all, rows, columns))
            for row in 0..<rows {
                for column in 0..<columns {
                    let value =
                        matrix.slice[row * matrix.rowStride + column * matrix.columnStride]
                    #expect(abs(found[row * columns + column] - value) <= 1e-6 * abs(value))
                }
            }
        }
        try write(copy, .blocks4)
        let again = try read()
        #expect(again.parameters.array == copy.parameters.array)
    }

    @Test("tokens that end a text, its beginning and the chat template are kept")
    func texts() throws {
        var tokenizer = GGUFMembers()
        tokenizer.add("tokenizer.ggml.pre", "llama-bpe")
        tokenizer.add("tokenizer.ggml.bos_token_id", 3 as UInt32)
        tokenizer.add("tokenizer.ggml.eos_token_id", 5 as UInt32)
        tokenizer.add("tokenizer.ggml.eot_token_id", 2 as UInt32)
        tokenizer.add("tokenizer.ggml.eom_token_id", 5 as UInt32)
        tokenizer.add("tokenizer.chat_template", "{{ messages }}")
        try write(try tinyModel(), .float32, tokenizer)
        let model = try ModelDirectory(gguf: path)
        #expect(model.endToken == 5 && model.endTokens == [2, 5])
        #expect(model.texts?.chatTemplate == "{{ messages }}" && model.texts?.beginning == 3)
        let out = directory.path + "/out"
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        _ = try model.write(toDirectory: out)
        let text = try String(
            contentsOfFile: out + "/generation_config.json", encoding: .utf8)
        #expect(text.contains("\"eos_token_id\": [5, 2]"))
        #expect(try ModelDirectory(path: out).endTokens == [2, 5])
        tokenizer.add("tokenizer.ggml.add_bos_token", false)
        try write(try tinyModel(), .float32, tokenizer)
        #expect(try ModelDirectory(gguf: path).texts?.beginning == nil)
    }

    @Test("blocks, byte by byte, by hand")
    func blocks() {
        func decode(_ format: GGUFNumberFormat, _ bytes: [UInt8]) -> [Float] {
            #expect(bytes.count == format.blockByteCount)
            let floats = FloatBuffer(count: format.blockCount)
            format.decode(
                bytes.span.bytes, numbers: 0..<format.blockCount, into: floats.all)
            return floats.array
        }
        let (one, two, half): ([UInt8], [UInt8], [UInt8]) = ([0, 0x3C], [0, 0x40], [0, 0x38])
        // The low halves of the bytes are the first sixteen numbers, the high ones the others.
        let q4 = decode(.q4_0, two + [0xF0] + [UInt8](repeating: 0x88, count: 15))
        #expect(q4[0] == -16 && q4[16] == 14)
        #expect(q4[1] == 0 && q4[31] == 0)
        let q41 = decode(.q4_1, half + one + [0x3F] + [UInt8](repeating: 0, count: 15))
        #expect(q41[0] == 8.5 && q41[16] == 2.5 && q41[5] == 1)
        // The fifth bit of number 0, and that of number 16.
        let q5 = decode(.q5_0, one + [1, 0, 1, 0] + [0x21] + [UInt8](repeating: 0, count: 15))
        #expect(q5[0] == 1 && q5[16] == 2 && q5[1] == -16)
        let q51 = decode(
            .q5_1, one + two + [1, 0, 0, 0x80] + [0x21] + [UInt8](repeating: 0, count: 15))
        #expect(q51[0] == 19 && q51[16] == 4 && q51[31] == 18)
        let q8 = decode(.q8_0, half + [0x80, 0x7F] + [UInt8](repeating: 2, count: 30))
        #expect(q8[0] == -64 && q8[1] == 63.5 && q8[31] == 1)
        // Factors 1 and 3 of the first and the fifth group, terms 2 and 4.
        var scales = [UInt8](repeating: 0, count: 12)
        (scales[0], scales[4], scales[8]) = (1, 2, 0x43)
        let q4k = decode(.q4_K, one + half + scales + [UInt8](repeating: 0x11, count: 128))
        #expect(q4k[0] == 1 - 1 && q4k[128] == 3 - 2 && q4k[64] == 0)
        let q5k = decode(
            .q5_K,
            one + half + scales + [0x11] + [UInt8](repeating: 0, count: 31)
                + [UInt8](repeating: 0x11, count: 128))
        #expect(q5k[0] == 17 - 1 && q5k[1] == 1 - 1 && q5k[128] == 51 - 2)
        var q6 = [UInt8](repeating: 0, count: 210)
        (q6[0], q6[128], q6[192], q6[209]) = (0x5F, 0x21, 2, 0x3C)
        let q6k = decode(.q6_K, q6)
        #expect(q6k[0] == 2 * (0x1F - 32) && q6k[16] == 0)
    }

    @Test("any part of blocks is that part of the whole", arguments: GGUFNumberFormat.allCases)
    func parts(format: GGUFNumberFormat) {
        var generator = RandomGenerator(seed: 5)
        let count = 3 * max(format.blockCount, 8)
        let size = count / format.blockCount * format.blockByteCount
        let bytes = (0..<size).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        let whole = FloatBuffer(count: count)
        format.decode(bytes.span.bytes, numbers: 0..<count, into: whole.all)
        for _ in 0..<50 {
            let start = Int.random(in: 0..<count, using: &generator)
            let end = Int.random(in: start..<count, using: &generator) + 1
            let part = FloatBuffer(count: end - start)
            format.decode(bytes.span.bytes, numbers: start..<end, into: part.all)
            for index in start..<end {
                #expect(part[index - start].bitPattern == whole[index].bitPattern)
            }
        }
    }

    @Test(
        "files that say what Quern does not compute are refused by name",
        arguments: [
            ("general.architecture", "gemma2", "general.architecture is gemma2"),
            ("llama.rope.scaling.type", "longrope", "the rule longrope"),
            ("llama.surprise", "x", "llama.surprise"),
        ])
    func refused(key: String, value: String, reason: String) throws {
        var more = GGUFMembers()
        if key == "general.architecture" {
            let bytes = try hostile { $0.replacing(Array("llama".utf8), with: Array("olmoe".utf8)) }
            #expect(try refusal(bytes).contains("general.architecture is olmoe"))
        }
        more.add(key == "general.architecture" ? "llama.expert_count" : key, value)
        try write(try tinyModel(ModelKind.all[2]), .float32, more)
        let error = #expect(throws: ModelError.self) { try read() }
        let wanted = key == "general.architecture" ? "llama.expert_count" : reason
        #expect(error?.description.contains(wanted) == true, "\(error?.description ?? "")")
    }

    @Test("a GPT-NeoX that does not say how its blocks go, or turns more than a head, is refused")
    func neoX() throws {
        let kind = try #require(
            ModelKind.all.first { $0.testDescription.contains("gelu_new, its own") })
        try write(try tinyModel(kind, heads: 4, width: 32))
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let key = Array("gptneox.use_parallel_residual".utf8)
        let missing = bytes.replacing(key, with: Array("gptneox.use_parallel_residuum".utf8))
        #expect(try refusal(missing).contains("it has no gptneox.use_parallel_residual"))
        let count = Array("gptneox.rope.dimension_count".utf8)
        let place = try #require(bytes.firstRange(of: count)).upperBound
        for (wrong, reason) in [(9, "9 floats turn"), (0, "0 floats turn"), (3, "are 3")] {
            var changed = bytes
            // Behind the key, the four bytes of its type.
            changed[place + 4] = UInt8(wrong)
            #expect(try refusal(changed).contains(reason))
        }
    }

    /// The file of a Llama, changed.
    private func hostile(_ change: ([UInt8]) -> [UInt8]) throws -> [UInt8] {
        try write(try tinyModel(ModelKind.all[2]))
        return change([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    }

    private func refusal(_ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return #expect(throws: ModelError.self) { try read() }?.description ?? ""
    }

    @Test("files that end early, lie about their tensors or lack some are refused")
    func damaged() throws {
        let bytes = try hostile { $0 }
        #expect(try refusal(Array(bytes.dropLast(64))).contains("the file ends within"))
        for count in [0, 3, 4, 8, 24, 100, 700] {
            #expect(try !refusal(Array(bytes.prefix(count))).isEmpty)
        }
        let missing = bytes.replacing(
            Array("blk.1.ffn_down.weight".utf8), with: Array("blk.9.ffn_down.weight".utf8))
        #expect(try refusal(missing).contains("missing: blk.1.ffn_down.weight"))
        let twice = bytes.replacing(
            Array("blk.1.ffn_down.weight".utf8), with: Array("blk.0.ffn_down.weight".utf8))
        #expect(try refusal(twice).contains("appears twice"))
    }

    @Test("any bytes changed anywhere: the model is read or refused")
    func mutations() throws {
        let sound = try hostile { $0 }
        let head = min(sound.count, 2600)
        var generator = RandomGenerator(seed: 3)
        var accepted = 0
        for _ in 0..<1500 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<head, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
                case 1: bytes[place] = [0, 1, 2, 8, 14, 255].randomElement(using: &generator) ?? 0
                case 2: bytes.remove(at: place)
                default:
                    for index in place..<min(place + 8, bytes.count) {
                        bytes[index] = index == place + 7 ? 0x7F : 0xFF
                    }
                }
            }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            do {
                let model = try ModelDirectory(gguf: path)
                guard model.layout.floatCount < 1 << 20 else { continue }
                try model.checkFinite()
                accepted += 1
            } catch {
                #expect(!"\(error)".isEmpty)
            }
        }
        #expect(accepted > 10)
    }
}
