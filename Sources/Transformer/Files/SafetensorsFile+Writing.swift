import Storage

extension SafetensorsFile {
    /// A tensor to be written: a part of a buffer with a name and a shape.
    public struct Source {
        /// Its name in the file.
        public let name: String
        /// Its shape, row-major.
        public let shape: [Int]
        /// Where its floats are.
        public let buffer: FloatBuffer
        /// Its first float in the buffer.
        public let offset: Int

        /// A part of `buffer` that must exist.
        public init(name: String, shape: [Int], buffer: FloatBuffer, offset: Int) {
            precondition(
                offset >= 0 && offset + shape.reduce(1, *) <= buffer.count,
                "\(name) lies outside of its buffer")
            self.name = name
            self.shape = shape
            self.buffer = buffer
            self.offset = offset
        }
    }

    /// Writes tensors as F32, whole or not at all, in the order given; names must differ.
    public static func write(
        _ tensors: [Source], metadata: [String: String] = ["format": "pt"], to path: String
    ) throws(TransformerError) {
        precondition(
            Set(tensors.map(\.name)).count == tensors.count, "two tensors of one name")
        var entries: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }
                .map { "\(quoted($0.key)):\(quoted($0.value))" }
            entries.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var end = 0
        for tensor in tensors {
            let start = end
            end += tensor.shape.reduce(4, *)
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            entries.append(
                "\(quoted(tensor.name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(start),\(end)]}")
        }
        var header = Array("{\(entries.joined(separator: ","))}".utf8)
        // The data starts at a multiple of eight, so that it can be mapped and read in place.
        while header.count % 8 != 0 { header.append(0x20) }
        do {
            var file = try FileReplacement(path: path)
            let length = [UInt64(header.count).littleEndian]
            try unsafe file.write(length.span.bytes)
            try unsafe file.write(header.span.bytes)
            for tensor in tensors {
                let floats = tensor.buffer.slice(
                    tensor.offset..<tensor.offset + tensor.shape.reduce(1, *))
                try file.write(
                    unsafe RawSpan(_unsafeStart: floats.base, byteCount: floats.count * 4))
            }
            try file.commit()
        } catch {
            throw .storage(reason: error.description)
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
