import Files
import Foundation
public import Processes
import Training
public import Work

/// The processes of a pipeline's run that was started several times together: rank 0 does every
/// stage, and training is done by all.
///
/// The others wait for it and train when it does, as often as it does: with a configuration, in a
/// directory and from the data sets that it names. Whether a stage is up to date, and what becomes
/// of earlier results, is rank 0's affair alone.
public struct SharedTraining {
    /// The processes.
    public let group: any ProcessGroup
    /// Version of the program, which must be the same in all of them.
    public let programVersion: String

    /// The processes of `group`, or one alone.
    public init(_ group: any ProcessGroup = SingleProcess(), programVersion: String = "") {
        self.group = group
        self.programVersion = programVersion
    }

    /// What the others are to do next.
    private enum Order: Codable {
        case train(Training)
        case end

        struct Training: Codable {
            var configuration: PipelineConfiguration
            var data: RunData
            var runDirectory: String
            var existing: Existing
        }

        /// The policies for an earlier run, as far as they concern a process that writes nothing.
        enum Existing: Codable {
            case new
            case resumed
            case resumedFrom(step: Int)
        }
    }

    /// Tells the others to train as this process is about to.
    func announce(
        _ configuration: PipelineConfiguration, _ data: RunData,
        _ surroundings: Trainer.Surroundings
    ) throws {
        let existing: Order.Existing =
            switch surroundings.existing {
            case .resume: .resumed
            case .resumeFrom(let step): .resumedFrom(step: step)
            case .refuse, .overwrite, .setAside: .new
            }
        try give(
            .train(
                .init(
                    configuration: configuration, data: data,
                    runDirectory: surroundings.runDirectory, existing: existing)))
    }

    /// Tells the others that there is nothing more to do.
    public func end() throws { try give(.end) }

    private func give(_ order: Order) throws {
        guard group.count > 1 else { return }
        _ = try group.broadcast([UInt8](JSONEncoder().encode(order)))
    }

    /// Does, as one of the others, what rank 0 says, until it says that this is all.
    public func follow(work: WorkContext<PipelineEvent>) async throws {
        precondition(group.rank > 0, "rank 0 leads")
        while true {
            let bytes = try group.broadcast([], patience: .unlimited)
            switch try JSONDecoder().decode(Order.self, from: Data(bytes)) {
            case .end: return
            case .train(let training):
                let existing: Trainer.ExistingRun =
                    switch training.existing {
                    case .new: .overwrite
                    case .resumed: .resume
                    case .resumedFrom(let step): .resumeFrom(step: step)
                    }
                var surroundings = Trainer.Surroundings(
                    runDirectory: training.runDirectory, existing: existing)
                surroundings.group = group
                surroundings.programVersion = programVersion
                let vocabulary = try training.configuration.modelVocabulary()
                _ = try await TrainStage.run(
                    training.configuration,
                    data: try training.data.mixture(vocabulary: vocabulary),
                    vocabulary: vocabulary, surroundings: surroundings, work: work)
            }
        }
    }
}
