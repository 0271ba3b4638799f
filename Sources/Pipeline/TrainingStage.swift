public import TokenShards
public import Tokenization
public import Training
public import Transformer

/// Trains a model from shards.
public enum TrainingStage {
    /// Trains in `runDirectory` until the configuration's steps are done or `stop` is requested.
    ///
    /// - Returns: the run's summary, complete or not.
    public static func run(
        model: GPTConfiguration, training: TrainingConfiguration, shardDirectory: String,
        vocabulary: Vocabulary, runDirectory: String, threadCount: Int,
        existing: Trainer.ExistingRun, stop: StopSignal, report: (PipelineEvent) -> Void
    ) async throws -> TrainingSummary {
        let set = try ShardSet(directory: shardDirectory, vocabulary: vocabulary)
        var trainer = try Trainer(
            model: model, configuration: training, set: set, vocabulary: vocabulary,
            runDirectory: runDirectory, threadCount: threadCount, existing: existing)
        return try await trainer.run(stop: stop) { report(.training($0)) }
    }

    /// Scores a split with a trained model.
    ///
    /// - Parameters:
    ///   - modelDirectory: a checkpoint, or any model directory of Hugging Face's with a vocabulary.
    ///   - shardDirectory: the data set, made with the same vocabulary.
    ///   - split: the part of it to score.
    ///   - stride: new predictions a window; nil for the context length.
    ///   - masksDocuments: whether documents are read apart, as by a model that was trained so.
    ///   - batchSize: windows scored at once.
    ///   - threadCount: threads to use; the result does not depend on it.
    ///   - report: takes what happens.
    public static func evaluate(
        modelDirectory: String, shardDirectory: String, split: Split, stride: Int?,
        masksDocuments: Bool = false, batchSize: Int, threadCount: Int,
        report: (PipelineEvent) -> Void
    ) throws -> EvaluationResult {
        let vocabulary = try Vocabulary(directory: modelDirectory)
        let set = try ShardSet(directory: shardDirectory, vocabulary: vocabulary)
        let model = try GPT(directory: modelDirectory)
        guard model.configuration.vocabularySize >= vocabulary.count else {
            throw PipelineError.badValue(
                key: "model", reason: "it has fewer embeddings than its vocabulary has tokens")
        }
        let context = model.configuration.positionCount
        let runner = BatchRunner(
            model: model, batchSize: batchSize, contextLength: context,
            team: ThreadTeam(threadCount: threadCount))
        let evaluator = try Evaluator(
            runner: runner, set: set, split: split, batchSize: batchSize, contextLength: context,
            stride: stride ?? context, masksDocuments: masksDocuments)
        return evaluator.evaluate { done, count in
            report(.training(.evaluating(completedWindows: done, windowCount: count)))
        }
    }
}
