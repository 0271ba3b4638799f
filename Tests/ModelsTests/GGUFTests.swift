import Bytes
import Foundation
import Testing

@testable import Models

/// A GGUF file, read as its specification says.
private struct ReadGGUF {
    struct Tensor: Equatable {
        let dimensions: [Int]
        let type: UInt32
        let offset: Int
    }

    private let bytes: [UInt8]
    private var place = 0
    private(set) var tensors: [String: Tensor] = [:]
    private(set) var memberBytes: [UInt8] = []
    private(set) var dataStart = 0

    /// - Parameter memberByteCount: bytes of the keys and values, which the caller compares.
    init(_ path: String, memberByteCount: Int) throws {
        bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(take(4) == Array("GGUF".utf8))
        #expect(integer(4) == 3)
        let tensorCount = integer(8)
        _ = integer(8)
        memberBytes = take(memberByteCount)
        for _ in 0..<tensorCount {
            let name = String(decoding: take(integer(8)), as: UTF8.self)
            let dimensions = (0..<integer(4)).map { _ in integer(8) }
            tensors[name] = Tensor(
                dimensions: dimensions, type: UInt32(integer(4)), offset: integer(8))
        }
        #expect(tensors.count == tensorCount)
        dataStart = (place + 31) / 32 * 32
        #expect(bytes[place..<dataStart].allSatisfy { $0 == 0 })
        #expect(tensors.values.allSatisfy { $0.offset % 32 == 0 })
        #expect(bytes.count % 32 == dataStart % 32)
    }

    private mutating func take(_ count: Int) -> [UInt8] {
        defer { place += count }
        return Array(bytes[place..<place + count])
    }

    private mutating func integer(_ count: Int) -> Int {
        take(count).reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    func data(_ name: String, byteCount: Int) throws -> [UInt8] {
        let start = dataStart + (try #require(tensors[name])).offset
        return Array(bytes[start..<start + byteCount])
    }

    func floats(_ name: String) throws -> [Float] {
        let count = try #require(tensors[name]).dimensions.reduce(1, *)
        let bytes = try data(name, byteCount: count * 4)
        return (0..<count).map { index in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[4 * index + $1]) << (8 * $1) })
        }
    }
}

@Suite struct GGUFTests {
    /// Whether a GGUF file can say what the kind is.
    @Sendable private static func isWritable(_ kind: ModelKind) -> Bool {
        var shape = GPTConfiguration(.gpt2)
        kind.change(&shape)
        return shape.ggufObstacle == nil
    }

    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    private func export(
        _ model: GPT, _ type: GGUFNumberType = .float32
    ) throws -> ReadGGUF {
        try model.write(toDirectory: directory.path)
        let path = directory.path + "/model.gguf"
        var tokenizer = GGUFMembers()
        tokenizer.add("tokenizer.ggml.model", "none")
        let source = try ModelDirectory(path: directory.path)
        let members = ModelDirectory.ggufMembers(
            model.configuration, type, name: "tiny")
        try source.writeGGUF(to: path, type: type, name: "tiny", tokenizer: tokenizer)
        let file = try ReadGGUF(
            path, memberByteCount: members.bytes.count + tokenizer.bytes.count)
        #expect(file.memberBytes == members.bytes + tokenizer.bytes)
        return file
    }

    @Test("every parameter is in the file once", arguments: ModelKind.all.filter(isWritable))
    func complete(kind: ModelKind) throws {
        let model = try tinyModel(kind)
        let file = try export(model)
        #expect(file.tensors.count == model.layout.tensors.count)
        var found: [Float] = []
        for name in file.tensors.keys { found += try file.floats(name) }
        let offset = model.configuration.architecture.normOffset
        let expected = model.layout.tensors.flatMap { tensor in
            model.parameters.array(tensor.range).map { tensor.role == .gain ? $0 + offset : $0 }
        }
        #expect(found.sorted() == expected.sorted())
        #expect((file.tensors["output.weight"] == nil) == model.configuration.tiesEmbeddings)
    }

    @Test(
        "what llama.cpp would compute otherwise is refused by name",
        arguments: ModelKind.all.filter { !isWritable($0) })
    func refused(kind: ModelKind) throws {
        let error = #expect(throws: ModelError.self) { try export(try tinyModel(kind)) }
        let reason = error?.description ?? ""
        #expect(
            ["a window slides", "another activation", "no biases", "has biases"].contains {
                reason.contains($0)
            })
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/model.gguf"))
    }

    @Test("scaled positions are keys, and a tensor of factors for Llama 3.1's rule")
    func scaling() throws {
        let rule = RotaryScaling.Llama3(
            factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalPositionCount: 32)
        let kind = ModelKind("llama3") {
            $0.architecture = .llama
            $0.headDimension = 16
            $0.variations.rotaryScaling = .llama3(rule)
        }
        let file = try export(try tinyModel(kind))
        let factors = try file.floats("rope_freqs.weight")
        #expect(factors.count == 8)
        // The quickest pairs stay, the slowest are divided by 8, and those between by something
        // between.
        #expect(factors.first == 1 && abs((factors.last ?? 0) - 8) < 1e-5)
        #expect(zip(factors, factors.dropFirst()).allSatisfy { $0 <= $1 + 1e-5 })
        for (scaling, name) in [
            (RotaryScaling.linear(factor: 2), "linear"),
            (.yarn(.init(factor: 2, originalPositionCount: 3)), "yarn"),
        ] {
            var shape = GPTConfiguration(.qwen3)
            shape.variations.rotaryScaling = scaling
            let members = ModelDirectory.ggufMembers(shape, .float32, name: "x")
            let text = String(decoding: members.bytes, as: UTF8.self)
            #expect(text.contains("qwen3.rope.scaling.type"))
            #expect(text.contains(name) && text.contains("qwen3.rope.scaling.factor"))
        }
        let unusual = ModelKind("yarn") {
            var rule = RotaryScaling.YaRN(factor: 2, originalPositionCount: 3)
            rule.fastTurns = 16
            $0.architecture = .llama
            $0.variations.rotaryScaling = .yarn(rule)
        }
        let error = #expect(throws: ModelError.self) { try export(try tinyModel(unusual)) }
        #expect(error?.description.contains("the numbers of the paper") == true)
    }

    @Test("GPT-NeoX's queries, keys and values lie as llama.cpp has them, not by heads")
    func byHeads() throws {
        let kind = try #require(
            ModelKind.all.first { $0.testDescription.contains("gelu_new, its own") })
        let model = try tinyModel(kind)
        let file = try export(model)
        for kind in ["weight", "bias"] {
            let tensor = try #require(
                model.layout.tensor(named: "layers.1.attention.query_key_value.\(kind)"))
            #expect(
                try file.floats("blk.1.attn_qkv.\(kind)") == model.parameters.array(tensor.range))
        }
        let members = ModelDirectory.ggufMembers(model.configuration, .float32, name: "x")
        let text = String(decoding: members.bytes, as: UTF8.self)
        #expect(text.contains("gptneox.use_parallel_residual"))
        #expect(text.contains("gptneox.rope.dimension_count"))
    }

    @Test("GPT-2's matrices are (out, in)")
    func transposed() throws {
        let model = try tinyModel(.gpt2)
        let file = try export(model)
        let tensor = try #require(model.layout.tensor(named: "h.1.attn.c_attn.weight"))
        let found = try file.floats("blk.1.attn_qkv.weight")
        // ggml counts dimensions from the innermost.
        #expect(file.tensors["blk.1.attn_qkv.weight"]?.dimensions == [8, 24])
        for (row, column) in [(0, 0), (0, 23), (7, 0), (5, 11), (7, 23)] {
            #expect(found[column * 8 + row] == model.parameters[tensor.offset + row * 24 + column])
        }
        #expect(file.tensors["position_embd.weight"]?.dimensions == [8, 6])
    }

    @Test("Llama's queries and keys turn neighbours, Qwen3's turn halves")
    func permuted() throws {
        for (kind, isLlama) in [(ModelKind.all[3], true), (ModelKind.all[6], false)] {
            let model = try tinyModel(kind)
            let file = try export(model)
            let size = model.configuration.headSize
            for (name, part) in [("q_proj", "attn_q"), ("k_proj", "attn_k"), ("v_proj", "attn_v")] {
                let tensor = try #require(
                    model.layout.tensor(named: "layers.0.self_attn.\(name).weight"))
                let found = try file.floats("blk.0.\(part).weight")
                let width = tensor.shape[1]
                for row in 0..<tensor.shape[0] {
                    var source = row
                    if isLlama, name != "v_proj" {
                        // Row 2i of a head is its i-th of the first half, row 2i + 1 of the second.
                        let (head, place) = row.quotientAndRemainder(dividingBy: size)
                        source = head * size + place / 2 + (place % 2 == 0 ? 0 : size / 2)
                    }
                    let start = tensor.offset + source * width
                    #expect(
                        Array(found[row * width..<(row + 1) * width])
                            == model.parameters.array(start..<start + width))
                }
            }
        }
    }

    @Test("what is stored how", arguments: GGUFNumberType.allCases)
    func types(type: GGUFNumberType) throws {
        // Rows of 32 are whole blocks; the rows of the feed-forward part's last matrix are not.
        let kind = ModelKind("llama") {
            $0.architecture = .llama
            $0.intermediateSize = 40
        }
        let file = try export(try tinyModel(kind, width: 32), type)
        let codes: [GGUFNumberType: UInt32] = [
            .float32: 0, .float16: 1, .bfloat16: 30, .blocks8: 8, .blocks4: 2,
        ]
        let code = try #require(codes[type])
        #expect(file.tensors["token_embd.weight"]?.type == code)
        #expect(file.tensors["blk.0.attn_q.weight"]?.type == code)
        #expect(file.tensors["blk.0.ffn_down.weight"]?.type == (type.isInBlocks ? 1 : code))
        #expect(file.tensors["blk.0.attn_norm.weight"]?.type == 0)
        #expect(file.tensors["output_norm.weight"]?.type == 0)
    }

    @Test("a block of four bits has its factor and its integers")
    func fourBits() throws {
        let buffer = FloatBuffer(count: 32)
        // The farthest from zero is positive, so that the factor is negative: -0.5.
        for (index, value) in [4, -4, 0, 0.5, -0.5, 0.25, -0.25, 3.5].enumerated() {
            buffer[index] = Float(value)
        }
        buffer[16] = -3.9
        let bytes = try FourBitBlocks.bytes(of: buffer.all, name: "x")
        #expect(bytes.count == 18)
        #expect(bytes[0..<2] == [0x00, 0xB8])
        // 4 is -8 steps, -4 and -3.9 would be 8 and are 7; halves of a step go up.
        #expect(bytes[2..<11] == [0xF0, 0x8F, 0x88, 0x87, 0x89, 0x88, 0x89, 0x81, 0x88])
        let empty = FloatBuffer(count: 32)
        let zeros = try FourBitBlocks.bytes(of: empty.all, name: "x")
        withExtendedLifetime(empty) {}
        // The factor is nothing over -8, as it is where the format comes from.
        #expect(zeros == [0, 0x80] + [UInt8](repeating: 0x88, count: 16))
        buffer[3] = 600_000
        #expect(throws: ModelError.outOfRange(name: "x", value: 600_000, type: "Q4_0")) {
            try FourBitBlocks.bytes(of: buffer.all, name: "x")
        }
    }

    @Test("a block has its factor and its bytes")
    func blocks() throws {
        let buffer = FloatBuffer(count: 64)
        for index in 0..<32 { buffer[index] = Float(index) - 16 }
        // 127 and halves that round away from zero: the factor is 1.
        for (index, value) in [127, 0.5, -0.5, 1.5, -1.5, 126.49999, -127].enumerated() {
            buffer[32 + index] = Float(value)
        }
        let bytes = try BlockQuantization.bytes(of: buffer.all, name: "x")
        #expect(bytes.count == 68)
        #expect(bytes[0..<2] == [0x08, 0x30])  // 16 / 127 as binary16
        #expect(Int8(bitPattern: bytes[2]) == -127)
        #expect(bytes[34..<36] == [0x00, 0x3C])
        #expect(bytes[36..<43].map { Int8(bitPattern: $0) } == [127, 1, -1, 2, -2, 126, -127])
        #expect(bytes[43...].allSatisfy { $0 == 0 })
    }

    @Test("blocks of zeros, of the smallest numbers, and of what is no number")
    func extremes() throws {
        for value in [0, .leastNonzeroMagnitude, 1e-38, -1e-30, 8e6] as [Float] {
            let buffer = FloatBuffer(count: 32)
            buffer[3] = value
            let bytes = try BlockQuantization.bytes(of: buffer.all, name: "x")
            #expect(bytes.count == 34)
        }
        for value in [.infinity, -.infinity, .nan, 9e6] as [Float] {
            let buffer = FloatBuffer(count: 32)
            buffer[31] = value
            let error = #expect(throws: ModelError.self) {
                try BlockQuantization.bytes(of: buffer.all, name: "x")
            }
            #expect(error?.description.contains("x holds") == true)
        }
    }

    @Test("a file that cannot be finished is not there")
    func unfinished() throws {
        let model = try tinyModel(.gpt2)
        let tensor = try #require(model.layout.tensor(named: "h.1.mlp.c_proj.weight"))
        model.parameters[tensor.offset] = 1e9
        #expect(throws: ModelError.self) { try export(model, .float16) }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.path)
                .allSatisfy { !$0.hasPrefix("model.gguf") })
    }
}
