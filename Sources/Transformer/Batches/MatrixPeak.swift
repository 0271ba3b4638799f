import CKernels
public import Work

/// How fast this machine multiplies and adds when nothing is in the way: what a share of the peak
/// is a share of.
public enum MatrixPeak {
    /// Measures the float32 peak of all threads together, in GFLOP/s, in about 50 ms.
    ///
    /// Each thread runs fused multiply-adds in registers; the best of three runs counts.
    public static func measure(team: ThreadTeam, kernels level: KernelLevel = .best) -> Double {
        // One short run says how many iterations take about 15 ms.
        let trial = qk_peak_gflops(level.rawValue, 2_000)
        let operations = 320.0 * Double(max(1, vectorWidth(level)))
        let iterations = max(1_000, Int(trial * 1e9 * 0.015 / operations))
        var best = 0.0
        for _ in 0..<3 {
            let rates = FloatBuffer(count: team.threadCount * 16)
            team.run(team.threadCount) { item in
                // A cache line each, so that the threads do not share one.
                rates[item * 16] = Float(qk_peak_gflops(level.rawValue, iterations))
            }
            best = max(best, rates.array.reduce(0) { $0 + Double($1) })
        }
        return best
    }

    private static func vectorWidth(_ level: KernelLevel) -> Int {
        switch level {
        case .plain, .plainMixed: 1
        case .portable: 4
        case .avx2: 8
        case .avx512, .avx512Mixed: 16
        }
    }
}
