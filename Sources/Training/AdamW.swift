public import Transformer

/// Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled Weight Decay
/// Regularization", 2019), after clipping by the gradient's global norm.
///
/// Matrices and embeddings decay; biases and the gains of LayerNorm do not, as in GPT-2's and
/// nanoGPT's recipes.
public final class AdamW {
    private let configuration: TrainingConfiguration
    private let firstMoments: FloatBuffer
    private let secondMoments: FloatBuffer

    /// Steps done.
    public private(set) var stepCount: Int

    private static let prefixes = (first: "exp_avg.", second: "exp_avg_sq.")
    private static let stepKey = "step"

    /// An optimizer that has seen nothing yet.
    public init(_ configuration: TrainingConfiguration, layout: ParameterLayout) {
        self.configuration = configuration
        firstMoments = FloatBuffer(count: layout.floatCount)
        secondMoments = FloatBuffer(count: layout.floatCount)
        stepCount = 0
    }

    /// Reads the optimizer that ``write(to:layout:)`` wrote.
    convenience init(
        _ configuration: TrainingConfiguration, layout: ParameterLayout, path: String
    ) throws {
        self.init(configuration, layout: layout)
        let file = try SafetensorsFile(path: path)
        guard let text = file.metadata[Self.stepKey], let step = Int(text), step >= 0 else {
            throw TrainingError.badCheckpoint(path: path, reason: "it does not say its step")
        }
        stepCount = step
        for tensor in layout.tensors {
            try file.read(
                Self.prefixes.first + tensor.name, shape: tensor.shape, into: firstMoments,
                at: tensor.offset)
            try file.read(
                Self.prefixes.second + tensor.name, shape: tensor.shape, into: secondMoments,
                at: tensor.offset)
        }
    }

    /// Bytes of both moments.
    var byteCount: Int { 4 * (firstMoments.count + secondMoments.count) }

    /// Changes the model's parameters by one step. O(parameters).
    ///
    /// - Parameters:
    ///   - gradients: laid out as the parameters.
    ///   - learningRate: this step's.
    /// - Returns: the global norm of the gradient before it was clipped.
    public func step(
        model: GPT, gradients: FloatBuffer, learningRate: Double, team: ThreadTeam
    ) -> Double {
        let norm = OptimizerKernels.sumOfSquares(of: gradients, team: team).squareRoot()
        let clip = configuration.gradientClip
        stepCount += 1
        var step = OptimizerKernels.AdamWStep(
            learningRate: Float(learningRate), beta1: Float(configuration.beta1),
            beta2: Float(configuration.beta2), epsilon: Float(configuration.epsilon),
            weightDecay: 0, gradientScale: clip > 0 && norm > clip ? Float(clip / norm) : 1,
            step: stepCount)
        for tensor in model.layout.tensors {
            step.weightDecay = tensor.isDecayed ? Float(configuration.weightDecay) : 0
            OptimizerKernels.adamW(
                step, parameters: model.parameters, gradients: gradients,
                firstMoments: firstMoments, secondMoments: secondMoments, range: tensor.range,
                team: team)
        }
        return norm
    }

    /// Writes both moments, under the tensors' names with PyTorch's prefixes before them.
    func write(to path: String, layout: ParameterLayout) throws {
        var tensors: [SafetensorsFile.Source] = []
        for (prefix, buffer) in [
            (Self.prefixes.first, firstMoments), (Self.prefixes.second, secondMoments),
        ] {
            for tensor in layout.tensors {
                tensors.append(
                    .init(
                        name: prefix + tensor.name, shape: tensor.shape, buffer: buffer,
                        offset: tensor.offset))
            }
        }
        try SafetensorsFile.write(
            tensors, metadata: ["format": "pt", Self.stepKey: "\(stepCount)"], to: path)
    }
}
