import Bytes
import Foundation
import Testing

@testable import Models

@Suite struct NumberRangeTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    /// A model on disk whose number `place` in the file's bytes, counted in numbers, is `value`.
    private func write(
        _ model: GPT, _ type: NumberType, _ value: Float, at place: Int
    ) throws -> String {
        let (plain, path) = (directory.path + "/plain", directory.path + "/model")
        for folder in [plain, path] {
            try? FileManager.default.removeItem(atPath: folder)
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
        }
        try model.write(toDirectory: plain)
        _ = try ModelDirectory(path: plain).write(toDirectory: path, type: type)
        let file = path + "/model.safetensors"
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
        let header = (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
        let bits: UInt64 =
            switch type {
            case .float32: UInt64(value.bitPattern)
            case .float16: UInt64(HalfPrecision.binary16(value))
            case .bfloat16: UInt64(HalfPrecision.bfloat16(value))
            case .float64: Double(value).bitPattern
            }
        for byte in 0..<type.byteCount {
            bytes[8 + header + place * type.byteCount + byte] = UInt8(
                truncatingIfNeeded: bits >> UInt64(8 * byte))
        }
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return path
    }

    @Test(
        "an infinity or NaN is refused wherever a model is read or copied, whatever the types",
        arguments: NumberType.allCases, [Float.infinity, -.infinity, .nan])
    func notFinite(type: NumberType, value: Float) throws {
        let model = try tinyModel(.gpt2)
        let count = model.layout.parameterCount
        for place in [0, 1, count / 2, count - 1] {
            let path = try write(model, type, value, at: place)
            func expectRefusal(_ body: () throws -> Void) {
                let error = #expect(throws: ModelError.self) { try body() }
                guard case .notFiniteWeight(let file, _, let found)? = error else {
                    Issue.record("it threw \(String(describing: error)) at number \(place)")
                    return
                }
                #expect(file == path + "/model.safetensors")
                #expect(value.isNaN ? found.isNaN : found == value)
            }
            expectRefusal { _ = try GPT(directory: path) }
            expectRefusal { _ = try ModelDirectory(path: path).model() }
            expectRefusal { try ModelDirectory(path: path).checkFinite() }
            for output in NumberType.allCases {
                expectRefusal {
                    _ = try ModelDirectory(path: path).write(
                        toDirectory: directory.path, type: output)
                }
            }
            for output in GGUFNumberType.allCases {
                expectRefusal {
                    try ModelDirectory(path: path).writeGGUF(
                        to: directory.path + "/x.gguf", type: output, name: "x",
                        tokenizer: GGUFMembers())
                }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 2)
        }
        let sound = try write(model, .float32, 1, at: 0)
        try ModelDirectory(path: sound).checkFinite()
    }

    @Test("a model in memory with such a number is neither written nor rounded")
    func inMemory() throws {
        let model = try tinyModel(.gpt2)
        let tensor = try #require(model.layout.tensors.last)
        model.parameters[tensor.offset + tensor.count - 1] = .nan
        #expect(throws: ModelError.self) { try model.write(toDirectory: directory.path + "/new") }
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/new"))
        for format in WeightFormat.allCases {
            #expect(throws: ModelError.self) { try model.checkRange(of: format) }
        }
    }

    @Test("a matrix that half precision cannot hold is refused for it, and for no other format")
    func halfPrecision() throws {
        let model = try tinyModel(.gpt2)
        let matrix = try #require(model.layout.tensor(named: "h.1.mlp.c_fc.weight"))
        let vector = try #require(model.layout.tensor(named: "h.1.mlp.c_fc.bias"))
        model.parameters[vector.offset] = 1e9
        try model.checkRange(of: .float16)
        model.parameters[matrix.offset + 5] = -70_000
        let error = #expect(throws: ModelError.self) { try model.checkRange(of: .float16) }
        #expect(error?.description.contains("h.1.mlp.c_fc.weight holds -70000.0") == true)
        for format in [WeightFormat.float32, .bfloat16, .int8] { try model.checkRange(of: format) }
    }

    @Test("numbers are refused exactly where their rounding would be infinite")
    func limits() throws {
        let buffer = FloatBuffer(count: 1)
        for (type, limit) in [
            (NumberType.float16, Float(65_520)), (.bfloat16, .init(bitPattern: 0x7F7F_8000)),
        ] {
            for steps in -3...3 {
                let value = Float(bitPattern: UInt32(Int(limit.bitPattern) + steps))
                let rounded: Float =
                    type == .float16
                    ? HalfPrecision.float(binary16: HalfPrecision.binary16(value))
                    : HalfPrecision.float(bfloat16: HalfPrecision.bfloat16(value))
                for sign in [Float(1), -1] {
                    buffer[0] = sign * value
                    let isRefused = (try? type.checkRange(of: buffer.all, name: "x")) == nil
                    #expect(isRefused == rounded.isInfinite, "\(type) \(value)")
                }
            }
        }
    }

    @Test("the first of many numbers is found, wherever it stands")
    func places() throws {
        for count in [1, 3, 16, 257] {
            let buffer = FloatBuffer(count: count)
            for place in 0..<count {
                buffer[place] = -.infinity
                #expect(throws: ModelError.notFiniteWeight(path: nil, name: "x", value: -.infinity))
                {
                    try buffer.all.checkFinite(name: "x")
                }
                buffer[place] = -.greatestFiniteMagnitude
                try buffer.all.checkFinite(name: "x")
            }
        }
    }
}
