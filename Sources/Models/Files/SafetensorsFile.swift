import Bytes
import Files

/// A safetensors file, read with suspicion.
///
/// The layout: eight bytes of length, a JSON header of that length, the tensors' bytes. A file is
/// refused unless its tensors cover the bytes after the header exactly once, each with the length
/// that its shape and type say, and no key comes twice.
/// Source: <https://github.com/huggingface/safetensors#format>.
public struct SafetensorsFile: Sendable {
    /// A tensor's description.
    public struct Tensor: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// The type of its numbers, as the file names it: "F32".
        public let type: String
        /// Its shape, row-major; empty for a single number.
        public let shape: [Int]
        /// Range of its bytes after the header.
        let byteRange: Range<Int>
        /// Count of its numbers.
        public var count: Int { shape.reduce(1, *) }
    }

    /// The file's path.
    public let path: String
    /// All tensors, in the order of their bytes.
    public let tensors: [Tensor]
    /// The header's `__metadata__`.
    public let metadata: [String: String]

    private let file: MappedFile
    private let dataStart: Int
    private let index: [ExactName: Int]

    /// The longest header that is read, as in the reference implementation.
    static let maximumHeaderByteCount = 100_000_000

    /// Opens the file at `path` and checks its header.
    public init(path: String) throws(ModelError) {
        let file: MappedFile
        do { file = try MappedFile(path: path) } catch {
            throw .storage(reason: error.description)
        }
        func damaged(_ reason: String) -> ModelError {
            .malformed(path: path, reason: reason)
        }
        guard file.byteCount >= 8 else { throw damaged("it has no header") }
        let (length, header) = file.withBytes { bytes -> (UInt64, [UInt8]) in
            let length = UInt64(
                littleEndian: unsafe bytes.unsafeLoadUnaligned(as: UInt64.self))
            guard length <= UInt64(min(Self.maximumHeaderByteCount, file.byteCount - 8)) else {
                return (length, [])
            }
            let part = bytes.extracting(8..<8 + Int(length))
            return (length, unsafe part.withUnsafeBytes { unsafe Array($0) })
        }
        guard length <= UInt64(file.byteCount - 8) else {
            throw damaged("its header is said to have \(length) bytes, more than the file")
        }
        guard length <= UInt64(Self.maximumHeaderByteCount) else {
            throw damaged("its header is said to have \(length) bytes, which is too long")
        }
        let parsed: (tensors: [Tensor], metadata: [String: String])
        do { parsed = try JSONPullReader.with(header.span, Self.parse) } catch {
            throw damaged("\(error.reason) (byte \(error.offset) of the header)")
        }
        let tensors = parsed.tensors.sorted {
            ($0.byteRange.lowerBound, $0.byteRange.upperBound, $0.name)
                < ($1.byteRange.lowerBound, $1.byteRange.upperBound, $1.name)
        }
        var end = 0
        for tensor in tensors {
            guard tensor.byteRange.lowerBound == end else {
                let what = tensor.byteRange.lowerBound > end ? "a hole before" : "an overlap at"
                throw damaged("there is \(what) the bytes of \(tensor.name)")
            }
            end = tensor.byteRange.upperBound
        }
        let dataByteCount = file.byteCount - 8 - Int(length)
        guard end == dataByteCount else {
            throw damaged("its tensors have \(end) bytes and \(dataByteCount) are there")
        }
        self.path = path
        self.file = file
        self.tensors = tensors
        metadata = parsed.metadata
        dataStart = 8 + Int(length)
        index = Dictionary(
            uniqueKeysWithValues: tensors.enumerated().map {
                (ExactName($0.element.name), $0.offset)
            })
    }

    /// The tensor called `name`, or nil.
    public func tensor(named name: String) -> Tensor? { index[ExactName(name)].map { tensors[$0] } }

    /// Copies the tensor called `name` into `buffer` from `offset`, as float32; its shape must be
    /// `shape`. O(count).
    public func read(
        _ name: String, shape: [Int], into buffer: FloatBuffer, at offset: Int
    ) throws(ModelError) {
        guard let tensor = tensor(named: name) else {
            throw .missingTensor(path: path, name: name)
        }
        guard tensor.shape == shape else {
            throw .shapeMismatch(path: path, name: name, expected: shape, found: tensor.shape)
        }
        let type = try numberType(of: tensor)
        let target = buffer.slice(offset..<offset + tensor.count)
        read(tensor, type, numbers: 0..<tensor.count, into: target)
    }

    /// Copies some numbers of one of the file's tensors, which is of `type`. O(count).
    func read(_ tensor: Tensor, _ type: NumberType, numbers: Range<Int>, into floats: FloatSlice) {
        file.withBytes { bytes in
            let start =
                dataStart + tensor.byteRange.lowerBound + numbers.lowerBound * type.byteCount
            type.decode(
                bytes.extracting(start..<start + numbers.count * type.byteCount), into: floats)
        }
    }

    /// Copies some numbers of one of the file's tensors, which is of `type` and holds weights: none
    /// may be infinite or NaN. O(count).
    func readWeights(
        _ tensor: Tensor, _ type: NumberType, numbers: Range<Int>, into floats: FloatSlice
    ) throws(ModelError) {
        precondition(numbers.count == floats.count, "as much room as numbers")
        // Looked at while they are still in the cache.
        let count = 1 << 15
        for start in stride(from: 0, to: numbers.count, by: count) {
            let part = start..<min(start + count, numbers.count)
            read(
                tensor, type,
                numbers: numbers.lowerBound + part.lowerBound..<numbers.lowerBound
                    + part.upperBound,
                into: floats[part])
            try floats[part].checkFinite(name: tensor.name, path: path)
        }
    }

    /// Calls `body` with the bytes of one of the file's tensors.
    func withBytes<Result>(of tensor: Tensor, _ body: (RawSpan) -> Result) -> Result {
        file.withBytes { bytes in
            body(
                bytes.extracting(
                    dataStart + tensor.byteRange.lowerBound..<dataStart
                        + tensor.byteRange.upperBound))
        }
    }

    /// The type of a tensor's numbers, if they can be read.
    func numberType(of tensor: Tensor) throws(ModelError) -> NumberType {
        guard let type = NumberType(rawValue: tensor.type) else {
            throw .unsupportedType(path: path, name: tensor.name, type: tensor.type)
        }
        return type
    }

    /// A copy of the tensor called `name` as float32, whatever its shape. O(count).
    public func floats(of name: String) throws(ModelError) -> [Float] {
        guard let tensor = tensor(named: name) else {
            throw .missingTensor(path: path, name: name)
        }
        let buffer = FloatBuffer(count: tensor.count)
        try read(name, shape: tensor.shape, into: buffer, at: 0)
        return buffer.array
    }

    /// Bytes of one number of each type that the format knows.
    private static let typeByteCounts = [
        "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2,
        "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8,
    ]

    private static func parse(
        _ reader: inout JSONPullReader<JSONError>
    ) throws(JSONError) -> (tensors: [Tensor], metadata: [String: String]) {
        var tensors: [Tensor] = []
        var metadata: [String: String] = [:]
        guard reader.text.count > 0, reader.text[0] == UInt8(ascii: "{") else {
            throw reader.failure("it does not begin with '{'")
        }
        try reader.readObject { (reader, key) throws(JSONError) in
            if key == "__metadata__" {
                try reader.readObject { (reader, key) throws(JSONError) in
                    metadata[key] = try reader.readString()
                }
            } else {
                tensors.append(try parseTensor(&reader, name: key))
            }
        }
        try reader.finish()
        return (tensors, metadata)
    }

    private static func parseTensor(
        _ reader: inout JSONPullReader<JSONError>, name: String
    ) throws(JSONError) -> Tensor {
        var type: String?
        var shape: [Int]?
        var offsets: [Int]?
        try reader.readObject { (reader, key) throws(JSONError) in
            switch key {
            case "dtype": type = try reader.readString()
            case "shape": shape = try reader.readWholeNumbers()
            case "data_offsets": offsets = try reader.readWholeNumbers()
            default: throw reader.failure("\(name) has an unknown field \"\(key)\"")
            }
        }
        guard let type, let shape, let offsets else {
            throw reader.failure("\(name) lacks its type, shape or offsets")
        }
        guard let width = typeByteCounts[type] else {
            throw reader.failure("\(name) has the unknown type \(type)")
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw reader.failure("\(name) has no range of bytes")
        }
        var byteCount = width
        for size in shape {
            let (product, overflows) = byteCount.multipliedReportingOverflow(by: size)
            guard !overflows else { throw reader.failure("\(name) is too large") }
            byteCount = product
        }
        guard byteCount == offsets[1] - offsets[0] else {
            throw reader.failure(
                "\(name) of shape \(shape) has \(offsets[1] - offsets[0]) bytes, not \(byteCount)")
        }
        return Tensor(name: name, type: type, shape: shape, byteRange: offsets[0]..<offsets[1])
    }
}
