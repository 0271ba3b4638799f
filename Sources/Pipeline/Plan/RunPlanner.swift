import Bytes
import Corpora
import Files
import Models
import Tokenization
import Training
import VocabularyLearning
public import Work

/// Makes the plan of a run that takes so many minutes: looks at the corpus, measures this machine
/// by two short trainings, and sizes vocabulary, model and steps by the same rules as a proposal
/// for a corpus that nobody has described.
///
/// What is chosen takes the place of what the description says; what is set beside it stays, and so
/// do a batch and learning rates that the description says.
public struct RunPlanner {
    private let path: String?
    private let settings: [String]
    private let minutes: Double
    private let work: WorkContext<PipelineEvent>
    /// The pipeline without a plan.
    private let base: PipelineConfiguration
    /// The description and the settings, as they are said.
    private let said: JSONValue
    private let setKeys: Set<String>

    /// Seconds of short trainings where nothing else is asked for.
    public static let standardSeconds = 10.0

    /// A planner for a pipeline.
    ///
    /// - Parameters:
    ///   - path: its description; nil for the defaults.
    ///   - settings: what is put over it, and stays.
    ///   - minutes: the time that training may take.
    ///   - work: threads, the signal to stop, and where events go.
    /// - Throws: ``PipelineError`` for a description that makes no sense, or that leaves nothing to
    ///   plan.
    public init(
        path: String?, settings: [String] = [], minutes: Double, work: WorkContext<PipelineEvent>
    ) throws {
        base = try PipelineConfiguration(path: path, settings: settings)
        var file = try ConfigurationFile(path: path, keys: .pipeline)
        for setting in settings { try file.apply(setting) }
        said = file.said
        setKeys = Set(settings.map { String($0.prefix { $0 != "=" }) })
        self.path = path
        self.settings = settings
        self.minutes = minutes
        self.work = work
        guard !setKeys.contains("training.steps") else {
            throw PipelineError.badValue(
                key: "training.steps", reason: "minutes decide the steps; leave out either")
        }
        guard base.training.initFrom == nil else {
            throw PipelineError.badValue(
                key: "training.init_from",
                reason: "a plan is for a model that begins at random; say its steps")
        }
        for source in base.pipelineSources {
            try source.validate(threadCount: work.threadCount)
        }
    }

    /// The pipeline with the settings of `plan`, as a run takes it.
    public func configuration(_ plan: RunPlan) throws -> PipelineConfiguration {
        try PipelineConfiguration(
            path: path, settings: plan.settings + settings, forRunWith: work.threadCount)
    }

    /// The plan that the run was begun with, if corpus, description and minutes are the same, or a
    /// new one, which is recorded beside the run.
    ///
    /// - Parameter seconds: those of the short trainings.
    public func recordedPlan(seconds: Double = standardSeconds) async throws -> RunPlan {
        let inputs = try inputs()
        if let plan = RunPlan.recorded(inRun: base.runDirectory, inputs: inputs) {
            return plan
        }
        let plan = try await plan(seconds: seconds)
        _ = try configuration(plan)
        try plan.write(toRun: base.runDirectory, inputs: inputs)
        return plan
    }

    /// Fingerprint of what a plan is made for.
    private func inputs() throws -> String {
        let identities = try base.pipelineSources.map { try CorpusIdentity($0.corpus).fingerprint }
        return try StageLedger.fingerprint(
            identities + ["\(minutes)", try StageLedger.fingerprint(base)] + setKeys.sorted())
    }

    /// Makes a plan. Nothing is written that stays.
    ///
    /// - Parameter seconds: those of the short trainings.
    public func plan(seconds: Double = standardSeconds) async throws -> RunPlan {
        var sample = try CorpusSample(of: base, work: work)
        var machine = PipelineProposal.Machine(measuring: work.threadCount)
        var size = RecipeSize(
            sample.survey, minutes: minutes, machine: machine, settled: settled)
        try check(size, sample.survey)
        var pilot = try await pilot(of: size, &sample, machine, seconds: seconds)
        // A model of another size is slower or quicker, and learns otherwise.
        for isAgain in [false, true] {
            machine = RecipeSize.machine(
                threadCount: work.threadCount,
                operationsPerSecond: pilot.tokensPerSecond * size.operationsPerToken)
            let shape = size.ladderShape
            size = RecipeSize(
                sample.survey, minutes: minutes, machine: machine, settled: settled)
            try check(size, sample.survey)
            guard !isAgain, size.ladderShape != shape else { break }
            pilot = try await self.pilot(of: size, &sample, machine, seconds: seconds)
        }
        let chosen = chosen(size, size.settings)
        let configuration = try configuration(chosen)
        var shape = configuration.model.shape
        shape.vocabularySize = size.vocabularySize
        let law = LossLaw(
            pilot.points[0], pilot.points[1], operationsPerToken: size.operationsPerToken)
        let tokens = size.steps * size.tokensPerStep
        let expectation = law.expectation(
            tokens: LossLaw.worth(of: Double(tokens), distinct: size.trainingTokens))
        let memory = MemoryPlan(
            shape: shape, configuration: configuration.training, threadCount: work.threadCount,
            dataByteCount: 2 * size.corpusTokens)
        return RunPlan(
            minutes: minutes, settings: chosen.map(\.description),
            choices: size.choices.map { .init(key: $0.key, value: $0.value, reason: $0.reason) },
            corpusTokens: size.corpusTokens, steps: size.steps, trainingTokens: tokens,
            parameterCount: shape.layout.parameterCount,
            tokensPerParameter: Double(tokens) / Double(shape.layout.parameterCount),
            epochs: Double(tokens) / max(size.trainingTokens, 1), seconds: size.seconds,
            memoryByteCount: max(
                memory.total,
                PipelineProposal.textMemory(
                    of: sample.survey.textByteCount, threadCount: work.threadCount)),
            measured: .init(
                bytesPerToken: pilot.bytesPerToken, tokensPerSecond: pilot.tokensPerSecond,
                tokens: Int(pilot.points[1].tokens), bitsPerByte: pilot.points[1].bits),
            expected: .init(
                bitsPerByte: expectation.middle, low: expectation.low, high: expectation.high),
            warnings: warnings(size, tokens, pilot, sample.survey))
    }

    /// Trains twice for some seconds the model of a size, and takes the bytes of its tokens.
    private func pilot(
        of size: RecipeSize, _ sample: inout CorpusSample, _ machine: PipelineProposal.Machine,
        seconds: Double
    ) async throws -> PilotRun {
        let pilot = try await PilotRun(
            sample, try configuration(chosen(size, size.pilotSettings)), seconds: seconds,
            expectedRate: RecipeSize.operationsPerSecond(of: machine) / size.operationsPerToken,
            work: work)
        sample.take(bytesPerToken: pilot.bytesPerToken, vocabularySize: size.vocabularySize)
        return pilot
    }

    // MARK: What is said

    /// Sizes that settings, or keys of the description that a plan does not replace, have settled.
    private var settled: RecipeSize.Settled {
        func says(_ section: String, _ key: String) -> Bool { said[section]?[key] != nil }
        var settled = RecipeSize.Settled()
        if setKeys.contains("vocabulary.vocab_size") || base.vocabulary.model != .bpe {
            settled.vocabularySize = base.vocabulary.vocabularySize
        }
        let shape = base.model.shape
        let ladderKeys = ["n_layer", "n_head", "n_embd"]
        let isOfLadder = base.readsPairs || ladderKeys.allSatisfy(type(of: shape).keys.contains)
        if !isOfLadder || ladderKeys.contains(where: { setKeys.contains("model." + $0) }) {
            settled.model = shape
        }
        if !base.readsPairs || says("model", "n_positions") {
            settled.contextLength = shape.positionCount
        }
        if says("training", "batch_size") || says("training", "gradient_accumulation_steps") {
            settled.windowsPerStep = base.training.windowsPerStep
        }
        settled.hasRates =
            says("training", "learning_rate") || says("training", "muon_learning_rate")
            || base.training.optimizer != .muon
        settled.hasWeightDecay = says("training", "weight_decay")
        settled.hasShift = says("training", "shift_windows") || says("training", "stateful")
        if says("corpus", "validation_fraction") || !base.sources.isEmpty {
            settled.validationFraction = base.corpus.validationFraction
        }
        return settled
    }

    /// The settings of a size that are chosen, and not set by a person.
    private func chosen(
        _ size: RecipeSize, _ settings: [SweepTrial.Setting]
    ) -> [SweepTrial.Setting] {
        var settings = settings
        if let fraction = size.validationFraction {
            settings.insert(.init(key: "corpus.validation_fraction", value: "\(fraction)"), at: 0)
        }
        if settled.vocabularySize != nil {
            settings.removeAll { $0.key == "vocabulary.vocab_size" }
        }
        if settled.contextLength != nil { settings.removeAll { $0.key == "model.n_positions" } }
        return settings.filter { !setKeys.contains($0.key) }
    }

    private func configuration(_ chosen: [SweepTrial.Setting]) throws -> PipelineConfiguration {
        try PipelineConfiguration(
            path: path, settings: chosen.map(\.description) + settings,
            forRunWith: work.threadCount)
    }

    /// Throws where there is less text than a window holds.
    private func check(_ size: RecipeSize, _ survey: CorpusSurvey) throws(PipelineError) {
        guard !survey.readsPairs, size.trainingTokens < Double(size.contextLength + 1) else {
            return
        }
        throw .noProposal(
            reason: "the corpus holds \(survey.textByteCount) bytes of text, about "
                + "\(size.corpusTokens) tokens, of which \(Int(size.trainingTokens)) are learned "
                + "from, and one window of the model has \(size.contextLength + 1): there must be "
                + "more text, or another")
    }

    /// How often text may be read before it is worth less each time.
    private static let mostEpochs = 4.0
    /// How many times as much as was measured a law may say something of.
    private static let farRatio = 100.0

    private func warnings(
        _ size: RecipeSize, _ tokens: Int, _ pilot: PilotRun, _ survey: CorpusSurvey
    ) -> [String] {
        var warnings: [String] = []
        let epochs = Double(tokens) / max(size.trainingTokens, 1)
        if epochs > Self.mostEpochs {
            warnings.append(
                "the text is read \((epochs * 10).rounded() / 10) times, and more than "
                    + "\(Int(Self.mostEpochs)) times teaches less each time: more text, or fewer "
                    + "minutes")
        }
        if Double(tokens) > Self.farRatio * pilot.points[1].tokens {
            warnings.append(
                "the run learns from \(Int(Double(tokens) / pilot.points[1].tokens)) times as many "
                    + "tokens as were measured with, so that the loss is little more than a guess: "
                    + "measure longer")
        }
        if base.pipelineSources.contains(where: { $0.refinement != nil }) {
            warnings.append(
                "what the refinement leaves out is counted here, for it is known only then")
        }
        if survey.isSample {
            warnings.append("the corpus was looked at in part, and its size is an estimate")
        }
        return warnings
    }
}
