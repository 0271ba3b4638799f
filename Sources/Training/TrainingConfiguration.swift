public import Models
public import Processes
public import TokenShards
import Work

/// Settings of training a model: section `training` of a pipeline.
public struct TrainingConfiguration: Codable, Sendable, Equatable {
    /// The directory of a model to begin from: a checkpoint, or a Hugging Face model directory; nil
    /// to begin at random. The model's shape is then that one's.
    public var initFrom: String?
    /// Optimizer steps in all.
    public var steps = 600
    /// Windows of a batch.
    public var batchSize = 8
    /// Batches whose gradients are summed before a step.
    public var gradientAccumulationSteps = 1
    /// Parts that a step's windows are divided into: a thread works on one at a time, and their
    /// gradients are summed as a binary tree. nil for 4, or fewer where a batch is smaller. Another
    /// number changes the last bits; how the windows are divided into batches does not.
    public var gradientSlots: Int?
    /// Packing of documents into windows.
    public var packing = Packing.concatenate
    /// Tokens between the beginnings of two training windows that are cut from one stretch, as
    /// `concatenate` does; nil for the context length.
    public var stride: Int?
    /// Whether each epoch after the first cuts windows elsewhere, with the packing `concatenate`,
    /// so that a token does not have the same context each time. Rows that read on are cut alike.
    public var shiftsWindows: Bool {
        get { shifting.isOn }
        set { shifting.isOn = newValue }
    }
    private var shifting = WrittenIfTrue()
    /// Whether a window's documents are read apart: attention does not look from one into another,
    /// and positions count from each one's beginning.
    public var masksDocuments = true
    /// Whether the rows of a step are streams, each of which goes on with the state that it ended
    /// the step before with, for a model that has such a state. Gradients end where a window
    /// begins, so back-propagation is truncated there. A stream begins at zero, and, with
    /// ``masksDocuments``, so does each document.
    public var carriesState: Bool {
        get { carrying.isOn }
        set { carrying.isOn = newValue }
    }
    private var carrying = WrittenIfTrue()
    /// The share of activations that dropout drops while training; 0 for none.
    public var dropout = 0.0
    /// In what matrix products multiply; `mixed` on a processor without a quick way is
    /// `float32`, and the plan of the run says so.
    public var precision = Precision.float32
    /// Optimizer that changes the parameters.
    public var optimizer = OptimizerKind.muon
    /// AdamW's learning rate at its highest.
    public var learningRate = LearningRates.decoder.adamWBesideMuon
    /// Muon's learning rate at its highest, for the blocks' matrices.
    public var muonLearningRate = LearningRates.decoder.muon
    /// The decay of Muon's running mean of gradients.
    public var muonMomentum = LearningRates.decoder.muonMomentum
    /// The most steps that each of several processes takes alone, with its own part of the windows,
    /// before their parameters are brought together by an outer step; nil for a step that all take
    /// together. Evaluations, samples and checkpoints that fall due in between are done then.
    public var localSteps: Int?
    /// Steps that a round of local steps may have for each step that was taken before it; nil for
    /// 1/48. While that is less than two, all processes take each step together.
    public var localGrowth: Double?
    /// The learning rate of the outer step; nil for 1.
    public var outerLearningRate: Double?
    /// The decay of the outer step's momentum, which is Nesterov's; nil for 0.
    public var outerMomentum: Double?
    /// The numbers in which ranks send each other gradients, or what they have moved in local
    /// steps; nil for float32, with which the result has the bits of one process.
    public var wire: WireNumbers?
    /// Shape of the learning rates after their rise.
    public var schedule = LearningRateSchedule.Shape.wsd
    /// The learning rate at the end, as a share of the highest.
    public var finalLearningRateRatio = 0.0
    /// Steps over which the learning rate rises from zero.
    public var warmupSteps = 20
    /// The last steps over which the schedule `wsd` falls, as a share of all.
    public var decayFraction = 0.6
    /// Decoupled weight decay, on matrices and embeddings alone.
    public var weightDecay = 0.1
    /// The decay of the gradient's running mean.
    public var beta1 = LearningRates.decoder.beta1BesideMuon
    /// The decay of the squared gradient's running mean.
    public var beta2 = 0.99
    /// Added to the root of the squared gradient's mean.
    public var epsilon = 1e-8
    /// The largest global norm of the gradient; a longer one is scaled down to it. 0 turns it off.
    public var gradientClip = 1.0
    /// Standard deviations above the mean of the last steps from which on a loss or a gradient's
    /// norm is an outlier, and its step is skipped; 0 skips none. (A step that is not finite always
    /// is.)
    public var skipOutliers = 0.0
    /// Whether every step learns from the first batch, to see that the model can learn it by heart.
    public var overfitOneBatch = false
    /// Steps between two evaluations of the validation split.
    public var evaluateEvery = 200
    /// Tokens between the beginnings of two evaluation windows; nil for the context length. A
    /// smaller one gives each token more context, at the price of time.
    public var evaluationStride: Int?
    /// Evaluations in a row without a new best after which the run ends; 0 goes on to the last
    /// step.
    public var earlyStopPatience = 0
    /// Files of tasks that are scored now and then; nil for none. What they hold is the caller's
    /// affair.
    public var tasks: [String]?
    /// Steps between two scorings of ``tasks``; nil for ``evaluateEvery``.
    public var evaluateTasksEvery: Int?
    /// Steps between two sets of samples; 0 draws none.
    public var sampleEvery = 0
    /// Steps between two checkpoints.
    public var checkpointEvery = 200
    /// Checkpoints kept besides the best one.
    public var keepCheckpoints = 2
    /// Chooses the initial weights and the order of the windows.
    public var seed: UInt64 = 1_337

    /// AdamW's own, where it steps every parameter.
    private static let adamWBeta1 = 0.9

    /// The defaults: the recipe that the documentation's article "Defaults" measures.
    public init() {}

    /// The defaults with an optimizer, at the rates that suit it and a model.
    ///
    /// - Parameters:
    ///   - optimizer: the optimizer.
    ///   - rates: those of the model's shape.
    public init(optimizer: OptimizerKind, rates: LearningRates = .decoder) {
        self.optimizer = optimizer
        learningRate = optimizer == .muon ? rates.adamWBesideMuon : rates.adamW
        muonLearningRate = rates.muon
        muonMomentum = rates.muonMomentum
        beta1 = optimizer == .muon ? rates.beta1BesideMuon : Self.adamWBeta1
    }

    /// The keys in `pipeline.json`.
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case steps, packing, stride, dropout, precision, optimizer, schedule, epsilon, beta1, beta2
        case seed, tasks, wire
        case initFrom = "init_from"
        case batchSize = "batch_size"
        case gradientAccumulationSteps = "gradient_accumulation_steps"
        case gradientSlots = "gradient_slots"
        case masksDocuments = "mask_documents"
        case shifting = "shift_windows"
        case carrying = "stateful"
        case learningRate = "learning_rate"
        case muonLearningRate = "muon_learning_rate"
        case muonMomentum = "muon_momentum"
        case localSteps = "local_steps"
        case localGrowth = "local_growth"
        case outerLearningRate = "outer_learning_rate"
        case outerMomentum = "outer_momentum"
        case finalLearningRateRatio = "final_learning_rate_ratio"
        case warmupSteps = "warmup_steps"
        case decayFraction = "decay_fraction"
        case weightDecay = "weight_decay"
        case gradientClip = "gradient_clip"
        case skipOutliers = "skip_outliers"
        case overfitOneBatch = "overfit_one_batch"
        case evaluateEvery = "evaluate_every"
        case evaluateTasksEvery = "evaluate_tasks_every"
        case evaluationStride = "evaluation_stride"
        case earlyStopPatience = "early_stop_patience"
        case sampleEvery = "sample_every"
        case checkpointEvery = "checkpoint_every"
        case keepCheckpoints = "keep_checkpoints"
    }

    /// Windows that a step learns from.
    public var windowsPerStep: Int { batchSize * gradientAccumulationSteps }

    /// Slots of a step. A batch of one window, which is what a large model is trained with, has
    /// one, so that there is only one gradient.
    var slotCount: Int { gradientSlots ?? min(BatchRunner.defaultSlotCount, batchSize) }

    /// Checks that every value makes sense, whatever the model's shape.
    public func validate() throws(TrainingError) {
        if let fault = numericFault {
            throw .badConfiguration(key: fault.key, rule: fault.reason)
        }
        func require(_ condition: Bool, _ key: CodingKeys, _ rule: String) throws(TrainingError) {
            guard condition else { throw .badConfiguration(key: key.rawValue, rule: rule) }
        }
        try require(
            tasks.map { !$0.contains("") } ?? true, .tasks, "must not hold an empty name")
        try require(initFrom != "", .initFrom, "must not be empty; leave it out instead")
        try require(
            gradientSlots.map { $0 <= windowsPerStep } ?? true, .gradientSlots,
            "must be at most the windows of a step, \(windowsPerStep)")
        try require(
            stride == nil || packing == .concatenate, .stride,
            "is for the packing \"concatenate\" alone")
        // Places in the data are counted in windows, over all epochs.
        try require(
            steps <= Self.mostWindows / windowsPerStep, .steps,
            "is \(steps), and a step takes \(windowsPerStep) windows; a run takes at most "
                + "\(Self.mostWindows) of them")
    }

    /// Windows of the longest run.
    package static let mostWindows = 1 << 50
}
