import Models
import Testing
import Work

@Suite struct MuonKernelsTests {
    private let configuration = GPTConfiguration(
        architecture: .gpt2, layerCount: 2, headCount: 2, embeddingSize: 24, positionCount: 8,
        vocabularySize: 30)
    private let step = MuonKernels.Step(
        learningRate: 0.02, momentum: 0.9, weightDecay: 0.1, gradientScale: 0.5)

    private func random(_ count: Int, seed: UInt64) -> FloatBuffer {
        let buffer = FloatBuffer(count: count)
        var generator = RandomGenerator(seed: seed)
        for index in 0..<count { buffer[index] = Float(generator.normal()) }
        return buffer
    }

    @Test("queries, keys and values are three maps; a map knows its outputs an input")
    func places() throws {
        let layout = configuration.layout
        let tensors = layout.tensors.filter(\.isBlockMatrix)
        #expect(tensors.count == 8)
        let qkv = try #require(layout.tensor(named: "h.1.attn.c_attn.weight"))
        #expect(qkv.maps.map(\.offset) == [0, 24, 48].map { qkv.offset + $0 })
        #expect(qkv.maps.allSatisfy { $0.rows == 24 && $0.columns == 24 })
        #expect(qkv.maps.allSatisfy { $0.rowStride == 72 && $0.outputsPerInput == 1 })
        let up = try #require(layout.tensor(named: "h.0.mlp.c_fc.weight")).maps
        #expect(up.count == 1 && up[0].count == 24 * 96 && up[0].outputsPerInput == 4)
        for tensor in tensors {
            #expect(tensor.maps.reduce(0) { $0 + $1.count } == tensor.count)
        }
    }

    @Test("matrices that are stored (out, in) are maps of their own, with their shapes")
    func outputRows() throws {
        var shape = configuration
        shape.architecture = .qwen3
        shape.keyValueHeadCount = 1
        shape.tiesEmbeddings = false
        let layout = shape.layout
        let maps = layout.tensors.filter(\.isBlockMatrix).map(\.maps)
        #expect(maps.count == 2 * 7 && maps.allSatisfy { $0.count == 1 })
        let keys = try #require(layout.tensor(named: "layers.1.self_attn.k_proj.weight"))
        #expect(keys.maps[0].offset == keys.offset && keys.maps[0].rowStride == 24)
        #expect(keys.maps[0].rows == 12 && keys.maps[0].columns == 24)
        #expect(keys.maps[0].outputsPerInput == 0.5)
        for tensor in layout.tensors where !tensor.isBlockMatrix { #expect(tensor.maps.isEmpty) }
    }

    /// Two steps from the same start.
    private func stepped(
        threads: Int, level: KernelLevel = .best
    ) -> (parameters: [Float], momenta: [Float]) {
        let layout = configuration.layout
        let (parameters, momenta) = (
            random(layout.floatCount, seed: 1), FloatBuffer(count: layout.floatCount)
        )
        let kernels = MuonKernels(
            places: layout.tensors.filter(\.isBlockMatrix).flatMap(\.maps),
            team: ThreadTeam(threadCount: threads), kernels: level)
        for seed in 2...3 {
            kernels.step(
                step, parameters: parameters,
                gradients: random(layout.floatCount, seed: UInt64(seed)),
                momenta: momenta)
        }
        return (parameters.array, momenta.array)
    }

    @Test("the same bits for any number of threads")
    func threads() {
        let reference = stepped(threads: 1)
        for count in [2, 3, 40] {
            let other = stepped(threads: count)
            #expect(other.parameters == reference.parameters)
            #expect(other.momenta == reference.momenta)
        }
    }

    @Test("every level steps as the formula in double does, and nothing but the matrices")
    func formula() {
        let layout = configuration.layout
        let start = random(layout.floatCount, seed: 1).array
        var expected = start.map(Double.init)
        var momenta = [Double](repeating: 0, count: expected.count)
        for seed in 2...3 {
            let gradients = random(layout.floatCount, seed: UInt64(seed)).array
            for tensor in layout.tensors where tensor.isBlockMatrix {
                for place in tensor.maps {
                    plainStep(place, &expected, gradients, &momenta)
                }
            }
        }
        for level in availableLevels {
            let found = stepped(threads: 2, level: level)
            var largest = 0.0
            for (value, truth) in zip(found.parameters, expected) {
                largest = max(largest, abs(Double(value) - truth))
            }
            #expect(largest < 2e-5, "\(level)")
            for tensor in layout.tensors where !tensor.isBlockMatrix {
                #expect(Array(found.parameters[tensor.range]) == Array(start[tensor.range]))
            }
        }
    }

    /// The published formula in double, by rows and columns.
    private func plainStep(
        _ place: MatrixPlace, _ parameters: inout [Double], _ gradients: [Float],
        _ momenta: inout [Double]
    ) {
        let beta = Double(step.momentum)
        func index(_ i: Int, _ j: Int) -> Int { place.offset + i * place.rowStride + j }
        var x = (0..<place.rows).map { i in
            (0..<place.columns).map { j in
                let slope = Double(gradients[index(i, j)]) * Double(step.gradientScale)
                momenta[index(i, j)] += (1 - beta) * (slope - momenta[index(i, j)])
                return slope + beta * (momenta[index(i, j)] - slope)
            }
        }
        let norm = x.joined().reduce(0) { $0 + $1 * $1 }.squareRoot()
        x = x.map { $0.map { $0 / (norm + 1e-7) } }
        for _ in 0..<5 {
            let gram = product(x, transposed(x))
            let square = product(gram, gram)
            let polynomial = zip(gram, square).map { rows in
                zip(rows.0, rows.1).map { -4.7750 * $0 + 2.0315 * $1 }
            }
            x = zip(x, product(polynomial, x)).map { rows in
                zip(rows.0, rows.1).map { 3.4445 * $0 + $1 }
            }
        }
        let rate = Double(step.learningRate)
        let scale = rate * max(1, place.outputsPerInput).squareRoot()
        for i in 0..<place.rows {
            for j in 0..<place.columns {
                let decayed = parameters[index(i, j)] * (1 - rate * Double(step.weightDecay))
                parameters[index(i, j)] = decayed - scale * x[i][j]
            }
        }
    }

    private func transposed(_ a: [[Double]]) -> [[Double]] {
        a[0].indices.map { column in a.map { $0[column] } }
    }

    private func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
        let columns = transposed(b)
        return a.map { row in
            columns.map { column in zip(row, column).reduce(0) { $0 + $1.0 * $1.1 } }
        }
    }

    @Test("a gradient of zero moves nothing but the decay")
    func zero() {
        let layout = configuration.layout
        let parameters = random(layout.floatCount, seed: 5)
        let old = parameters.array
        let places = layout.tensors.filter(\.isBlockMatrix).flatMap(\.maps)
        MuonKernels(places: places, team: ThreadTeam(threadCount: 1)).step(
            step, parameters: parameters, gradients: FloatBuffer(count: layout.floatCount),
            momenta: FloatBuffer(count: layout.floatCount))
        for index in places[0].offset..<places[0].offset + places[0].columns {
            #expect(abs(parameters[index] - old[index] * (1 - 0.02 * 0.1)) < 1e-6)
        }
    }
}
