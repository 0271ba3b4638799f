import Work

/// Operations that the threads of a team share, or that the calling thread does alone.
///
/// An operation is divided by what it writes: rows, columns or heads. Each number is made by one
/// thread in the order in which one thread alone would make it, so that the bits do not depend on
/// the division. Sums over rows into the same few numbers, as gradients of norms are, stay on the
/// calling thread.
struct TeamKernels {
    let kernels: Kernels
    /// The threads; nil for the calling thread alone.
    let team: ThreadTeam?
    /// Scratch of products and of attention, one of each a thread.
    let productWorkspaces: [FloatSlice]
    let attentionWorkspaces: [FloatSlice]

    /// Columns that a thread takes at once: whole panels at every level.
    static var columnUnit: Int { 64 }

    /// As ``share(_:unit:on:_:)``, on the threads of these kernels.
    func share(_ count: Int, unit: Int = 1, _ body: (Range<Int>, _ worker: Int) -> Void) {
        Self.share(count, unit: unit, on: team, body)
    }

    /// Calls `body` with the stretches of 0..<count, each with the number of the thread that has
    /// it; without a `team`, with all of it at once. Stretches begin at multiples of `unit`.
    static func share(
        _ count: Int, unit: Int = 1, on team: ThreadTeam?,
        _ body: (Range<Int>, _ worker: Int) -> Void
    ) {
        guard let team else { return body(0..<count, 0) }
        let unitCount = (count + unit - 1) / unit
        // Twice as many parts as threads, so that a thread that is done early takes another.
        let partCount = min(unitCount, 2 * team.threadCount)
        team.run(partCount) { part, worker in
            let start = unitCount * part / partCount * unit
            let end = min(unitCount * (part + 1) / partCount * unit, count)
            body(start..<end, worker)
        }
    }

    /// C = A·B through an epilogue.
    func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, _ epilogue: Epilogue = .store) {
        share(c.columns, unit: Self.columnUnit) { range, worker in
            kernels.multiply(
                a, kernels.columns(range, of: b), into: c.columns(range), epilogue.columns(range),
                workspace: productWorkspaces[worker])
        }
    }

    /// out = x · weight + bias.
    func multiply(_ x: Matrix, _ p: ParameterSlices.Linear, into out: Matrix) {
        multiply(x, p.weight, into: out, .adding(p.bias))
    }

    /// Adds to the gradients `d` of weight and bias, and writes `dx` through an epilogue.
    func multiplyBackward(
        _ dOut: Matrix, x: Matrix, _ p: ParameterSlices.Linear, dx: Matrix,
        through epilogue: Epilogue = .store, _ d: ParameterSlices.Linear
    ) {
        // Weights are stored (out, in): the transpose of xᵀ · dOut.
        multiply(dOut.transposed, x, into: d.weight.transposed, .add)
        if let dBias = d.bias {
            share(dBias.count, unit: Self.columnUnit) { range, _ in
                kernels.addRows(of: dOut.columns(range), to: dBias[range])
            }
        }
        multiply(dOut, p.weight.transposed, into: dx, epilogue)
    }

    /// out = the norm of each row of `x`.
    func normalise(
        _ x: Matrix, _ p: ParameterSlices.Norm, epsilon: Float, into out: Matrix,
        _ statistics: NormStatistics
    ) {
        share(x.rows) { range, _ in
            kernels.normalise(
                x.rows(range), p, epsilon: epsilon, into: out.rows(range), statistics.rows(range))
        }
    }

    /// out (t, H · size) = attention of every head.
    func attention(_ a: StretchedAttention, into out: Matrix, logSumExp: FloatSlice) {
        share(a.headCount) { heads, worker in
            kernels.attention(
                a, heads: heads, into: out, logSumExp: logSumExp,
                workspace: attentionWorkspaces[worker])
        }
    }

    /// Writes the gradients of queries, keys and values into `d` from that of the output.
    func attentionBackward(
        _ a: StretchedAttention, out: Matrix, dOut: Matrix, logSumExp: FloatSlice,
        into d: StretchedAttention
    ) {
        share(a.headCount) { heads, worker in
            kernels.attentionBackward(
                a, heads: heads, out: out, dOut: dOut, logSumExp: logSumExp, into: d,
                workspace: attentionWorkspaces[worker])
        }
    }
}
