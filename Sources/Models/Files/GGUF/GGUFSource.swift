import Bytes

/// The numbers of one of a layout's tensors in a GGUF file, whose order may be another.
struct GGUFSource: Sendable {
    /// How the numbers of the file lie.
    private enum Order {
        /// As the layout's.
        case same
        /// With rows for columns.
        case transposed
        /// With the rows of each head of so many in the order in which llama.cpp's "llama" turns
        /// pairs: neighbours, where Hugging Face turns the first half of a head with the second.
        case neighbours(headSize: Int)
    }

    private let file: GGUFModelFile
    private let place: GGUFModelFile.Place
    private let order: Order
    /// What the file's numbers have more than the layout's.
    private let offset: Float

    /// The tensor of a file for each of the layout of `shape`; all have their sizes, and there is
    /// none besides.
    static func sources(
        in file: GGUFModelFile, of shape: GPTConfiguration
    ) throws(ModelError) -> [GGUFSource] {
        let tensors = shape.layout.tensors
        let addsNorms = shape.architecture.normalisesAdditions
        let names = tensors.map {
            GGUFTensorNames.name(ofCheckpointName: $0.checkpointName, addsNorms: addsNorms)
        }
        let missing = names.filter { file.tensors[$0] == nil }
        guard missing.isEmpty else { throw .missingTensors(path: file.path, names: missing) }
        var known = Set(names)
        if shape.architecture.isRotary { known.insert(GGUFTensorNames.frequencyFactors) }
        for name in file.tensors.keys.sorted() where !known.contains(name) {
            throw file.unsupported(
                "it has a tensor \(name) that \(shape.architecture.ggufName) lacks")
        }
        let storesOutputRows = TensorNames(shape).storesOutputRows
        return try zip(names, tensors).map { (name, tensor) throws(ModelError) in
            guard let place = file.tensors[name] else {
                throw .missingTensor(path: file.path, name: name)
            }
            let isTransposed = tensor.isBlockMatrix && !storesOutputRows
            let expected = isTransposed ? tensor.shape.reversed() : tensor.shape
            guard place.tensor.shape == expected else {
                throw .shapeMismatch(
                    path: file.path, name: name, expected: expected, found: place.tensor.shape)
            }
            var order = isTransposed ? Order.transposed : .same
            if shape.architecture.turnsNeighbours,
                name.contains(".attn_q.") || name.contains(".attn_k.")
            {
                order = .neighbours(headSize: shape.headSize)
            }
            return GGUFSource(
                file: file, place: place, order: order,
                offset: tensor.role == .gain ? shape.architecture.normOffset : 0)
        }
    }

    /// Copies some of the layout's numbers, counted from the tensor's first. O(count).
    func read(_ numbers: Range<Int>, into floats: FloatSlice) throws(ModelError) {
        try readStored(numbers, into: floats)
        guard offset != 0 else { return }
        for index in 0..<numbers.count { unsafe floats.base[index] -= offset }
    }

    private func readStored(_ numbers: Range<Int>, into floats: FloatSlice) throws(ModelError) {
        switch order {
        case .same: try file.read(place, numbers: numbers, into: floats)
        case .neighbours(let size):
            let width = place.tensor.shape.dropFirst().reduce(1, *)
            try eachRow(of: numbers, width) { (row, part, out) throws(ModelError) in
                // Pair i of a head is its rows i and i + half here, 2i and 2i + 1 there.
                let (head, index) = (row / size * size, row % size)
                let half = size / 2
                let source = head + (index < half ? 2 * index : 2 * (index - half) + 1)
                let start = source * width
                try file.read(
                    place, numbers: start + part.lowerBound..<start + part.upperBound,
                    into: floats[out])
            }
        case .transposed:
            let (outputs, inputs) = (place.tensor.shape[0], place.tensor.shape[1])
            let first = numbers.lowerBound / outputs
            let last = (numbers.upperBound - 1) / outputs
            let column = FloatBuffer(count: last - first + 1)
            for output in 0..<outputs {
                try file.read(
                    place, numbers: output * inputs + first..<output * inputs + last + 1,
                    into: column.all)
                for input in first...last {
                    let number = input * outputs + output
                    guard numbers.contains(number) else { continue }
                    unsafe floats.base[number - numbers.lowerBound] = column[input - first]
                }
            }
        }
    }

    /// Calls `body` with each row of `width` that `numbers` meets, the part of it, and where that
    /// goes.
    private func eachRow(
        of numbers: Range<Int>, _ width: Int,
        _ body: (Int, Range<Int>, Range<Int>) throws(ModelError) -> Void
    ) throws(ModelError) {
        var start = numbers.lowerBound
        while start < numbers.upperBound {
            let (row, first) = start.quotientAndRemainder(dividingBy: width)
            let count = min(width - first, numbers.upperBound - start)
            let out = start - numbers.lowerBound
            try body(row, first..<first + count, out..<out + count)
            start += count
        }
    }
}
