public import Transformer
public import Work

/// Changes a model's parameters by their gradients, after clipping by the gradient's global norm.
///
/// AdamW is Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled Weight Decay
/// Regularization", 2019). With ``OptimizerKind/muon`` the blocks' matrices are stepped by Muon
/// (Jordan et al., <https://kellerjordan.github.io/posts/muon/>) and the rest by AdamW. Matrices and
/// embeddings decay; biases and the gains of norms do not, as in GPT-2's and nanoGPT's recipes.
///
/// Its state is a first moment for each parameter (Muon's momentum among them) and a second moment
/// for each that AdamW steps.
public final class Optimizer {
    private let configuration: TrainingConfiguration
    private let groups: [Group]
    private let firstMoments: FloatBuffer
    private let secondMoments: FloatBuffer
    private let team: ThreadTeam
    private let muon: MuonKernels

    /// Steps done.
    public private(set) var stepCount: Int

    /// A tensor and how it is stepped.
    private struct Group {
        let tensor: ParameterLayout.Tensor
        /// The first of its second moments; nil for a matrix that Muon steps.
        let secondOffset: Int?
        let weightDecay: Double

        /// PyTorch's names of the two moments, with the tensor's.
        var firstName: String {
            (secondOffset == nil ? "momentum_buffer." : "exp_avg.") + tensor.name
        }
        var secondName: String { "exp_avg_sq." + tensor.name }
    }

    private static let stepKey = "step"

    /// An optimizer that has seen nothing yet.
    ///
    /// - Parameters:
    ///   - configuration: the rule and its numbers.
    ///   - layout: the model's.
    ///   - team: the threads that the steps are made on; the result does not depend on them.
    public init(_ configuration: TrainingConfiguration, layout: ParameterLayout, team: ThreadTeam) {
        self.configuration = configuration
        self.team = team
        groups = Self.groups(configuration, layout)
        firstMoments = FloatBuffer(count: layout.floatCount)
        secondMoments = FloatBuffer(count: Self.secondCount(groups))
        muon = MuonKernels(places: Self.muonPlaces(groups), team: team)
        stepCount = 0
    }

    /// How each tensor is stepped, in the order of the layout.
    private static func groups(
        _ configuration: TrainingConfiguration, _ layout: ParameterLayout
    ) -> [Group] {
        var secondCount = 0
        return layout.tensors.map { tensor in
            let isMuon = configuration.optimizer == .muon && tensor.isBlockMatrix
            defer { if !isMuon { secondCount += tensor.count } }
            return Group(
                tensor: tensor, secondOffset: isMuon ? nil : secondCount,
                weightDecay: tensor.isDecayed ? configuration.weightDecay : 0)
        }
    }

    private static func secondCount(_ groups: [Group]) -> Int {
        groups.reduce(0) { $0 + ($1.secondOffset == nil ? 0 : $1.tensor.count) }
    }

    private static func muonPlaces(_ groups: [Group]) -> [MatrixPlace] {
        groups.filter { $0.secondOffset == nil }.flatMap(\.tensor.maps)
    }

    /// Bytes of the moments and scratch of an optimizer, before they are allocated.
    static func byteCount(
        _ configuration: TrainingConfiguration, layout: ParameterLayout, threadCount: Int
    ) -> Int {
        let groups = groups(configuration, layout)
        return 4 * (layout.floatCount + secondCount(groups))
            + MuonKernels.byteCount(places: muonPlaces(groups), threadCount: threadCount)
    }

    /// Reads the optimizer that ``write(to:)`` wrote.
    convenience init(
        _ configuration: TrainingConfiguration, layout: ParameterLayout, team: ThreadTeam,
        path: String
    ) throws {
        self.init(configuration, layout: layout, team: team)
        let file = try SafetensorsFile(path: path)
        guard let text = file.metadata[Self.stepKey], let step = Int(text), step >= 0 else {
            throw TrainingError.badCheckpoint(path: path, reason: "it does not say its step")
        }
        guard Set(file.tensors.map(\.name)) == Set(sources.map(\.name)) else {
            throw TrainingError.badCheckpoint(
                path: path,
                reason: """
                    it is the state of another optimizer than \(configuration.optimizer); keep the one that \
                    it had, or begin from its model in another directory (init_from)
                    """)
        }
        stepCount = step
        for source in sources {
            try file.read(source.name, shape: source.shape, into: source.buffer, at: source.offset)
        }
    }

    /// Bytes of moments and scratch.
    var byteCount: Int { 4 * (firstMoments.count + secondMoments.count) + muon.byteCount }

    /// The global norm of a gradient. O(parameters).
    public func norm(of gradients: FloatBuffer) -> Double {
        OptimizerKernels.sumOfSquares(of: gradients, team: team).squareRoot()
    }

    /// Changes the model's parameters by one step. O(parameters), and for Muon the iterations'
    /// products: about 30 · inputs · outputs · the smaller of both for each matrix.
    ///
    /// - Parameters:
    ///   - model: the model whose parameters are changed.
    ///   - gradients: laid out as the parameters.
    ///   - norm: their global norm.
    ///   - factor: what the schedule multiplies the learning rates by.
    public func step(model: GPT, gradients: FloatBuffer, norm: Double, factor: Double) {
        let clip = configuration.gradientClip
        let scale = clip > 0 && norm > clip ? Float(clip / norm) : 1
        stepCount += 1
        muon.step(
            MuonKernels.Step(
                learningRate: Float(configuration.muonLearningRate * factor),
                momentum: Float(configuration.muonMomentum),
                weightDecay: Float(configuration.weightDecay), gradientScale: scale),
            parameters: model.parameters, gradients: gradients, momenta: firstMoments)
        var step = OptimizerKernels.AdamWStep(
            learningRate: Float(configuration.learningRate * factor),
            beta1: Float(configuration.beta1), beta2: Float(configuration.beta2),
            epsilon: Float(configuration.epsilon), weightDecay: 0, gradientScale: scale,
            step: stepCount)
        for group in groups {
            guard let secondOffset = group.secondOffset else { continue }
            step.weightDecay = Float(group.weightDecay)
            OptimizerKernels.adamW(
                step, parameters: model.parameters, gradients: gradients,
                firstMoments: firstMoments, secondMoments: secondMoments,
                range: group.tensor.range, secondOffset: secondOffset, team: team)
        }
    }

    /// Writes the moments, under the tensors' names with PyTorch's prefixes before them.
    func write(to path: String) throws {
        try SafetensorsFile.write(
            sources, metadata: ["format": "pt", Self.stepKey: "\(stepCount)"], to: path)
    }

    /// The state, as it is written and read.
    private var sources: [SafetensorsFile.Source] {
        groups.map {
            .init(
                name: $0.firstName, shape: $0.tensor.shape, buffer: firstMoments,
                offset: $0.tensor.offset)
        }
            + groups.compactMap { group in
                group.secondOffset.map {
                    .init(
                        name: group.secondName, shape: group.tensor.shape, buffer: secondMoments,
                        offset: $0)
                }
            }
    }
}
