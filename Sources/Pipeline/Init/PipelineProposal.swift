import Bytes
import Corpora
import Files
import Foundation
import Models
import Training
import Work

/// A pipeline for a corpus that was looked at: what its `pipeline.json` says, why, and what a run
/// of it will cost.
///
/// Only keys that are particular to the corpus, to its size or to the time are written; the rest
/// are the defaults, which are a good recipe for small models.
public struct PipelineProposal: Sendable {
    /// What a run will cost, all estimated.
    public struct Cost: Sendable, Equatable, Encodable {
        /// Tokens of the corpus.
        public var corpusTokens: Int
        /// Optimizer steps, and tokens that they learn from.
        public var steps: Int
        /// Tokens that are learned from in all steps.
        public var trainingTokens: Int
        /// Parameters of the model.
        public var parameters: Int
        /// Seconds of training on this machine, its speed measured just now.
        public var seconds: Double
        /// Bytes of memory: the most that a part of the run takes, be it the text's or training's.
        public var memoryBytes: Int
        /// Bytes on the disk: vocabulary, shards and checkpoints.
        public var diskBytes: Int

        enum CodingKeys: String, CodingKey {
            case steps, parameters, seconds
            case corpusTokens = "corpus_tokens"
            case trainingTokens = "training_tokens"
            case memoryBytes = "memory_bytes"
            case diskBytes = "disk_bytes"
        }
    }

    /// The look at the corpus.
    public let survey: CorpusSurvey
    /// The name of the pipeline.
    public let name: String
    /// The keys that are set, with reasons; those of the section "corpus" first.
    public let choices: [CorpusSurvey.Choice]
    /// The text of `pipeline.json`.
    public let text: String
    /// What a run will cost.
    public let cost: Cost

    /// The speed of a machine.
    public struct Machine: Sendable {
        /// Threads that train.
        public var threadCount: Int
        /// Floating-point operations a second of all threads when nothing is in the way.
        public var matrixPeak: Double

        /// A machine of a known speed.
        public init(threadCount: Int, matrixPeak: Double) {
            self.threadCount = threadCount
            self.matrixPeak = matrixPeak
        }

        /// This machine, whose speed is measured in about 50 ms.
        public init(measuring threadCount: Int) {
            let team = ThreadTeam(threadCount: threadCount)
            self.init(
                threadCount: team.threadCount, matrixPeak: MatrixPeak.measure(team: team) * 1e9)
        }
    }

    /// Chooses what a model of the corpus should be for `minutes` of training.
    ///
    /// - Throws: ``PipelineError`` for a name that cannot be one of directories, and
    ///   ``PipelineError/noProposal(reason:)`` for a corpus of less than a window of tokens.
    public init(
        _ survey: CorpusSurvey, name: String, minutes: Double, machine: Machine
    ) throws {
        try Self.check(name: name)
        let size = RecipeSize(survey, minutes: minutes, machine: machine)
        // The last token of a window is predicted, and predicts nothing.
        guard survey.readsPairs || size.trainingTokens >= Double(size.contextLength + 1) else {
            throw PipelineError.noProposal(
                reason: "\(survey.corpus.inputs.joined(separator: ", ")) holds "
                    + "\(survey.textByteCount) bytes of text, about \(size.corpusTokens) tokens, "
                    + "of which \(Int(size.trainingTokens)) are learned from, and one window of "
                    + "the model has \(size.contextLength + 1): there must be more text, or "
                    + "another")
        }
        var choices = survey.choices
        choices += size.choices
        self.survey = survey
        self.name = name
        self.choices = choices
        text = try Self.text(of: survey, name: name, size)
        // What is written is read as a run will read it.
        let configuration = try PipelineConfiguration(
            said: WrittenJSON(Array(text.utf8)).value)
        var shape = configuration.model.shape
        shape.vocabularySize = size.vocabularySize
        let memory = MemoryPlan(
            shape: shape, configuration: configuration.training, threadCount: machine.threadCount,
            dataByteCount: 2 * size.corpusTokens)
        let parameters = shape.layout.floatCount
        let kept = configuration.training.keepCheckpoints + 1
        cost = Cost(
            corpusTokens: size.corpusTokens, steps: size.steps,
            trainingTokens: size.steps * size.tokensPerStep, parameters: parameters,
            seconds: size.seconds,
            memoryBytes: max(
                memory.total,
                Self.textMemory(of: survey.textByteCount, threadCount: machine.threadCount)),
            // Parameters and the optimizer's two moments, in floats; ids of two bytes.
            diskBytes: kept * 12 * parameters + 2 * size.corpusTokens + (1 << 20))
    }

    /// Throws unless a pipeline may have this name.
    public static func check(name: String) throws {
        try checkFolderName(name, key: "name")
    }

    /// Bytes of memory while a vocabulary is learned and the text is encoded: those of the program,
    /// and of the distinct pieces of the text, which grow with the logarithm of its size. Measured
    /// on 4 to 54 MB of English, man pages and web pages.
    static func textMemory(of byteCount: Int, threadCount: Int) -> Int {
        let doublings = log2(1 + Double(byteCount) / 1e6)
        return MemoryPlan.programByteCount + threadCount * MemoryPlan.threadByteCount
            + Int(doublings * Double(14 << 20))
    }

    /// The settings, as `--set` takes them, by which a run reads a corpus that was looked at.
    public static func readingSettings(of survey: CorpusSurvey) -> [String] {
        var members = reading(of: survey)
        if survey.corpus.validationFraction == 0 { members.append("\"validation_fraction\": 0") }
        var settings = ["corpus={" + members.joined(separator: ", ") + "}"]
        if survey.readsPairs {
            settings.append("model.architecture=" + json(EncoderDecoderConfiguration.architecture))
        }
        return settings
    }

    /// The members of the section "corpus" that say how the text is read.
    private static func reading(of survey: CorpusSurvey) -> [String] {
        let (corpus, standard) = (survey.corpus, CorpusConfiguration())
        var reading = ["\"inputs\": " + list(corpus.inputs)]
        if corpus.format != standard.format {
            reading.append("\"format\": " + json(corpus.format.rawValue))
        }
        if corpus.textField != standard.textField {
            reading.append("\"text_field\": " + json(corpus.textField))
        }
        if let field = corpus.sourceField { reading.append("\"source_field\": " + json(field)) }
        if let field = corpus.targetField { reading.append("\"target_field\": " + json(field)) }
        if corpus.documents != standard.documents {
            reading.append("\"documents\": " + json(corpus.documents.rawValue))
        }
        if let separator = corpus.textSeparator {
            reading.append("\"text_separator\": " + json(separator))
        }
        if corpus.onError != standard.onError {
            reading.append("\"on_error\": " + json(corpus.onError.rawValue))
        }
        return reading
    }

    private static func json(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONString.append(Array(text.utf8).span, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func list(_ texts: [String]) -> String {
        "[" + texts.map(json).joined(separator: ", ") + "]"
    }

    private static func text(
        of survey: CorpusSurvey, name: String, _ size: RecipeSize
    ) throws -> String {
        var reading = reading(of: survey)
        if let fraction = size.validationFraction {
            reading.append("\"validation_fraction\": \(fraction)")
        } else if survey.corpus.validationFraction == 0 {
            reading.append("\"validation_fraction\": 0")
        }
        let architecture =
            survey.readsPairs
            ? "\"architecture\": " + json(EncoderDecoderConfiguration.architecture) + ", " : ""
        /// Settings, whose values are numbers, as members of a section.
        func members(_ settings: [(key: String, value: String)]) -> String {
            settings.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ")
        }
        var lines = [
            "\"name\": " + json(name),
            "\"corpus\": {" + reading.joined(separator: ", ") + "}",
            "\"vocabulary\": {\"vocab_size\": \(size.vocabularySize)}",
            "\"model\": {" + architecture + members(size.modelSettings) + "}",
            "\"training\": {" + members(size.trainingSettings) + "}",
        ]
        if !survey.beginnings.isEmpty { lines.append("\"samples\": " + list(survey.beginnings)) }
        return "{\n" + lines.map { "  " + $0 }.joined(separator: ",\n") + "\n}\n"
    }
}
