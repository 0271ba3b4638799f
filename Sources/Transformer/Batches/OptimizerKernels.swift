import CKernels
public import Work

/// The arithmetic of an optimizer over whole buffers, on all threads.
///
/// Buffers are cut into blocks of a fixed size, so that sums come out the same for any number of
/// threads.
public enum OptimizerKernels {
    /// Floats in a block.
    static let blockCount = 16_384

    /// One step of AdamW: the numbers that are the same for every parameter of a group.
    public struct AdamWStep: Sendable {
        /// The learning rate.
        public var learningRate: Float
        /// Decay of the first moment.
        public var beta1: Float
        /// Decay of the second moment.
        public var beta2: Float
        /// Added to the root of the second moment.
        public var epsilon: Float
        /// Decoupled decay, multiplied by the learning rate.
        public var weightDecay: Float
        /// What gradients are multiplied by first: the clipping factor, or 1.
        public var gradientScale: Float
        /// Steps done, this one included: the first step is 1.
        public var step: Int

        /// A step with these numbers.
        public init(
            learningRate: Float, beta1: Float, beta2: Float, epsilon: Float, weightDecay: Float,
            gradientScale: Float, step: Int
        ) {
            self.learningRate = learningRate
            self.beta1 = beta1
            self.beta2 = beta2
            self.epsilon = epsilon
            self.weightDecay = weightDecay
            self.gradientScale = gradientScale
            self.step = step
        }
    }

    /// The sum of the squares of all floats: the square of a gradient's global norm.
    public static func sumOfSquares(
        of buffer: FloatBuffer, team: ThreadTeam, kernels level: KernelLevel = .best
    ) -> Double {
        let blocks = (buffer.count + blockCount - 1) / blockCount
        let sums = DoubleScratch(count: blocks)
        eachBlock(of: buffer.count, team) { range in
            sums[range.lowerBound / blockCount] = unsafe qk_numeric(level.number).pointee
                .sum_of_squares(range.count, buffer.slice(range).base)
        }
        return sums.total
    }

    /// p -= rate · (m̂ / (√v̂ + epsilon) + decay · p) over the floats in `range`; their second
    /// moments begin at `secondOffset`, nil for the range's own beginning.
    ///
    /// Source: Loshchilov and Hutter, <https://arxiv.org/abs/1711.05101>.
    public static func adamW(
        _ step: AdamWStep, parameters: FloatBuffer, gradients: FloatBuffer,
        firstMoments: FloatBuffer, secondMoments: FloatBuffer, range: Range<Int>,
        secondOffset: Int? = nil, team: ThreadTeam, kernels level: KernelLevel = .best
    ) {
        precondition(step.step > 0, "the first step is 1")
        func correction(_ beta: Float) -> Float {
            Float(1 / (1 - power(Double(beta), step.step)))
        }
        let constants = qk_adamw_step(
            rate: step.learningRate, beta1: step.beta1, beta2: step.beta2, epsilon: step.epsilon,
            decay: step.weightDecay, gradient_scale: step.gradientScale,
            correction1: correction(step.beta1), correction2: correction(step.beta2))
        eachBlock(of: range.count, team) { part in
            var constants = constants
            let start = range.lowerBound + part.lowerBound
            let place = start..<start + part.count
            let second = (secondOffset ?? range.lowerBound) + part.lowerBound
            unsafe qk_numeric(level.number).pointee.adamw(
                part.count, parameters.slice(place).base,
                gradients.slice(place).base, firstMoments.slice(place).base,
                secondMoments.slice(second..<second + part.count).base, &constants)
        }
    }

    /// Calls `body` on all threads with the blocks of 0..<count.
    static func eachBlock(of count: Int, _ team: ThreadTeam, _ body: (Range<Int>) -> Void) {
        let blocks = (count + blockCount - 1) / blockCount
        team.run(blocks) { block in
            let start = block * blockCount
            body(start..<min(start + blockCount, count))
        }
    }

    /// base^exponent by squaring, so that no system's `pow` decides a bit.
    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, square, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }
}

/// A double for each block, written by many threads in different places.
@safe private final class DoubleScratch {
    private let base: UnsafeMutablePointer<Double>
    private let count: Int

    init(count: Int) {
        unsafe base = .allocate(capacity: max(count, 1))
        unsafe base.initialize(repeating: 0, count: max(count, 1))
        self.count = count
    }

    deinit { unsafe base.deallocate() }

    subscript(index: Int) -> Double {
        get {
            precondition(index >= 0 && index < count)
            return unsafe base[index]
        }
        set {
            precondition(index >= 0 && index < count)
            unsafe base[index] = newValue
        }
    }

    /// The sum in order.
    var total: Double { (0..<count).reduce(0) { $0 + self[$1] } }
}
