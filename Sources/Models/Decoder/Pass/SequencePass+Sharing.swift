import Work

/// Operations on one sequence, shared by the threads of a team.
///
/// An operation is divided by what it writes: rows or columns, or heads of keys with the queries
/// that look at them. Each number is made by one thread in the order in which one thread alone
/// would make it, so that the bits do not depend on the division. Sums over positions into the same
/// few numbers (the gradients of norms, embeddings) stay on the calling thread.
extension SequencePass {
    /// Columns that a thread takes at once: whole panels at every level.
    static var columnUnit: Int { 64 }

    /// Calls `body` with the stretches of 0..<count, each with the number of the thread that has
    /// it; without a team, with all of it at once. Stretches begin at multiples of `unit`.
    func share(_ count: Int, unit: Int = 1, _ body: (Range<Int>, _ worker: Int) -> Void) {
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
                a, kernels.columns(range, of: b),
                into: c.columns(range), epilogue.columns(range),
                workspace: activations.productWorkspaces[worker])
        }
    }
}
