import Work

/// Tensors of a model, of which some are matrices that rows are multiplied by.
protocol PackableSlices {
    /// Calls `body` with each matrix that is multiplied by.
    mutating func eachMatrix(_ body: (inout Matrix) -> Void)
}

extension ParameterSlices: PackableSlices {}
extension EncoderDecoderSlices: PackableSlices {}

/// A model's matrices laid out as products read them, made once a step for all sequences.
///
/// Without it every product lays out its part of the weights again, which costs a small model some
/// percent of a step. A large model has rows enough to hide that, and its weights are too many to
/// hold three times: it keeps none, and products pack as they go, with the same bits.
final class PackedWeights<Slices: PackableSlices> {
    /// The parameters, whose matrices know their panels.
    let slices: Slices

    /// The most floats of parameters for which panels are kept.
    static var maximumFloatCount: Int { 16 << 20 }

    private struct Job {
        let source: Matrix
        let panels: FloatSlice
    }

    private let jobs: [Job]
    private let storage: FloatBuffer
    private let kernels: Kernels

    /// Floats of all panels of a model with such parameters. A large model has none, so that the
    /// parameters that are allocated here, to look at their shapes, are few.
    static func floatCount(
        _ layout: ParameterLayout, _ kernels: Kernels, _ slices: (FloatSlice) -> Slices
    ) -> Int {
        guard layout.floatCount <= maximumFloatCount else { return 0 }
        let buffer = FloatBuffer(count: layout.floatCount)
        return withExtendedLifetime(buffer) { floatCount(slices(buffer.all), kernels) }
    }

    private static func floatCount(_ slices: Slices, _ kernels: Kernels) -> Int {
        var (slices, count) = (slices, 0)
        slices.eachMatrix { matrix in
            count += room(for: matrix, kernels) + room(for: matrix.transposed, kernels)
        }
        return count
    }

    private static func room(for matrix: Matrix, _ kernels: Kernels) -> Int {
        (kernels.packedCount(rows: matrix.rows, columns: matrix.columns) + 15) / 16 * 16
    }

    /// Room for the panels of `slices`, the parameters of a model with that layout.
    init(_ slices: Slices, _ layout: ParameterLayout, level: KernelLevel) {
        let kernels = Kernels(level)
        var slices = slices
        var jobs: [Job] = []
        let isSmall = layout.floatCount <= Self.maximumFloatCount
        let storage = FloatBuffer(count: isSmall ? Self.floatCount(slices, kernels) : 0)
        if isSmall {
            var end = 0
            func reserve(_ matrix: Matrix) -> FloatSlice {
                let start = end
                end += Self.room(for: matrix, kernels)
                let panels = storage.slice(start..<end)
                jobs.append(Job(source: matrix, panels: panels))
                return panels
            }
            slices.eachMatrix { matrix in
                let panels = reserve(matrix)
                matrix.packedTranspose = reserve(matrix.transposed)
                matrix.packed = panels
            }
        }
        self.slices = slices
        self.jobs = jobs
        self.storage = storage
        self.kernels = kernels
    }

    /// Bytes of the panels.
    var byteCount: Int { storage.count * MemoryLayout<Float>.stride }

    /// Lays the weights out anew, after they changed.
    func refresh(_ team: ThreadTeam) {
        team.run(jobs.count) { kernels.pack(jobs[$0].source, into: jobs[$0].panels) }
    }
}
