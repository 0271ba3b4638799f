import CKernels
package import Work

/// The arithmetic of Muon over the matrices of a model, on all threads.
///
/// Muon replaces the momentum of a matrix by the nearest matrix whose singular values are all one,
/// so that a step moves every direction of its map by as much. Newton–Schulz iterations find it
/// with products alone. A thread takes a whole matrix at a time, so the bits are the same for any
/// number of threads. Source: Jordan et al., <https://kellerjordan.github.io/posts/muon/>.
package final class MuonKernels {
    /// One step: the numbers that are the same for every matrix.
    package struct Step: Sendable {
        /// The learning rate.
        package var learningRate: Float
        /// Decay of the momentum.
        package var momentum: Float
        /// Decoupled decay, multiplied by the learning rate.
        package var weightDecay: Float
        /// Factor for the gradients, before all else: the clipping factor, or 1.
        package var gradientScale: Float

        /// A step with these numbers.
        package init(
            learningRate: Float, momentum: Float, weightDecay: Float, gradientScale: Float
        ) {
            self.learningRate = learningRate
            self.momentum = momentum
            self.weightDecay = weightDecay
            self.gradientScale = gradientScale
        }
    }

    /// Newton–Schulz iterations of a step.
    static let iterationCount = 5
    /// Coefficients of X ← aX + (bA + cA²)X with A = XXᵀ: they bring singular values from anywhere
    /// in (0, 1] to between 0.7 and 1.2 in five iterations, and do not go on to 1.
    static let coefficients: (a: Float, b: Float, c: Float) = (3.4445, -4.7750, 2.0315)

    /// The matrices, each with the place of its first momentum among those of all.
    private let places: [(place: MatrixPlace, momentum: Int)]
    private let scratch: [Scratch]
    private let kernels: Kernels
    private let team: ThreadTeam

    /// Room to step the matrices at `places`.
    ///
    /// - Parameter momenta: for each the offset of its momentum, whose rows lie as far apart as
    ///   those of the matrix; nil for that of the matrix.
    package init(
        places: [MatrixPlace], momenta: [Int]? = nil, team: ThreadTeam,
        kernels level: KernelLevel = .best
    ) {
        // The longest first, so that no thread begins one when the others are at their ends.
        func cost(_ place: MatrixPlace) -> Int {
            let (small, large) = (min(place.rows, place.columns), max(place.rows, place.columns))
            return small * small * (2 * large + small)
        }
        self.places = zip(places, momenta ?? places.map(\.offset)).map { ($0, $1) }.sorted {
            (cost($0.place), $1.place.offset) > (cost($1.place), $0.place.offset)
        }
        self.team = team
        kernels = Kernels(level)
        scratch =
            places.isEmpty
            ? []
            : (0..<min(team.threadCount, places.count)).map { _ in
                Scratch(for: places)
            }
    }

    /// Bytes of scratch.
    package var byteCount: Int { scratch.reduce(0) { $0 + $1.byteCount } }

    /// Bytes of scratch for the matrices at `places`, before it is allocated.
    package static func byteCount(places: [MatrixPlace], threadCount: Int) -> Int {
        4 * min(threadCount, places.count) * Scratch.counts(for: places).reduce(0, +)
    }

    /// For each matrix W with gradient G and momentum M:
    /// M ← βM + (1-β)G; O ← orthogonalized βM + (1-β)G; W ← W - rate · (scale · O + decay · W),
    /// where scale is the root of the outputs an input, if there are more than one.
    package func step(
        _ step: Step, parameters: FloatBuffer, gradients: FloatBuffer, momenta: FloatBuffer
    ) {
        team.run(places.count) { item, worker in
            let (place, momentumOffset) = places[item]
            let scratch = scratch[worker]
            let gradient = Rows(gradients, place)
            let momentum = Rows(momenta, place, at: momentumOffset)
            let x = Rows(scratch.x.all, place.rows, place.columns)
            let beta = step.momentum
            for row in 0..<place.rows {
                let (g, m, x) = (gradient[row], momentum[row], x[row])
                for i in 0..<place.columns {
                    let slope = unsafe g.base[i] * step.gradientScale
                    let mean = unsafe beta * m.base[i] + (1 - beta) * slope
                    unsafe m.base[i] = mean
                    unsafe x.base[i] = beta * mean + (1 - beta) * slope
                }
            }
            let direction = orthogonalize(x, scratch)
            let parameter = Rows(parameters, place)
            let keep = 1 - step.learningRate * step.weightDecay
            let rate = step.learningRate * Float(max(1, place.outputsPerInput).squareRoot())
            for row in 0..<place.rows {
                let (p, o) = (parameter[row], direction[row])
                for i in 0..<place.columns {
                    unsafe p.base[i] = p.base[i] * keep - rate * o.base[i]
                }
            }
        }
    }

    /// The matrix near `start`, whose singular values are near one; `start` lies in the scratch and
    /// is not kept.
    private func orthogonalize(_ start: Rows, _ scratch: Scratch) -> Rows {
        let (a, b, c) = Self.coefficients
        var (x, next) = (start, Rows(scratch.y.all, start.rows, start.columns))
        let small = min(x.rows, x.columns)
        let gram = Matrix(scratch.gram.all, small, small)
        let polynomial = Matrix(scratch.polynomial.all, small, small)
        let workspace = scratch.product.all

        var squares = 0.0
        for row in 0..<x.rows {
            squares += unsafe qk_numeric(kernels.level).pointee.sum_of_squares(
                x.columns, x[row].base)
        }
        let scale = Float(1 / (squares.squareRoot() + 1e-7))
        for row in 0..<x.rows {
            let x = x[row]
            for i in 0..<x.count { unsafe x.base[i] *= scale }
        }
        let isWide = x.rows <= x.columns
        for _ in 0..<Self.iterationCount {
            // The smaller of XXᵀ and XᵀX: both give the same polynomial of X.
            let m = x.matrix
            kernels.multiply(
                isWide ? m : m.transposed, isWide ? m.transposed : m, into: gram,
                workspace: workspace)
            kernels.multiply(gram, gram, into: polynomial, workspace: workspace)
            let (g, p) = (gram.slice, polynomial.slice)
            for i in 0..<small * small { unsafe p.base[i] = b * g.base[i] + c * p.base[i] }
            for row in 0..<x.rows {
                let (x, y) = (x[row], next[row])
                for i in 0..<x.count { unsafe y.base[i] = a * x.base[i] }
            }
            kernels.multiply(
                isWide ? polynomial : m, isWide ? m : polynomial, into: next.matrix, .add,
                workspace: workspace)
            swap(&x, &next)
        }
        return x
    }

    /// Scratch of one thread, large enough for the largest matrix.
    private struct Scratch {
        let x: FloatBuffer
        let y: FloatBuffer
        let gram: FloatBuffer
        let polynomial: FloatBuffer
        let product: FloatBuffer

        init(for places: [MatrixPlace]) {
            let buffers = Self.counts(for: places).map { FloatBuffer(count: $0) }
            (x, y, gram, polynomial, product) = (
                buffers[0], buffers[1], buffers[2], buffers[3], buffers[4]
            )
        }

        /// Floats of each buffer.
        static func counts(for places: [MatrixPlace]) -> [Int] {
            let large = places.map { $0.rows * Rows.stride(of: $0.columns) }.max() ?? 0
            let small = places.map { min($0.rows, $0.columns) }.max() ?? 0
            return [large, large, small * small, small * small, Kernels.productWorkspaceCount]
        }

        var byteCount: Int {
            4 * (x.count + y.count + gram.count + polynomial.count + product.count)
        }
    }

    /// A matrix by its rows.
    private struct Rows {
        let slice: FloatSlice
        let rows: Int
        let columns: Int
        let stride: Int

        /// The matrix at `place` of `buffer`, or one of its form at another offset.
        init(_ buffer: FloatBuffer, _ place: MatrixPlace, at offset: Int? = nil) {
            let start = offset ?? place.offset
            let end = start + (place.rows - 1) * place.rowStride + place.columns
            slice = buffer.slice(start..<end)
            (rows, columns, stride) = (place.rows, place.columns, place.rowStride)
        }

        /// A matrix at the beginning of `slice`.
        init(_ slice: FloatSlice, _ rows: Int, _ columns: Int) {
            self.slice = slice
            (self.rows, self.columns, stride) = (rows, columns, Self.stride(of: columns))
        }

        /// Rows a power of two apart would fall on the same sets of the cache.
        static func stride(of columns: Int) -> Int { (columns + 15) / 16 * 16 + 16 }

        subscript(row: Int) -> FloatSlice { slice.at(row * stride, columns) }

        var matrix: Matrix { Matrix(slice, rows, columns, rowStride: stride) }
    }
}
