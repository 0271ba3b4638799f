import Models
public import TokenShards
import Tokenization
public import Training
public import Work

/// Scores data sets with a trained model.
public enum EvaluateStage {
    /// Scores a split with a trained model.
    ///
    /// - Parameters:
    ///   - modelDirectory: a checkpoint, or any model directory of Hugging Face's with a
    ///     vocabulary.
    ///   - shardDirectories: the data sets, made with the same vocabulary; at least one.
    ///   - split: the part of them to score.
    ///   - request: the way in which they are read, where it is not that of the checkpoint's run,
    ///     or of a model without one not the default: whole windows one after the other.
    ///   - batchSize: windows scored at once.
    ///   - documentCount: how many of the documents that are predicted worst and best are named.
    ///   - work: threads, on whose number the result does not depend, and where events go.
    /// - Returns: the result for the whole split, and for each of several data sets; of one alone
    ///   for each source, where there are several and the data set knows which documents are whose;
    ///   and the way in which they were read.
    public static func run(
        modelDirectory: String, shardDirectories: [String], split: Split,
        asked request: EvaluationReading.Request = EvaluationReading.Request(), batchSize: Int,
        documentCount: Int = 0, work: WorkContext<PipelineEvent>
    ) throws -> EvaluationReport {
        let (directory, model, vocabulary, sets) = try open(modelDirectory, shardDirectories, work)
        let (settings, followsTraining) =
            model.readsPairs
            ? try pairSettings(ofModel: directory, request, sets, split, vocabulary, work)
            : try EvaluationSettings.settings(
                ofModel: directory, asked: request, sets: sets, split: split,
                vocabulary: vocabulary, work: work)
        let context = model.configuration.positionCount
        if let stride = request.stride, stride > context {
            throw PipelineError.badValue(
                key: "stride",
                reason: "it is \(stride), and a window of the model has \(context) tokens; give "
                    + "that or less")
        }
        // No more windows than there are, whatever was asked for: the memory is that of a batch.
        let stride = min(settings.stride ?? context, context)
        let windowCount = sets.map {
            $0.manifest.totals(of: split).tokens / stride + $0.shards(of: split).count
        }
        let batchSize = min(batchSize, max(1, windowCount.max() ?? 1))
        try BatchRunner.checkMemory(
            of: model.configuration, batchSize: batchSize, contextLength: context,
            threadCount: work.threadCount)
        let team = ThreadTeam(threadCount: work.threadCount)
        let runner = BatchRunner(
            model: model, batchSize: batchSize, contextLength: context, team: team,
            kernels: .best(settings.precision))
        let results = try sets.map { set in
            try Evaluator(
                scorer: runner, set: set, split: split, vocabulary: vocabulary,
                batchSize: batchSize, contextLength: context, settings: settings
            ).evaluateByDocument { done, count in
                try work.checkStop()
                work.report(.training(.evaluating(completedWindows: done, windowCount: count)))
            }
        }
        let reading = EvaluationReading(
            settings, contextLength: context, asked: request, followsTraining: followsTraining)
        var report = EvaluationReport(
            total: results[0].total, sources: results[0].sources, reading: reading)
        if results.count > 1 {
            report.total = results.map(\.total).reduce(into: .none) { $0 += $1 }
            report.sources = zip(sets, results).map {
                SourceResult(name: $0.directory, result: $1.total)
            }
        }
        let documents = results.compactMap(\.documents)
        if documents.count == results.count {
            report.take(
                documents.count > 1 ? DocumentScores(joining: documents) : documents[0],
                count: documentCount, sets, split, vocabulary, team)
        }
        return report
    }

    /// The settings of a model of pairs, which are read in one way.
    private static func pairSettings(
        ofModel directory: String, _ request: EvaluationReading.Request, _ sets: [ShardSet],
        _ split: Split, _ vocabulary: Vocabulary, _ work: WorkContext<PipelineEvent>
    ) throws -> (settings: EvaluationSettings, followsTraining: Bool) {
        let asked = [
            (request.stride != nil, "stride", "pairs are read whole"),
            (request.masksDocuments != nil, "mask_documents", "pairs are always read apart"),
            (request.answersOnly != nil, "answers", "of pairs the targets are scored"),
        ]
        for (isAsked, key, reason) in asked where isAsked {
            throw PipelineError.badValue(key: key, reason: reason + "; leave it out")
        }
        let pairs = try PairTemplate(vocabulary)
        for set in sets where !set.shards(of: split).isEmpty {
            try set.requirePairs(pairs, in: split)
        }
        let recipe = EvaluationSettings.recipe(ofModel: directory, work)
        return (
            EvaluationSettings(
                masksDocuments: true, part: .targets(pairs),
                precision: request.precision ?? recipe?.precision ?? .float32), recipe != nil
        )
    }

    /// Opens a model and the data sets that were made with its vocabulary.
    private static func open(
        _ modelDirectory: String, _ shardDirectories: [String], _ work: WorkContext<PipelineEvent>
    ) throws -> (
        directory: String, model: any LanguageModel, vocabulary: Vocabulary, sets: [ShardSet]
    ) {
        mendPointers(to: modelDirectory, work)
        let modelDirectory = try CheckpointStore.soundModelDirectory(at: modelDirectory)
        let vocabulary = try Vocabulary(directory: modelDirectory)
        let sets = try shardDirectories.map {
            try ShardSet(directory: $0, vocabulary: vocabulary)
        }
        for case let notice? in sets.map(\.foreignNotice) { work.report(.notice(notice)) }
        try work.checkShards(of: sets, isTold: false)
        let model = try ModelDirectory(path: modelDirectory).model()
        try model.configuration.checkEmbeddings(of: vocabulary)
        return (modelDirectory, model, vocabulary, sets)
    }

    static func mendPointers(
        to modelDirectory: String, _ work: WorkContext<PipelineEvent>
    ) {
        if let note = CheckpointStore.store(ofModel: modelDirectory)?.mendPointersIfFree() {
            work.report(.otherCheckpoint(note))
        }
    }

    private static func shape(of modelDirectory: String) throws -> any ModelShape {
        let directory = try CheckpointStore.modelDirectory(at: modelDirectory)
        return try ModelConfiguration(directory: directory).shape
    }

    /// Throws unless a model is one of pairs, which alone writes targets.
    ///
    /// - Parameters:
    ///   - modelDirectory: as for scoring.
    ///   - key: what was asked for, and means nothing for another model.
    ///   - work: where events go.
    public static func requirePairs(
        modelDirectory: String, for key: String, work: WorkContext<PipelineEvent>
    ) throws {
        mendPointers(to: modelDirectory, work)
        let shape = try shape(of: modelDirectory)
        guard type(of: shape).readsPairs else {
            throw PipelineError.badValue(
                key: key,
                reason: "\(shape.architectureName) continues a text and writes no target; leave it "
                    + "out")
        }
    }

    /// Compares what a model of pairs writes with the targets of held-out pairs.
    ///
    /// - Parameters:
    ///   - modelDirectory: as for scoring.
    ///   - shardDirectories: the data sets, made with the same vocabulary.
    ///   - split: the part of them to score.
    ///   - limit: the most pairs of each data set, spread evenly.
    ///   - beamCount: beams of the search; 1 takes the likeliest token each time.
    ///   - work: threads, the signal to stop, and where events go.
    /// - Returns: nil for a model of other texts.
    /// - Throws: ``PipelineError/interrupted`` when stopped by request.
    public static func measurePairs(
        modelDirectory: String, shardDirectories: [String], split: Split, limit: Int,
        beamCount: Int, work: WorkContext<PipelineEvent>
    ) throws -> PairAccuracy? {
        guard type(of: try shape(of: modelDirectory)).readsPairs else { return nil }
        let (_, model, vocabulary, sets) = try open(modelDirectory, shardDirectories, work)
        let template = try PairTemplate(vocabulary)
        let team = ThreadTeam(threadCount: work.threadCount)
        return try sets.reduce(into: PairAccuracy()) { sum, set in
            sum += try PairAccuracy.measure(
                model, template, set, split, limit: limit, beamCount: beamCount, team: team
            ) { done, count in
                guard done % 16 == 0 || done == count else { return }
                try work.show("writing targets", completed: done, of: count, unit: .documents)
            }
        }
    }

    /// Measures how a model's loss falls with what it has seen of a document.
    ///
    /// - Parameters:
    ///   - modelDirectory: as for scoring.
    ///   - shardDirectories: the data sets, made with the same vocabulary.
    ///   - split: the part of them to score.
    ///   - curves: the curves to measure.
    ///   - windowLimit: the most windows that are read of each data set.
    ///   - batchSize: windows scored at once.
    ///   - work: threads, on whose number the result does not depend, the signal to stop, and where
    ///     events go.
    /// - Throws: ``PipelineError/interrupted`` when stopped by request.
    public static func measureCurves(
        _ curves: LossCurves.Kinds, modelDirectory: String, shardDirectories: [String],
        split: Split, windowLimit: Int, batchSize: Int, work: WorkContext<PipelineEvent>
    ) throws -> LossCurves {
        let (_, model, _, sets) = try open(modelDirectory, shardDirectories, work)
        guard !model.readsPairs else {
            throw PipelineError.badValue(
                key: "model",
                reason: "it reads pairs, of which the targets alone have losses; score it without "
                    + "curves")
        }
        try BatchRunner.checkMemory(
            of: model.configuration, batchSize: min(batchSize, windowLimit),
            contextLength: model.configuration.positionCount, threadCount: work.threadCount)
        let runner = BatchRunner(
            model: model, batchSize: min(batchSize, windowLimit),
            contextLength: model.configuration.positionCount,
            team: ThreadTeam(threadCount: work.threadCount))
        return try LossCurves(
            curves, scorer: runner, sets: sets, split: split, windowLimit: windowLimit, work: work)
    }
}
