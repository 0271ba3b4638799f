import Bytes
import Files
import Foundation
public import Training

/// What a comparison has found of one model.
public struct ModelScores: Codable, Equatable, Sendable {
    /// The model's name in the comparison.
    public var name: String
    /// The value of its key `architecture`.
    public var architecture: String
    /// Size in words: layers, width and so on.
    public var size: String
    /// All parameters; of n-grams, how many there are.
    public var parameterCount: Int
    /// Parameters without embeddings and head; nil of n-grams.
    public var nonEmbeddingParameterCount: Int?
    /// Optimizer steps; nil of n-grams.
    public var steps: Int?
    /// Tokens learned from, or counted.
    public var tokenCount: Int
    /// Floating-point operations of training; nil of n-grams.
    public var operationCount: Double?
    /// Seconds of training, evaluation not counted.
    public var trainingSeconds: Double
    /// Scores of the whole validation split.
    public var validation: EvaluationResult
    /// Losses against what was seen of a document.
    public var curves: LossCurves
    /// Tokens drawn in a second, of one text that fills a window.
    public var generatedTokensPerSecond: Double
    /// Bytes of training: parameters, gradients, optimizer and activations, or counts.
    public var trainingByteCount: Int
    /// Bytes of drawing a text that fills a window.
    public var generationByteCount: Int

    /// Tokens learned from in a second.
    public var trainedTokensPerSecond: Double { Double(tokenCount) / max(trainingSeconds, 1e-9) }

    enum CodingKeys: String, CodingKey {
        case name, architecture, size, steps, validation, curves
        case parameterCount = "parameters"
        case nonEmbeddingParameterCount = "non_embedding_parameters"
        case tokenCount = "tokens"
        case operationCount = "operations"
        case trainingSeconds = "training_seconds"
        case generatedTokensPerSecond = "generated_tokens_per_second"
        case trainingByteCount = "training_bytes"
        case generationByteCount = "generation_bytes"
    }

}

extension ModelScores {
    /// Name of the file in the directory of a model's run.
    static let fileName = "scores.json"

    /// Reads the scores in `path`.
    init(path: String) throws {
        guard let data = try FileSystem.contents(path) else {
            throw PipelineError.badModelFile(path: path, reason: "it is not there")
        }
        do { self = try StrictJSON.decodeCounts(ModelScores.self, from: data) } catch {
            throw PipelineError.badModelFile(path: path, reason: decodingReason(error))
        }
    }
}

/// Results of a comparison, in the order of its models.
public struct Comparison: Encodable, Sendable {
    /// What the models have in common.
    public var rule: ComparisonConfiguration.Rule
    /// Scores of each model.
    public var models: [ModelScores]
    /// Files with these results: JSON and an image.
    public var files: [String] = []

    enum CodingKeys: String, CodingKey {
        case rule, models
    }

    /// Names of the files in the directory of the comparison.
    static let (fileName, imageName) = ("comparison.json", "comparison.svg")

    /// Writes the results and their image.
    mutating func write(toDirectory directory: String) throws {
        files = [directory + "/" + Self.fileName, directory + "/" + Self.imageName]
        try FileReplacement.writeJSON(self, to: files[0])
        try FileReplacement.write(
            LineChart.svg(LossCurves.charts(models.map { ($0.name, $0.curves) })), to: files[1])
    }
}
