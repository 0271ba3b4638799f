import Corpora
import Foundation
import Models
import Training

/// The sizes of a recipe for a corpus and a time: vocabulary, model and steps.
///
/// A model is as large as there are tokens for: at least ten for each parameter of its blocks, from
/// a corpus that is read eight times at most. (Repeating data four times costs next to nothing, and
/// beyond sixteen times there is little to be had: Muennighoff et al., "Scaling Data-Constrained
/// Language Models", 2023, section 5.) Compute-optimal models have twenty (Hoffmann et al.,
/// "Training Compute-Optimal Large Language Models", 2022); below a few million parameters, where
/// the embeddings are most of the model, wider ones with fewer tokens are better here.
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

    /// Models of heads of 32, each with about twice the parameters of the one before.
    static let ladder = [
        Shape(layers: 2, heads: 2, width: 64), Shape(layers: 3, heads: 3, width: 96),
        Shape(layers: 4, heads: 4, width: 128), Shape(layers: 5, heads: 5, width: 160),
        Shape(layers: 6, heads: 6, width: 192), Shape(layers: 6, heads: 8, width: 256),
        Shape(layers: 8, heads: 10, width: 320), Shape(layers: 8, heads: 12, width: 384),
        Shape(layers: 12, heads: 16, width: 512), Shape(layers: 12, heads: 24, width: 768),
    ]
    /// Tokens for each parameter of the blocks.
    private static let tokensPerParameter = 10
    /// Times that a corpus is read at most.
    private static let mostEpochs = 8
    /// Evaluations in a run.
    private static let evaluationCount = 10
    /// Tokens of a validation split that is large enough.
    private static let validationTokens = 200_000
    /// The share of the matrix peak that training of small models reaches.
    private static let peakShare = 0.6
    private static let leastSteps = 100

    let vocabularySize: Int
    let shape: Shape
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

    init(_ survey: CorpusSurvey, minutes: Double, machine: PipelineProposal.Machine) {
        let training = PipelineConfiguration().training
        let (vocabulary, guess) = Self.vocabulary(survey)
        let bytesPerToken = survey.bytesPerToken ?? guess
        let standardContext = PipelineConfiguration().model.shape.positionCount
        let contextLength = Self.contextLength(
            survey, standard: standardContext, bytesPerToken: bytesPerToken)
        self.contextLength = contextLength
        hasOwnContext = contextLength != standardContext
        let batch = training.windowsPerStep * contextLength
        let bytes = Double(survey.textByteCount)
        let marks = survey.documentCount * (survey.readsPairs ? Self.pairMarkCount : 1)
        let tokens = max(1, Int(bytes / bytesPerToken) + marks)
        let standard = survey.corpus.validationFraction
        let held = min(standard, Double(Self.validationTokens) / Double(tokens))
        validationFraction = held < standard * 0.75 ? Self.rounded(held) : nil
        let fraction = validationFraction ?? standard
        let heldOut = fraction * Double(tokens)
        let trainingTokens = Double(tokens) * (1 - fraction)
        self.trainingTokens = trainingTokens
        let limit = Double(Self.mostEpochs) * trainingTokens
        let rate = machine.matrixPeak * Self.peakShare

        /// Tokens that a model learns from in the time, and those that there are to learn from.
        func budget(_ shape: Shape) -> (time: Double, data: Double, operations: Double) {
            let operations = Self.operations(
                shape, vocabulary, contextLength, ofPairs: survey.readsPairs)
            // An evaluation is a pass forward, a third of a training step.
            let evaluations = Double(Self.evaluationCount) * heldOut / 3
            let time = rate * minutes * 60 / operations - evaluations
            return (time, min(time, limit), operations)
        }
        let fitting = Self.ladder.filter {
            budget($0).data
                >= Double(
                    Self.tokensPerParameter * $0.blockParameters(ofPairs: survey.readsPairs))
        }
        shape = fitting.last ?? Self.ladder[0]
        let (time, data, operations) = budget(shape)
        let wanted = Int(max(data, 0) / Double(batch))
        steps = Self.rounded(max(wanted, Self.leastSteps))
        evaluateEvery = max(1, (steps + Self.evaluationCount - 1) / Self.evaluationCount)
        vocabularySize = vocabulary
        corpusTokens = tokens
        tokensPerStep = batch
        let work = Double(steps * batch) + Double(Self.evaluationCount) * heldOut / 3
        seconds = work * operations / rate

        var choices = [
            CorpusSurvey.Choice(
                key: "vocabulary.vocab_size", value: "\(vocabulary)",
                reason: "for \(survey.textByteCount) bytes of text; about "
                    + "\((bytesPerToken * 10).rounded() / 10) bytes a token")
        ]
        if let validationFraction {
            choices.append(
                .init(
                    key: "corpus.validation_fraction", value: "\(validationFraction)",
                    reason:
                        "about \(Self.validationTokens) tokens tell models apart, and more cost "
                        + "time"))
        }
        let tokenNeed = "\(Self.tokensPerParameter) tokens of training for each of the"
        let smallest = Self.ladder[0].blockParameters(ofPairs: survey.readsPairs)
        choices.append(
            .init(
                key: "model",
                value: "\(shape.layers) layers, \(shape.heads) heads, width \(shape.width)",
                reason: !fitting.isEmpty
                    ? "the largest with \(tokenNeed) "
                        + "\(shape.blockParameters(ofPairs: survey.readsPairs)) parameters of its "
                        + "blocks"
                    : limit < time
                        ? "the smallest, for there is little to learn from"
                        : "the smallest, for the time does not suffice for \(tokenNeed) "
                            + "\(smallest) parameters of its blocks"))
        if hasOwnContext {
            choices.append(
                .init(
                    key: "model.n_positions", value: "\(contextLength)",
                    reason: "nineteen of twenty pairs fit in; a longer one is left out"))
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

    /// The size of a vocabulary for a corpus.
    static func vocabularySize(_ survey: CorpusSurvey) -> Int { vocabulary(survey).size }

    /// The size of a vocabulary for a corpus, and the bytes of a token that it makes of English.
    private static func vocabulary(_ survey: CorpusSurvey) -> (size: Int, bytesPerToken: Double) {
        let sizes = [
            (100_000, 512, 2.0), (500_000, 1_024, 2.5), (3_000_000, 2_048, 3.0),
            (30_000_000, 4_096, 3.6), (300_000_000, 8_192, 4.0), (3_000_000_000, 16_384, 4.3),
            (Int.max, 32_768, 4.5),
        ]
        let found = sizes.first { survey.textByteCount < $0.0 } ?? sizes[0]
        // Thousands of characters each need a token of their own.
        let ideographic = survey.scripts.filter { ["Han", "Hangul"].contains($0.name) }
            .reduce(0) { $0 + $1.share }
        guard ideographic > 0.3, survey.textByteCount > 500_000 else { return (found.1, found.2) }
        return (2 * found.1, found.2)
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
