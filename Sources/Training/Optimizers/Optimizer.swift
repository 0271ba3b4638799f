public import Models
public import Work

/// Changes a model's parameters by their gradients, after clipping by the gradient's global norm.
///
/// AdamW is Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled Weight Decay
/// Regularization", 2019). With ``OptimizerKind/muon`` the blocks' matrices are stepped by Muon
/// (Jordan et al., <https://kellerjordan.github.io/posts/muon/>) and the rest by AdamW. Matrices
/// and embeddings decay; biases and the gains of norms do not, as in GPT-2's and nanoGPT's recipes.
///
/// Its state is what the `StepRule` of each tensor keeps. One of several processes has the state of
/// the parameters that it steps, and steps no others.
public final class Optimizer {
    let configuration: TrainingConfiguration
    let layout: ParameterLayout
    let groups: [Group]
    /// By the number of a moment among those of its rule.
    let moments: [FloatBuffer]
    private let team: ThreadTeam
    private let muon: MuonKernels
    /// What this process steps; nil for one that steps everything.
    let share: OptimizerShare?

    /// Steps done.
    public internal(set) var stepCount: Int

    /// A tensor, or the part of it that this process steps, and how it is stepped.
    struct Group {
        let tensor: ParameterLayout.Tensor
        /// Its floats among the parameters.
        let range: Range<Int>
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
    public convenience init(
        _ configuration: TrainingConfiguration, layout: ParameterLayout, team: ThreadTeam
    ) {
        self.init(configuration, layout: layout, team: team, share: nil)
    }

    /// An optimizer that has seen nothing yet, of one of several processes.
    ///
    /// - Parameter share: what this process steps; nil for one that steps everything.
    init(
        _ configuration: TrainingConfiguration, layout: ParameterLayout, team: ThreadTeam,
        share: OptimizerShare?
    ) {
        self.configuration = configuration
        self.layout = layout
        self.team = team
        self.share = share
        let (groups, counts) = Self.groups(configuration, layout, share)
        self.groups = groups
        moments = counts.map { FloatBuffer(count: $0) }
        let (places, momenta) = Self.muonPlaces(groups)
        muon = MuonKernels(places: places, momenta: momenta, team: team)
        stepCount = 0
    }

    /// Rule of each tensor's step, in the order of the layout, and the floats of each buffer of
    /// moments. The first moments lie as the parameters do; the others follow each other, and so do
    /// the first of a process that steps a part.
    private static func groups(
        _ configuration: TrainingConfiguration, _ layout: ParameterLayout, _ share: OptimizerShare?
    ) -> (groups: [Group], momentCounts: [Int]) {
        var counts = [share == nil ? layout.floatCount : 0]
        let groups = layout.tensors.filter { !$0.isConstant }.compactMap { tensor -> Group? in
            let range = share?.range(of: tensor) ?? tensor.range
            guard !range.isEmpty else { return nil }
            let rule = configuration.optimizer.rule(for: tensor)
            var offsets: [Int] = []
            for number in rule.moments.indices {
                if number == counts.count { counts.append(0) }
                let isInPlace = number == 0 && share == nil
                offsets.append(isInPlace ? tensor.offset : counts[number])
                if !isInPlace { counts[number] += range.count }
            }
            return Group(
                tensor: tensor, range: range, rule: rule, offsets: offsets,
                weightDecay: tensor.isDecayed ? configuration.weightDecay : 0)
        }
        return (groups, counts)
    }

    /// The matrices that Muon steps, and where their momenta are.
    private static func muonPlaces(_ groups: [Group]) -> (places: [MatrixPlace], momenta: [Int]) {
        let places = groups.filter { $0.rule == .muon }.flatMap { group in
            group.tensor.maps.map { ($0, $0.offset - group.range.lowerBound + group.offsets[0]) }
        }
        return (places.map(\.0), places.map(\.1))
    }

    /// Bytes of moments and scratch.
    var byteCount: Int { 4 * moments.reduce(0) { $0 + $1.count } + muon.byteCount }

    /// Bytes of the moments and scratch of an optimizer, before they are allocated.
    static func byteCount(
        _ configuration: TrainingConfiguration, layout: ParameterLayout, threadCount: Int,
        share: OptimizerShare? = nil
    ) -> Int {
        let (groups, counts) = groups(configuration, layout, share)
        return 4 * counts.reduce(0, +)
            + MuonKernels.byteCount(
                places: muonPlaces(groups).places, threadCount: threadCount)
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
                firstMoments: moments[0], secondMoments: moments[1], range: group.range,
                firstOffset: group.offsets[0], secondOffset: group.offsets[1], team: team)
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
