import Models
public import Training
import VocabularyLearning
public import Work

/// Says what training a pipeline's model by several ranks is expected to cost. Neither corpus nor
/// shards are looked at.
public struct RankPlanner {
    private let configuration: PipelineConfiguration
    private let work: WorkContext<PipelineEvent>

    /// A planner for a pipeline.
    ///
    /// - Parameters:
    ///   - path: its description; nil for the defaults.
    ///   - settings: what is put over it.
    ///   - work: the threads of a rank, the signal to stop, and where events go.
    /// - Throws: ``PipelineError`` for a description that makes no sense.
    public init(
        path: String?, settings: [String] = [], work: WorkContext<PipelineEvent>
    ) throws {
        configuration = try PipelineConfiguration(path: path, settings: settings)
        self.work = work
        guard !configuration.readsPairs else {
            throw PipelineError.noProposal(
                reason: "what ranks cost is foreseen for models of running text, and "
                    + "an encoder_decoder learns from pairs")
        }
    }

    /// The forecast for ranks and a network.
    ///
    /// - Parameters:
    ///   - assumed: the ranks and their network.
    ///   - seconds: time of the measurement of a rank's arithmetic.
    public func forecast(
        _ assumed: RankForecast.Assumption, seconds: Double = RunPlanner.standardSeconds
    ) throws -> RankForecast {
        var shape = configuration.model.shape
        shape.vocabularySize = configuration.vocabulary.vocabularySize
        let tokens =
            configuration.training.windowsPerStep * shape.positionCount / assumed.count
        return try RankForecast(
            shape, configuration.training, assumed,
            team: ThreadTeam(threadCount: work.threadCount), seconds: seconds
        ) { done, count in
            try work.show(
                "measuring", completed: done * tokens, of: count * tokens, unit: .tokens)
        }
    }
}
