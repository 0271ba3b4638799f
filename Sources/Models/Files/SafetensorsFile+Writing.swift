extension SafetensorsFile {
    /// A tensor to be written: a part of a buffer with a name and a shape.
    public struct Source {
        /// Its name in the file.
        public let name: String
        /// Its shape, row-major.
        public let shape: [Int]
        /// Buffer of its floats.
        public let buffer: FloatBuffer
        /// Its first float in the buffer.
        public let offset: Int
        /// The order in which the file has its rows; nil for that of the buffer.
        let rowOrder: HeadRows?
        /// Puts its floats into the buffer; called before the first of them is read.
        let prepare: () throws(ModelError) -> Void

        /// A part of `buffer` that must exist.
        ///
        /// - Parameters:
        ///   - name: its name in the file.
        ///   - shape: its dimensions.
        ///   - buffer: the buffer of its floats.
        ///   - offset: its first float in the buffer.
        ///   - prepare: puts the floats there when their turn comes, so that one buffer can serve
        ///     several tensors.
        public init(
            name: String, shape: [Int], buffer: FloatBuffer, offset: Int,
            prepare: @escaping () throws(ModelError) -> Void = {}
        ) {
            self.init(
                name: name, shape: shape, buffer: buffer, offset: offset, rowOrder: nil,
                prepare: prepare)
        }

        /// A part of `buffer` whose rows the file has in another order.
        package init(
            name: String, shape: [Int], buffer: FloatBuffer, offset: Int, rowOrder: HeadRows?,
            prepare: @escaping () throws(ModelError) -> Void = {}
        ) {
            precondition(
                offset >= 0 && offset + shape.reduce(1, *) <= buffer.count,
                "\(name) lies outside of its buffer")
            self.name = name
            self.shape = shape
            self.buffer = buffer
            self.offset = offset
            self.rowOrder = rowOrder
            self.prepare = prepare
        }
    }

    /// Writes tensors as F32, whole or not at all, in the order given; names must differ.
    public static func write(
        _ tensors: [Source], metadata: [String: String] = ["format": "pt"], to path: String
    ) throws(ModelError) {
        try write(
            tensors.map { source in
                TensorStream(name: source.name, shape: source.shape) {
                    (rows, floats) throws(ModelError) in
                    if rows.lowerBound == 0 { try source.prepare() }
                    let width = source.shape.isEmpty ? 1 : source.shape.dropFirst().reduce(1, *)
                    func copy(_ count: Int, from row: Int, to place: Int) {
                        let start = source.offset + row * width
                        floats.at(place * width, count * width).copy(
                            from: source.buffer.slice(start..<start + count * width))
                    }
                    guard let order = source.rowOrder else {
                        return copy(rows.count, from: rows.lowerBound, to: 0)
                    }
                    order.forEachRun(of: rows, order.memoryRow) { run, start in
                        copy(run.count, from: start, to: run.lowerBound - rows.lowerBound)
                    }
                }
            }, as: .float32, metadata: metadata, to: path)
    }

    /// Writes tensors with numbers of one type, whole or not at all, in the order given; names must
    /// differ. Memory is that of a run of rows.
    ///
    /// - Parameter wrote: takes how many numbers the last run had.
    static func write(
        _ tensors: [TensorStream], as type: NumberType,
        metadata: [String: String] = ["format": "pt"], to path: String,
        wrote: (Int) -> Void = { _ in }
    ) throws(ModelError) {
        precondition(
            Set(tensors.map(\.name)).count == tensors.count, "two tensors of one name")
        let header = header(tensors, type, metadata)
        let length = UInt64(header.count)
        var file = try ModelFileWriter(path: path)
        try file.write((0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) })
        try file.write(header)
        for tensor in tensors {
            try tensor.forEachRun { (_, floats) throws(ModelError) in
                try type.checkRange(of: floats, name: tensor.name)
                try type.encode(floats) { (bytes) throws(ModelError) in
                    try file.write(bytes)
                }
                wrote(floats.count)
            }
        }
        try file.commit()
    }

    /// The bytes of the header.
    private static func header(
        _ tensors: [TensorStream], _ type: NumberType, _ metadata: [String: String]
    ) -> [UInt8] {
        var entries: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }
                .map { "\(quoted($0.key)):\(quoted($0.value))" }
            entries.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var end = 0
        for tensor in tensors {
            let start = end
            end += tensor.shape.reduce(type.byteCount, *)
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            entries.append(
                "\(quoted(tensor.name)):{\"dtype\":\"\(type.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(start),\(end)]}")
        }
        var header = Array("{\(entries.joined(separator: ","))}".utf8)
        // The data starts at a multiple of eight, so that it can be mapped and read in place.
        while header.count % 8 != 0 { header.append(0x20) }
        return header
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
