import Work

/// Operations on one sequence, shared by the threads of a team.
///
/// An operation is divided by what it writes: rows or columns, or heads of keys with the queries
/// that look at them. Each number is made by one thread in the order in which one thread alone
/// would make it, so that the bits do not depend on the division. Sums over positions into the same
/// few numbers (the gradients of norms, embeddings) stay on the calling thread.
extension SequencePass {
    /// Columns that a thread takes at once.
    static var columnUnit: Int { TeamKernels.columnUnit }

    /// Calls `body` with the stretches of 0..<count, each with the number of the thread that has
    /// it; without a team, with all of it at once. Stretches begin at multiples of `unit`.
    func share(_ count: Int, unit: Int = 1, _ body: (Range<Int>, _ worker: Int) -> Void) {
        TeamKernels.share(count, unit: unit, on: team, body)
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
