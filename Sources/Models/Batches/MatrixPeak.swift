import CKernels
public import Work

/// Peak rate at which this machine multiplies and adds when nothing is in the way: the whole that a
/// share of the peak is a share of.
public enum MatrixPeak {
    /// Measures the float32 peak of all threads together, in GFLOP/s, in a little more
    /// than three times `milliseconds`.
    ///
    /// Each thread runs fused multiply-adds in registers; the best of three runs counts.
    public static func measure(
        team: ThreadTeam, milliseconds: Double = 15, kernels level: KernelLevel = .best
    ) -> Double {
        // One short run says how many iterations take so long.
        let trial = rate(level, iterations: 2_000)
        let operations = unsafe Double(qk_numeric(level.number).pointee.peak_operations)
        let iterations = max(1_000, Int(trial * milliseconds * 1e6 / operations))
        var best = 0.0
        for _ in 0..<3 {
            let rates = FloatBuffer(count: team.threadCount * 16)
            team.run(team.threadCount) { item in
                // A cache line each, so that the threads do not share one.
                rates[item * 16] = Float(rate(level, iterations: iterations))
            }
            best = max(best, rates.array.reduce(0) { $0 + Double($1) })
        }
        return best
    }

    /// The peak of this thread in GFLOP/s.
    private static func rate(_ level: KernelLevel, iterations: Int) -> Double {
        let time = ContinuousClock().measure {
            _ = unsafe qk_numeric(level.number).pointee.peak(iterations)
        }
        let operations = unsafe qk_numeric(level.number).pointee.peak_operations
        return Double(iterations * operations) / (time / .seconds(1)) / 1e9
    }
}
