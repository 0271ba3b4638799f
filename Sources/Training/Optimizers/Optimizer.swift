public import Models
public import Work

/// Changes a model's parameters by their gradients, after clipping by the gradient's global norm.
///
/// AdamW is Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled Weight Decay
/// Regularization", 2019). With ``OptimizerKind/muon`` the blocks' matrices are stepped by Muon
/// (Jordan et al., <https://kellerjordan.github.io/posts/muon/>) and the rest by AdamW. Matrices
/// and embeddings decay; biases and the gains of norms do not, as in GPT-2's and nanoGPT's recipes.
///
/// Its state is what the `StepRule` of each tensor keeps.
public final class Optimizer {
    let configuration: TrainingConfiguration
    let groups: [Group]
    /// By the number of a moment among those of its rule.
    let moments: [FloatBuffer]
    private let team: ThreadTeam
    private let muon: MuonKernels

    /// Steps done.
    public internal(set) var stepCount: Int

    /// A tensor and how it is stepped.
    struct Group {
        let tensor: ParameterLayout.Tensor
        let rule: StepRule
        /// Offset of each of its moments in the buffer of that number.
        let offsets: [Int]
        let weightDecay: Double
    }

    /// An optimizer that has seen nothing yet.
    ///
    /// - Parameters:
    ///   - configuration: the rules and their numbers.
    ///   - layout: the model's.
    ///   - team: the threads that the steps are made on; the result does not depend on them.
    public init(_ configuration: TrainingConfiguration, layout: ParameterLayout, team: ThreadTeam) {
        self.configuration = configuration
        self.team = team
        let (groups, counts) = Self.groups(configuration, layout)
        self.groups = groups
        moments = counts.map { FloatBuffer(count: $0) }
        muon = MuonKernels(places: Self.muonPlaces(groups), team: team)
        stepCount = 0
    }

    /// Rule of each tensor's step, in the order of the layout, and the floats of each buffer of
    /// moments. The first moments lie as the parameters do, since the maps of a matrix are places
    /// in that layout; the others follow each other.
    private static func groups(
        _ configuration: TrainingConfiguration, _ layout: ParameterLayout
    ) -> (groups: [Group], momentCounts: [Int]) {
        var counts = [layout.floatCount]
        let groups = layout.tensors.filter { !$0.isConstant }.map { tensor in
            let rule = configuration.optimizer.rule(for: tensor)
            var offsets = [tensor.offset]
            for number in 1..<rule.moments.count {
                if number == counts.count { counts.append(0) }
                offsets.append(counts[number])
                counts[number] += tensor.count
            }
            return Group(
                tensor: tensor, rule: rule, offsets: offsets,
                weightDecay: tensor.isDecayed ? configuration.weightDecay : 0)
        }
        return (groups, counts)
    }

    private static func muonPlaces(_ groups: [Group]) -> [MatrixPlace] {
        groups.filter { $0.rule == .muon }.flatMap(\.tensor.maps)
    }

    /// Bytes of moments and scratch.
    var byteCount: Int { 4 * moments.reduce(0) { $0 + $1.count } + muon.byteCount }

    /// Bytes of the moments and scratch of an optimizer, before they are allocated.
    static func byteCount(
        _ configuration: TrainingConfiguration, layout: ParameterLayout, threadCount: Int
    ) -> Int {
        let (groups, counts) = groups(configuration, layout)
        return 4 * counts.reduce(0, +)
            + MuonKernels.byteCount(places: muonPlaces(groups), threadCount: threadCount)
    }

    /// The global norm of a gradient. O(parameters).
    public func norm(of gradients: FloatBuffer) -> Double {
        ParameterBlocks.sumOfSquares(of: gradients, team: team).squareRoot()
    }

    /// Changes the model's parameters by one step. O(parameters), and for Muon the iterations'
    /// products: about 30 · inputs · outputs · the smaller of both for each matrix.
    ///
    /// - Parameters:
    ///   - model: the model that is changed.
    ///   - gradients: laid out as the parameters.
    ///   - norm: their global norm.
    ///   - factor: the schedule's factor for the learning rates.
    public func step(model: any LanguageModel, gradients: FloatBuffer, norm: Double, factor: Double)
    {
        let clip = configuration.gradientClip
        let scale = clip > 0 && norm > clip ? Float(clip / norm) : 1
        stepCount += 1
        for rule in StepRule.allCases {
            switch rule {
            case .adamW: stepAdamW(model, gradients, scale: scale, factor: factor)
            case .muon: stepMuon(model, gradients, scale: scale, factor: factor)
            }
        }
    }

    private func stepAdamW(
        _ model: any LanguageModel, _ gradients: FloatBuffer, scale: Float, factor: Double
    ) {
        var step = AdamWKernels.Step(
            learningRate: Float(configuration.learningRate * factor),
            beta1: Float(configuration.beta1), beta2: Float(configuration.beta2),
            epsilon: Float(configuration.epsilon), weightDecay: 0, gradientScale: scale,
            step: stepCount)
        for group in groups where group.rule == .adamW {
            step.weightDecay = Float(group.weightDecay)
            AdamWKernels.step(
                step, parameters: model.parameters, gradients: gradients,
                firstMoments: moments[0], secondMoments: moments[1], range: group.tensor.range,
                secondOffset: group.offsets[1], team: team)
        }
    }

    private func stepMuon(
        _ model: any LanguageModel, _ gradients: FloatBuffer, scale: Float, factor: Double
    ) {
        muon.step(
            MuonKernels.Step(
                learningRate: Float(configuration.muonLearningRate * factor),
                momentum: Float(configuration.muonMomentum),
                weightDecay: Float(configuration.weightDecay), gradientScale: scale),
            parameters: model.parameters, gradients: gradients, momenta: moments[0])
    }
}

/// The optimizer's part of a checkpoint: its moments, under PyTorch's names for them followed by
/// those of the tensors, and the number of steps.
extension Optimizer {
    private static let stepKey = "step"

    /// Reads the optimizer that ``write(to:)`` wrote.
    convenience init(
        _ configuration: TrainingConfiguration, layout: ParameterLayout, team: ThreadTeam,
        path: String
    ) throws {
        self.init(configuration, layout: layout, team: team)
        let file = try SafetensorsFile(path: path)
        guard let text = file.metadata[Self.stepKey], let step = Int(text),
            (0...1 << 40).contains(step)
        else {
            throw TrainingError.badCheckpoint(path: path, reason: "it does not say its step")
        }
        guard Set(file.tensors.map(\.name)) == Set(sources.map(\.name)) else {
            throw TrainingError.badCheckpoint(
                path: path,
                reason: """
                    it is the state of another optimizer than \(configuration.optimizer); keep the \
                    one that it had, or begin from its model in another directory (init_from)
                    """)
        }
        stepCount = step
        for source in sources {
            try file.read(source.name, shape: source.shape, into: source.buffer, at: source.offset)
            let count = source.shape.reduce(1, *)
            guard source.buffer.isFinite(source.offset..<source.offset + count) else {
                throw TrainingError.badCheckpoint(
                    path: path, reason: "a number of \(source.name) is not finite")
            }
        }
    }

    /// Writes the moments and the number of steps. O(parameters).
    func write(to path: String) throws {
        try SafetensorsFile.write(
            sources, metadata: ["format": "pt", Self.stepKey: "\(stepCount)"], to: path)
    }

    /// The state, as it is written and read: the first moment of every tensor, then the second of
    /// those that have one.
    private var sources: [SafetensorsFile.Source] {
        moments.enumerated().flatMap { number, buffer in
            groups.filter { $0.offsets.count > number }.map { group in
                SafetensorsFile.Source(
                    name: group.rule.moments[number] + "." + group.tensor.name,
                    shape: group.tensor.shape, buffer: buffer, offset: group.offsets[number])
            }
        }
    }
}
