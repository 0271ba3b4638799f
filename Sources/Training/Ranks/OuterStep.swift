import Models
import Processes

/// The step that processes take together after each has taken `local_steps` steps alone.
///
/// A round begins with parameters that all have alike. Each process changes them by its own
/// optimizer and its own windows; the mean over the processes of what they have moved, start − end,
/// is then taken for a gradient, by which the start is stepped by SGD with Nesterov's momentum.
/// That is DiLoCo (Douillard and others, <https://arxiv.org/abs/2311.08105>). With a rate of 1 and
/// without momentum, as is usual here, the round ends with the mean of the parameters, which is
/// local SGD (Stich, <https://arxiv.org/abs/1805.09767>). So there is one exchange in a round
/// instead of one in a step, and the result, another than that of one process, depends on how many
/// there are.
///
/// The sum is that of ``ProcessGroup/sum(_:into:as:)``, a binary tree over the ranks, so the same
/// number of processes gives the same bits. Start and momentum are the same in all of them, and
/// kept by all. Of one process alone it is a step towards where it has come, as in Lookahead
/// (Zhang and others, <https://arxiv.org/abs/1907.08610>), with a momentum.
final class OuterStep {
    static let fileName = "outer_optimizer.safetensors"
    /// Those of a mean.
    static let (usualLearningRate, usualMomentum) = (1.0, 0.0)

    /// The rounds that end with such a step.
    let rounds: LocalRounds
    /// The ranges that each process sums.
    let division: Division
    private let group: any ProcessGroup
    private let wire: WireNumbers
    private let layout: ParameterLayout
    private let learningRate: Float
    private let decay: Float
    /// The parameters that the round began with.
    private let start: FloatBuffer
    private let momentum: FloatBuffer

    /// The outer step of a recipe and a model of that layout; nil of a recipe without one.
    init?(
        _ configuration: TrainingConfiguration, _ layout: ParameterLayout, _ group: any ProcessGroup
    ) {
        guard let rounds = LocalRounds(configuration) else { return nil }
        self.rounds = rounds
        self.layout = layout
        self.group = group
        wire = configuration.wire ?? .float32
        division = Self.division(ofFloats: layout.floatCount, count: group.count)
        learningRate = Float(configuration.outerLearningRate ?? Self.usualLearningRate)
        decay = Float(configuration.outerMomentum ?? Self.usualMomentum)
        start = FloatBuffer(count: layout.floatCount)
        momentum = FloatBuffer(count: layout.floatCount)
    }

    /// Bytes of what a process keeps, and of what it receives before it adds it.
    static func byteCount(ofFloats floatCount: Int, count: Int, as numbers: WireNumbers) -> Int {
        8 * floatCount + Division.scratchByteCount(ofSumOf: floatCount, count: count, as: numbers)
    }

    /// As many blocks for each of `count` processes.
    static func division(ofFloats floatCount: Int, count: Int) -> Division {
        let size = ParameterBlocks.blockCount
        let blockCount = (floatCount + size - 1) / size
        return Division(
            (0..<count).map { rank in
                let start = min(blockCount * rank / count * size, floatCount)
                let end = min(blockCount * (rank + 1) / count * size, floatCount)
                return start < end ? [start..<end] : []
            })
    }

    /// Begins the first round, with parameters that all processes have alike.
    func begin(with parameters: FloatBuffer) { start.copy(from: parameters) }

    /// Ends a round, and begins the next: afterwards all processes have the same parameters.
    /// O(parameters) time and traffic.
    ///
    /// - Parameters:
    ///   - parameters: this process's, which are changed.
    ///   - scratch: room for as many floats, of which nothing is kept.
    func step(_ parameters: FloatBuffer, scratch: FloatBuffer) throws(ProcessError) {
        subtract(parameters, into: scratch)
        try scratch.withMutableSpan { (floats) throws(ProcessError) in
            try group.sum(&floats, into: division, as: wire)
            try group.share(&floats, of: division, as: wire)
        }
        let (mean, rate, decay) = (1 / Float(group.count), learningRate, decay)
        scratch.withSpan { sums in
            momentum.withMutableSpan { momentum in
                for index in momentum.indices {
                    momentum[index] = decay * momentum[index] + mean * sums[index]
                }
            }
            start.withSpan { start in
                momentum.withSpan { momentum in
                    parameters.withMutableSpan { parameters in
                        for index in parameters.indices {
                            // Nesterov's: a step ahead by the momentum that was just made.
                            let step = mean * sums[index] + decay * momentum[index]
                            parameters[index] = start[index] - rate * step
                        }
                    }
                }
            }
        }
        start.copy(from: parameters)
    }

    /// start − parameters.
    private func subtract(_ parameters: FloatBuffer, into result: FloatBuffer) {
        start.withSpan { start in
            parameters.withSpan { parameters in
                result.withMutableSpan { result in
                    for index in result.indices {
                        result[index] = start[index] - parameters[index]
                    }
                }
            }
        }
    }

    // MARK: Checkpoints

    private var tensors: [(name: String, tensor: ParameterLayout.Tensor)] {
        layout.tensors.filter { !$0.isConstant }.map { ("momentum_buffer." + $0.name, $0) }
    }

    /// Writes the momentum, under PyTorch's name for it, into a checkpoint between two rounds.
    func write(toCheckpoint directory: String, step: Int) throws {
        try SafetensorsFile.write(
            tensors.map {
                .init(
                    name: $0.name, shape: $0.tensor.shape, buffer: momentum,
                    offset: $0.tensor.offset)
            }, metadata: ["format": "pt", SafetensorsFile.stepKey: "\(step)"],
            to: directory + "/" + Self.fileName)
    }

    /// Takes over the momentum that a checkpoint holds.
    ///
    /// - Throws: ``TrainingError/badCheckpoint(path:reason:)`` where its file is missing or not
    ///   that of the checkpoint's step, and the errors of a damaged file.
    func read(fromCheckpoint directory: String, step: Int) throws {
        let path = directory + "/" + Self.fileName
        func bad(_ reason: String) -> TrainingError { .badCheckpoint(path: path, reason: reason) }
        let file = try SafetensorsFile.state(path, after: step, neededBy: "training.local_steps")
        let tensors = tensors
        guard Set(file.tensors.map(\.name)) == Set(tensors.map(\.name)) else {
            throw bad("it is not the state of this model")
        }
        for (name, tensor) in tensors {
            try file.read(name, shape: tensor.shape, into: momentum, at: tensor.offset)
            guard momentum.isFinite(tensor.range) else {
                throw bad("a number of \(name) is not finite")
            }
        }
    }
}
