import Work

/// A model's matrices laid out as products read them, made once a step for all sequences.
///
/// Without it every product lays out its part of the weights again, which costs a small model some
/// percent of a step. A large model has rows enough to hide that, and its weights are too many to
/// hold three times: it keeps none, and products pack as they go, with the same bits.
final class PackedWeights {
    /// The parameters, whose matrices know their panels.
    let slices: ParameterSlices

    /// The most floats of parameters for which panels are kept.
    static let maximumFloatCount = 16 << 20

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
        _ configuration: GPTConfiguration, _ layout: ParameterLayout, _ kernels: Kernels
    ) -> Int {
        guard layout.floatCount <= maximumFloatCount else { return 0 }
        let buffer = FloatBuffer(count: layout.floatCount)
        var slices = ParameterSlices(configuration, layout, in: buffer.all)
        var count = 0
        slices.eachMatrix { matrix in
            count += room(for: matrix, kernels) + room(for: matrix.transposed, kernels)
        }
        return count
    }

    private static func room(for matrix: Matrix, _ kernels: Kernels) -> Int {
        (kernels.packedCount(rows: matrix.rows, columns: matrix.columns) + 15) / 16 * 16
    }

    init(_ model: GPT, level: KernelLevel) {
        let kernels = Kernels(level)
        var slices = model.slices
        var jobs: [Job] = []
        let count = Self.floatCount(model.configuration, model.layout, kernels)
        let storage = FloatBuffer(count: count)
        if count > 0 {
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
