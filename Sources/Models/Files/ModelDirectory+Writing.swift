extension ModelDirectory {
    /// Writes `config.json`, `generation_config.json` and the tensors into a directory that exists,
    /// so that Hugging Face's `from_pretrained` reads it. O(parameters); memory is that of a few
    /// rows.
    ///
    /// Each file appears whole or not at all, the configuration last, which makes the directory a
    /// model. The same model gives the same bytes.
    ///
    /// - Parameters:
    ///   - directory: where to write; it holds no other model.
    ///   - type: the type of all numbers.
    ///   - shardByteCount: the most bytes of tensors in one file, except for a larger tensor; nil
    ///     for one file.
    ///   - progress: takes how many of the parameters have been written.
    /// - Returns: the names of the files.
    public func write(
        toDirectory directory: String, type: NumberType = .float32, shardByteCount: Int? = nil,
        progress: (Int) -> Void = { _ in }
    ) throws(ModelError) -> [String] {
        var count = 0
        func wrote(_ numbers: Int) {
            count += numbers
            progress(count)
        }
        let shards = shards(type, shardByteCount ?? .max)
        var names: [String] = []
        if shards.count == 1 {
            names.append(ModelWeights.fileName)
            try SafetensorsFile.write(
                shards[0].map(stream), as: type, to: directory + "/" + names[0], wrote: wrote)
        } else {
            var places: [(tensor: String, file: String)] = []
            for (number, tensors) in shards.enumerated() {
                let name = Self.shardName(number + 1, of: shards.count)
                try SafetensorsFile.write(
                    tensors.map(stream), as: type, to: directory + "/" + name, wrote: wrote)
                places += tensors.map { (layout.tensors[$0].checkpointName, name) }
                names.append(name)
            }
            names.append(SafetensorsIndex.fileName)
            let byteCount = layout.parameterCount * type.byteCount
            try ModelFileWriter.write(
                SafetensorsIndex.text(places, byteCount: byteCount),
                to: directory + "/" + SafetensorsIndex.fileName)
        }
        try ModelFileWriter.write(
            ModelConfigurationFile.generationText(
                endToken: endToken,
                others: endTokens.filter { $0 != endToken }.sorted { $0.index < $1.index },
                startToken: configuration.startTokenID),
            to: directory + "/generation_config.json")
        try ModelFileWriter.write(
            configuration.configurationText(endToken: endToken, type: type),
            to: directory + "/config.json")
        return ["config.json", "generation_config.json"] + names
    }

    /// The layout's tensor `index`, its rows in the order of a checkpoint.
    func stream(_ index: Int) -> TensorStream {
        let tensor = layout.tensors[index]
        let width = tensor.shape.dropFirst().reduce(1, *)
        guard let order = tensor.rowOrder else { return memoryStream(index) }
        return TensorStream(name: tensor.checkpointName, shape: tensor.shape) {
            (rows, floats) throws(ModelError) in
            try order.forEachRun(of: rows, order.memoryRow) { (run, start) throws(ModelError) in
                try read(
                    index, numbers: start * width..<(start + run.count) * width,
                    into: floats.at((run.lowerBound - rows.lowerBound) * width, run.count * width))
            }
        }
    }

    /// The layout's tensor `index`, as it is in the model.
    func memoryStream(_ index: Int) -> TensorStream {
        let tensor = layout.tensors[index]
        let width = tensor.shape.dropFirst().reduce(1, *)
        return TensorStream(name: tensor.checkpointName, shape: tensor.shape) {
            (rows, floats) throws(ModelError) in
            try read(
                index, numbers: rows.lowerBound * width..<rows.upperBound * width, into: floats)
        }
    }

    /// The layout's tensors, divided among files in their order.
    private func shards(_ type: NumberType, _ limit: Int) -> [[Int]] {
        var shards: [[Int]] = [[]]
        var byteCount = 0
        for (index, tensor) in layout.tensors.enumerated() {
            let size = tensor.count * type.byteCount
            if byteCount > 0, byteCount + size > limit {
                shards.append([])
                byteCount = 0
            }
            shards[shards.count - 1].append(index)
            byteCount += size
        }
        return shards
    }

    private static func shardName(_ number: Int, of count: Int) -> String {
        func padded(_ number: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        }
        return "model-\(padded(number))-of-\(padded(count)).safetensors"
    }
}

/// A tensor on its way into a file, a run of rows at a time.
struct TensorStream {
    /// Its name in the file.
    let name: String
    /// Its shape, row-major.
    let shape: [Int]
    /// Copies the given rows, (rows, ``rowWidth``).
    let read: (_ rows: Range<Int>, _ floats: FloatSlice) throws(ModelError) -> Void

    /// Numbers of a run: large enough that the calls cost nothing, small beside any model.
    private static let runCount = 1 << 20

    /// Number of rows: the first of the shape's sizes, 1 for a single number.
    var rowCount: Int { shape.first ?? 1 }

    /// Numbers of a row.
    var rowWidth: Int { shape.dropFirst().reduce(1, *) }

    /// Calls `body` with each run of whole rows. O(count).
    func forEachRun(
        _ body: (Range<Int>, FloatSlice) throws(ModelError) -> Void
    ) throws(ModelError) {
        guard rowCount > 0, rowWidth > 0 else { return }
        let rowsOfRun = min(rowCount, max(1, Self.runCount / rowWidth))
        let scratch = FloatBuffer(count: rowsOfRun * rowWidth)
        defer { extendLifetime(scratch) }
        var start = 0
        while start < rowCount {
            let rows = start..<min(start + rowsOfRun, rowCount)
            let floats = scratch.slice(0..<rows.count * rowWidth)
            try read(rows, floats)
            try body(rows, floats)
            start = rows.upperBound
        }
    }
}
