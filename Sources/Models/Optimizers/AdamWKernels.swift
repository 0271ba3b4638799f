import CKernels
package import Work

/// The arithmetic of AdamW over the parameters of a model, on all threads.
///
/// AdamW is Adam with decoupled weight decay. Every parameter is stepped by itself, so the bits are
/// the same for any number of threads.
/// Source: Loshchilov and Hutter, <https://arxiv.org/abs/1711.05101>.
package enum AdamWKernels {
    /// One step: the numbers that are the same for every parameter of a group.
    package struct Step: Sendable {
        /// The learning rate.
        package var learningRate: Float
        /// Decay of the first moment.
        package var beta1: Float
        /// Decay of the second moment.
        package var beta2: Float
        /// Added to the root of the second moment.
        package var epsilon: Float
        /// Decoupled decay, multiplied by the learning rate.
        package var weightDecay: Float
        /// Factor for the gradients, before all else: the clipping factor, or 1.
        package var gradientScale: Float
        /// Steps done, this one included: the first step is 1.
        package var step: Int

        /// A step with these numbers.
        package init(
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

    /// p -= rate · (m̂ / (√v̂ + epsilon) + decay · p) over the floats in `range`; their moments
    /// begin at `firstOffset` and `secondOffset`, nil for the range's own beginning. O(range).
    package static func step(
        _ step: Step, parameters: FloatBuffer, gradients: FloatBuffer,
        firstMoments: FloatBuffer, secondMoments: FloatBuffer, range: Range<Int>,
        firstOffset: Int? = nil, secondOffset: Int? = nil, team: ThreadTeam,
        kernels level: KernelLevel = .best
    ) {
        precondition(step.step > 0, "the first step is 1")
        func correction(_ beta: Float) -> Float {
            Float(1 / (1 - power(Double(beta), step.step)))
        }
        let constants = qk_adamw_step(
            rate: step.learningRate, beta1: step.beta1, beta2: step.beta2, epsilon: step.epsilon,
            decay: step.weightDecay, gradient_scale: step.gradientScale,
            correction1: correction(step.beta1), correction2: correction(step.beta2))
        ParameterBlocks.eachBlock(of: range.count, team) { part in
            var constants = constants
            let start = range.lowerBound + part.lowerBound
            let place = start..<start + part.count
            let first = (firstOffset ?? range.lowerBound) + part.lowerBound
            let second = (secondOffset ?? range.lowerBound) + part.lowerBound
            unsafe qk_numeric(level.number).pointee.adamw(
                part.count, parameters.slice(place).base,
                gradients.slice(place).base,
                firstMoments.slice(first..<first + part.count).base,
                secondMoments.slice(second..<second + part.count).base, &constants)
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
