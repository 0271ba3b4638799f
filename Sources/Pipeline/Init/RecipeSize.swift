import Corpora
import Foundation
import Models
import Training

/// The sizes of a recipe for a corpus and a time: vocabulary, model and steps.
///
/// The model is the one of a ladder that learns from about four tokens for each parameter that a
/// token is multiplied by, from a corpus that is read eight times at most. (Repeating data four
/// times costs next to nothing, and beyond sixteen times there is little to be had: Muennighoff et
/// al., "Scaling Data-Constrained Language Models", 2023, section 5.) Compute-optimal models have
/// twenty (Hoffmann et al., "Training Compute-Optimal Large Language Models", 2022); here, with a
/// few million parameters and Muon, models of width 64 and 128 end alike after the minutes in which
/// they learn from thirteen and from one and a quarter, whose geometric mean is four. That was with
/// a vocabulary of 4,096: of a larger one no more of the head is counted, so that the model is of
/// the same size.
struct RecipeSize {
    /// A model of the ladder.
    struct Shape: Equatable {
        var layers: Int
        var heads: Int
        var width: Int

        /// Parameters of the blocks: 4·d² of an attention and 8·d² of a network behind it. A model
        /// of pairs has a block of either half, and an attention between them.
        func blockParameters(ofPairs: Bool) -> Int {
            (ofPairs ? 28 : 12) * layers * width * width
        }
    }

    /// Models of heads of 32 and widths that matrix kernels like, each with two to eight times the
    /// parameters of the one before.
    static let ladder = [
        Shape(layers: 2, heads: 2, width: 64), Shape(layers: 4, heads: 4, width: 128),
        Shape(layers: 6, heads: 6, width: 192), Shape(layers: 6, heads: 8, width: 256),
        Shape(layers: 8, heads: 10, width: 320), Shape(layers: 8, heads: 12, width: 384),
        Shape(layers: 12, heads: 16, width: 512), Shape(layers: 12, heads: 24, width: 768),
    ]
    /// Tokens for each parameter of blocks and head, of which so many columns count at most.
    private static let tokensPerParameter = 4.0
    private static let mostHeadColumns = 4_096
    /// Times that a corpus is read at most.
    private static let mostEpochs = 8
    /// Evaluations in a run: as many as take a twentieth of the time, within these.
    private static let evaluationCounts = 2...10
    private static let evaluationShare = 0.05
    /// Tokens of a validation split that is large enough.
    private static let validationTokens = 200_000
    /// The share of the matrix peak that training of small models reaches.
    private static let peakShare = 0.6
    private static let leastSteps = 100

    /// Sizes that a person has settled, which are not chosen.
    struct Settled {
        var vocabularySize: Int?
        /// The shape of the model, whatever its family, with any vocabulary.
        var model: (any ModelShape)?
        var contextLength: Int?
        var windowsPerStep: Int?
        var hasRates = false
        /// Whether a person has said the weight decay, and whether windows are shifted.
        var hasWeightDecay = false
        var hasShift = false
        var validationFraction: Double?
    }

    let vocabularySize: Int
    /// The model of the ladder; nil where the shape is settled.
    let ladderShape: Shape?
    /// Windows of a step, and the learning rates, where they are not the defaults.
    let batchSize: Int?
    let rates: (learningRate: Double, muon: Double)?
    /// The learning rates with the default batch, where they are not the defaults.
    private let widthRates: (learningRate: Double, muon: Double)?
    /// Weight decay where it is not the default, and whether epochs cut windows elsewhere.
    let weightDecay: Double?
    let shiftsWindows: Bool
    /// Floating-point operations of training on a token.
    let operationsPerToken: Double
    let steps: Int
    let evaluateEvery: Int
    /// Tokens of the corpus, estimated.
    let corpusTokens: Int
    let tokensPerStep: Int
    /// Seconds of training, its evaluations included.
    let seconds: Double
    /// The share that is held out; nil for the default.
    let validationFraction: Double?
    /// Tokens of a window, and whether that is the default.
    let contextLength: Int
    let hasOwnContext: Bool
    /// Tokens that are learned from once in an epoch.
    let trainingTokens: Double
    let choices: [CorpusSurvey.Choice]

    init(
        _ survey: CorpusSurvey, minutes: Double, machine: PipelineProposal.Machine,
        settled: Settled = Settled()
    ) {
        let training = PipelineConfiguration().training
        let rate = Self.operationsPerSecond(of: machine)
        let found = Self.vocabularySize(
            survey, operations: Self.operations(minutes: minutes, on: machine))
        let vocabulary = settled.vocabularySize ?? found
        let bytesPerToken = Self.bytesPerToken(survey, vocabulary)
        let standardContext = PipelineConfiguration().model.shape.positionCount
        let contextLength =
            settled.contextLength
            ?? Self.contextLength(survey, standard: standardContext, bytesPerToken: bytesPerToken)
        self.contextLength = contextLength
        hasOwnContext = contextLength != standardContext
        let bytes = Double(survey.textByteCount)
        let marks = survey.documentCount * (survey.readsPairs ? Self.pairMarkCount : 1)
        let tokens = max(1, Int(bytes / bytesPerToken) + marks)
        let standard = survey.corpus.validationFraction
        let held = min(standard, Double(Self.validationTokens) / Double(tokens))
        let ownFraction =
            settled.validationFraction == nil && held < standard * 0.75 ? Self.rounded(held) : nil
        validationFraction = ownFraction
        let fraction = settled.validationFraction ?? ownFraction ?? standard
        let heldOut = fraction * Double(tokens)
        let trainingTokens = Double(tokens) * (1 - fraction)
        self.trainingTokens = trainingTokens
        let limit = Double(Self.mostEpochs) * trainingTokens

        // An evaluation is a pass forward, a third of a training step.
        let evaluationTokens = heldOut / 3
        func evaluations(_ operations: Double) -> Int {
            let share = rate * minutes * 60 / operations * Self.evaluationShare
            let count = Int(min(share / max(evaluationTokens, 1), 1e6))
            let (least, most) = (Self.evaluationCounts.lowerBound, Self.evaluationCounts.upperBound)
            return min(max(count, least), most)
        }
        /// Tokens that a model learns from in the time, and those that there are to learn from.
        func budget(_ operations: Double) -> (time: Double, data: Double) {
            let spent = Double(evaluations(operations)) * evaluationTokens
            let time = rate * minutes * 60 / operations - spent
            return (time, min(time, limit))
        }
        func operations(_ shape: Shape) -> Double {
            Self.operations(shape, vocabulary, contextLength, ofPairs: survey.readsPairs)
        }
        func parameters(_ shape: Shape) -> Int {
            shape.blockParameters(ofPairs: survey.readsPairs)
                + min(vocabulary, Self.mostHeadColumns) * shape.width
        }
        /// How far the tokens for each parameter are from the best, as a ratio's logarithm.
        func distance(_ shape: Shape) -> Double {
            let tokens = max(budget(operations(shape)).data, 1)
            return abs(log(tokens / Double(parameters(shape)) / Self.tokensPerParameter))
        }
        let shape = Self.ladder.min { distance($0) < distance($1) } ?? Self.ladder[0]
        var model = settled.model
        model?.vocabularySize = vocabulary
        ladderShape = model == nil ? shape : nil
        let operations = model?.trainingOperationsPerToken ?? operations(shape)
        operationsPerToken = operations
        let (time, data) = budget(operations)
        let windows =
            settled.windowsPerStep
            ?? (survey.readsPairs
                ? training.windowsPerStep
                : Self.windowsPerStep(tokens: data, standard: training.windowsPerStep))
        batchSize =
            settled.windowsPerStep == nil && windows != training.windowsPerStep ? windows : nil
        rates =
            settled.hasRates || survey.readsPairs || model != nil
            ? nil : Self.rates(shape, windowsPerStep: windows, training)
        widthRates =
            rates == nil
            ? nil : Self.rates(shape, windowsPerStep: training.windowsPerStep, training)
        let batch = windows * contextLength
        let wanted = Int(max(data, 0) / Double(batch))
        steps = Self.rounded(max(wanted, Self.leastSteps))
        let epochs = Double(steps * batch) / trainingTokens
        let isRepeated = model == nil && !survey.readsPairs && epochs > Self.fewEpochs
        shiftsWindows = isRepeated && !settled.hasShift
        weightDecay =
            isRepeated && !settled.hasWeightDecay && !settled.hasRates
            ? Self.weightDecay(
                stepsOfEpoch: trainingTokens / Double(batch),
                muonRate: rates?.muon ?? training.muonLearningRate,
                standard: training.weightDecay)
            : nil
        let evaluationCount = evaluations(operations)
        evaluateEvery = max(1, (steps + evaluationCount - 1) / evaluationCount)
        vocabularySize = vocabulary
        corpusTokens = tokens
        tokensPerStep = batch
        let work = Double(steps * batch) + Double(evaluationCount) * evaluationTokens
        seconds = work * operations / rate

        var choices: [CorpusSurvey.Choice] = []
        if settled.vocabularySize == nil {
            choices.append(
                .init(
                    key: "vocabulary.vocab_size", value: "\(vocabulary)",
                    reason: "for \(survey.textByteCount) bytes of text"
                        + (vocabulary < Self.vocabularySize(survey)
                            ? ", most of which there is no time to read" : "") + "; about "
                        + "\((bytesPerToken * 10).rounded() / 10) bytes a token"))
        }
        if let validationFraction {
            choices.append(
                .init(
                    key: "corpus.validation_fraction", value: "\(validationFraction)",
                    reason:
                        "about \(Self.validationTokens) tokens tell models apart, and more cost "
                        + "time"))
        }
        if model == nil {
            let ratio = Double(steps * batch) / Double(parameters(shape))
            choices.append(
                .init(
                    key: "model",
                    value: "\(shape.layers) layers, \(shape.heads) heads, width \(shape.width)",
                    reason: "\(String(format: "%.2g", ratio)) tokens of training for each of "
                        + "\(parameters(shape)) parameters in its blocks and "
                        + (vocabulary > Self.mostHeadColumns
                            ? "\(Self.mostHeadColumns) columns of its head" : "its head")
                        + ": of the sizes there are the nearest to 4; "
                        + (limit < time
                            ? "there is little to learn from" : "the time allows no more")))
        }
        if hasOwnContext, settled.contextLength == nil {
            choices.append(
                .init(
                    key: "model.n_positions", value: "\(contextLength)",
                    reason: "nineteen of twenty pairs fit in; a longer one is left out"))
        }
        if let batchSize {
            choices.append(
                .init(
                    key: "training.batch_size", value: "\(batchSize)",
                    reason: "a step learns from more where there is more to learn from"))
        }
        if let rates {
            choices.append(
                .init(
                    key: "training.learning_rate", value: "\(rates.learningRate)",
                    reason: "lower for a wider model, higher for a larger batch; "
                        + "muon_learning_rate \(rates.muon)"))
        }
        if let weightDecay {
            choices.append(
                .init(
                    key: "training.weight_decay", value: "\(weightDecay)",
                    reason: "little text is read often, and what was learned from it fades in "
                        + "about one epoch"))
        }
        if shiftsWindows {
            choices.append(
                .init(
                    key: "training.shift_windows", value: "true",
                    reason: "the text is read more than once, each time in other windows"))
        }
        choices.append(
            .init(
                key: "training.steps", value: "\(steps)",
                reason:
                    "\(batch) tokens each, \(Self.times(Double(steps * batch) / trainingTokens))"
                    + ": "
                    + (wanted < Self.leastSteps
                        ? "the fewest that teach anything"
                        : limit < time
                            ? "more would learn it by heart" : "what the time allows")))
        self.choices = choices
    }

    /// Floating-point operations of training that a machine does in a second.
    static func operationsPerSecond(of machine: PipelineProposal.Machine) -> Double {
        machine.matrixPeak * peakShare
    }

    /// Floating-point operations of training that a machine does in so many minutes.
    static func operations(minutes: Double, on machine: PipelineProposal.Machine) -> Double {
        operationsPerSecond(of: machine) * minutes * 60
    }

    /// A machine that does so many floating-point operations of training in a second.
    static func machine(
        threadCount: Int, operationsPerSecond: Double
    ) -> PipelineProposal.Machine {
        .init(threadCount: threadCount, matrixPeak: operationsPerSecond / peakShare)
    }

    /// Tokens of training for which the default batch was found.
    private static let standardTokens = 1_228_800.0
    /// The most windows of a step.
    private static let mostWindows = 64
    /// The width up to which the default learning rates hold.
    private static let standardWidth = 128.0

    /// Windows of a step that learns from `tokens` in all: the default, times a power of two that
    /// is at most (tokens/1,228,800)^0.383. Source of the power: nanochat, which fits it to its
    /// own sweeps of the batch.
    private static func windowsPerStep(tokens: Double, standard: Int) -> Int {
        var windows = standard
        let wish = Double(standard) * pow(max(tokens, 1) / standardTokens, 0.383)
        while windows * 2 <= mostWindows, Double(windows * 2) <= wish { windows *= 2 }
        return windows
    }

    /// Learning rates, where they are not the defaults: AdamW's falls with the root of the width,
    /// and both rise with the root of the batch, as nanochat's do. Two digits.
    private static func rates(
        _ shape: Shape, windowsPerStep: Int, _ standard: TrainingConfiguration
    ) -> (learningRate: Double, muon: Double)? {
        let batch = (Double(windowsPerStep) / Double(standard.windowsPerStep)).squareRoot()
        let width = min(1, standardWidth / Double(shape.width)).squareRoot()
        guard batch != 1 || width != 1 else { return nil }
        func rounded(_ rate: Double) -> Double {
            Double(String(format: "%.2g", rate)) ?? rate
        }
        return (
            rounded(standard.learningRate * batch * width),
            rounded(standard.muonLearningRate * batch)
        )
    }

    /// Epochs up to which text counts as read about once.
    private static let fewEpochs = 1.5
    /// The highest weight decay.
    private static let mostWeightDecay = 1.0

    /// Weight decay with which a step of Muon is forgotten to 1/e after an epoch at the highest
    /// rate, but at least the default; nil for that. Two digits. Source of the time scale: Wang and
    /// Aitchison, "How to set AdamW's weight decay as you scale model and dataset size", 2024.
    private static func weightDecay(
        stepsOfEpoch: Double, muonRate: Double, standard: Double
    ) -> Double? {
        let wish = min(1 / (muonRate * max(stepsOfEpoch, 1)), mostWeightDecay)
        return wish > standard * 1.5 ? Double(String(format: "%.2g", wish)) : nil
    }

    /// The settings that are chosen, by key; those of the section "corpus" apart.
    var settings: [SweepTrial.Setting] { settings(training: trainingSettings) }

    /// Those of a short training that shows what the model learns of the text: with the default
    /// batch and weight decay, since what is good for a long one says little of a short one.
    var pilotSettings: [SweepTrial.Setting] {
        let rates = batchSize == nil ? rates : widthRates
        return settings(training: [("steps", "\(steps)")] + Self.settings(of: rates))
    }

    private func settings(training: [(key: String, value: String)]) -> [SweepTrial.Setting] {
        let vocabulary = [("vocabulary.vocab_size", "\(vocabularySize)")]
        let model = modelSettings.map { ("model." + $0.key, $0.value) }
        let training = training.map { ("training." + $0.key, $0.value) }
        return (vocabulary + model + training).map { .init(key: $0.0, value: $0.1) }
    }

    private static func settings(
        of rates: (learningRate: Double, muon: Double)?
    ) -> [(key: String, value: String)] {
        guard let rates else { return [] }
        return [
            ("learning_rate", "\(rates.learningRate)"), ("muon_learning_rate", "\(rates.muon)"),
        ]
    }

    /// The settings of the section "model", the architecture apart.
    var modelSettings: [(key: String, value: String)] {
        var settings: [(String, String)] = []
        if let ladderShape {
            settings.append(("n_layer", "\(ladderShape.layers)"))
            settings.append(("n_head", "\(ladderShape.heads)"))
            settings.append(("n_embd", "\(ladderShape.width)"))
        }
        if hasOwnContext { settings.append(("n_positions", "\(contextLength)")) }
        return settings
    }

    /// The settings of the section "training".
    var trainingSettings: [(key: String, value: String)] {
        var settings = [("steps", "\(steps)")]
        if let batchSize { settings.append(("batch_size", "\(batchSize)")) }
        settings += Self.settings(of: rates)
        if let weightDecay { settings.append(("weight_decay", "\(weightDecay)")) }
        if shiftsWindows { settings.append(("shift_windows", "true")) }
        settings.append(("evaluate_every", "\(evaluateEvery)"))
        settings.append(("checkpoint_every", "\(evaluateEvery)"))
        return settings
    }

    /// How often a corpus is read, in words.
    private static func times(_ epochs: Double) -> String {
        if epochs < 0.095 {
            let percent = epochs * 100
            return "\(percent < 1 ? "less than 1" : "\(Int(percent.rounded()))") % of the corpus"
        }
        return "the corpus "
            + (epochs < 10 ? "\((epochs * 10).rounded() / 10)" : "\(Int(epochs.rounded()))")
            + " times"
    }

    /// Tokens of a pair besides its two sides: the ends of both, and the beginning of the target.
    private static let pairMarkCount = 3
    /// The longest window for pairs.
    private static let longestContext = 2_048

    /// Tokens of a window: for pairs, which stay whole, a power of two that holds most of them.
    private static func contextLength(
        _ survey: CorpusSurvey, standard: Int, bytesPerToken: Double
    ) -> Int {
        let needed = Double(survey.longPairByteCount) / bytesPerToken + Double(pairMarkCount)
        var length = standard
        while survey.readsPairs, Double(length) < needed, length < longestContext { length *= 2 }
        return length
    }

    /// Sizes of vocabularies with the bytes of text below which they are chosen, and the bytes of a
    /// token that each makes of English.
    ///
    /// Models of the ladder that trained for a minute on 1.1, 4.3 and 6 MB of text ended best with
    /// 4,096, 8,192 and 8,192 tokens, beside half and twice as many: the article "Sweeps".
    private static let vocabularies = [
        (50_000, 512, 2.0), (200_000, 1_024, 2.5), (1_000_000, 2_048, 3.0),
        (2_500_000, 4_096, 3.6), (300_000_000, 8_192, 4.0), (3_000_000_000, 16_384, 4.3),
        (Int.max, 32_768, 4.5),
    ]

    /// The size of a vocabulary for a corpus, of which no more counts than a small model could read
    /// in four times as many floating-point operations: a vocabulary may serve a longer training.
    static func vocabularySize(_ survey: CorpusSurvey, operations: Double = .infinity) -> Int {
        let (_, standard, standardBytes) = vocabularies[3]
        let perToken = Self.operations(
            ladder[1], standard, PipelineConfiguration().model.shape.positionCount, ofPairs: false)
        let bytes = min(
            Double(survey.textByteCount), max(4 * operations / perToken * standardBytes, 1))
        let size = (vocabularies.first { bytes < Double($0.0) } ?? vocabularies[0]).1
        // Thousands of characters each need a token of their own, which 8,192 have room for.
        let ideographic = survey.scripts.filter { ["Han", "Hangul"].contains($0.name) }
            .reduce(0) { $0 + $1.share }
        guard ideographic > 0.3, bytes > 500_000 else { return size }
        return size > 8_192 ? 2 * size : 8_192
    }

    /// The bytes of a token with a vocabulary of a size: as they were measured, also with another
    /// size, or those of English.
    private static func bytesPerToken(_ survey: CorpusSurvey, _ size: Int) -> Double {
        func guess(_ size: Int) -> Double {
            (vocabularies.last { $0.1 <= size } ?? vocabularies[0]).2
        }
        guard let measured = survey.bytesPerToken else { return guess(size) }
        return measured * guess(size) / guess(survey.measuredVocabularySize ?? size)
    }

    private static func operations(
        _ shape: Shape, _ vocabulary: Int, _ contextLength: Int, ofPairs: Bool
    ) -> Double {
        let architecture =
            ofPairs ? ", \"architecture\": \"\(EncoderDecoderConfiguration.architecture)\"" : ""
        // The keys that the proposal writes into the section "model".
        let section = """
            {"n_layer": \(shape.layers), "n_head": \(shape.heads), "n_embd": \(shape.width), \
            "n_positions": \(contextLength), "vocab_size": \(vocabulary)\(architecture)}
            """
        do {
            let model = try JSONDecoder().decode(ModelConfiguration.self, from: Data(section.utf8))
            return model.shape.trainingOperationsPerToken
        } catch {
            preconditionFailure("the default architecture lacks a key of every decoder: \(error)")
        }
    }

    /// The number with two significant digits, for a person to read.
    private static func rounded(_ value: Int) -> Int {
        var unit = 1
        while value / unit >= 100 { unit *= 10 }
        return value / unit * unit
    }

    /// The share with one significant digit.
    private static func rounded(_ share: Double) -> Double {
        for parts in [100, 1_000, 10_000, 100_000.0] where share * parts >= 1 {
            return (share * parts).rounded(.down) / parts
        }
        return 0.00001
    }
}
