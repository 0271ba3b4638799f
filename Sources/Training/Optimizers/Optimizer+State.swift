import Transformer
import Work

/// The optimizer's part of a checkpoint: its moments, under PyTorch's names for them followed by
/// those of the tensors, and the number of steps.
extension Optimizer {
    private static let stepKey = "step"

    /// Reads the optimizer that ``write(to:)`` wrote.
    convenience init(
        _ configuration: TrainingConfiguration, layout: ParameterLayout, team: ThreadTeam,
        path: String
    ) throws {
        self.init(configuration, layout: layout, team: team)
        let file = try SafetensorsFile(path: path)
        guard let text = file.metadata[Self.stepKey], let step = Int(text), step >= 0 else {
            throw TrainingError.badCheckpoint(path: path, reason: "it does not say its step")
        }
        guard Set(file.tensors.map(\.name)) == Set(sources.map(\.name)) else {
            throw TrainingError.badCheckpoint(
                path: path,
                reason: """
                    it is the state of another optimizer than \(configuration.optimizer); keep the \
                    one that it had, or begin from its model in another directory (init_from)
                    """)
        }
        stepCount = step
        for source in sources {
            try file.read(source.name, shape: source.shape, into: source.buffer, at: source.offset)
        }
    }

    /// Writes the moments and the number of steps. O(parameters).
    func write(to path: String) throws {
        try SafetensorsFile.write(
            sources, metadata: ["format": "pt", Self.stepKey: "\(stepCount)"], to: path)
    }

    /// The state, as it is written and read: the first moment of every tensor, then the second of
    /// those that have one.
    private var sources: [SafetensorsFile.Source] {
        moments.enumerated().flatMap { number, buffer in
            groups.filter { $0.offsets.count > number }.map { group in
                SafetensorsFile.Source(
                    name: group.rule.moments[number] + "." + group.tensor.name,
                    shape: group.tensor.shape, buffer: buffer, offset: group.offsets[number])
            }
        }
    }
}
