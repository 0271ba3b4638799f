import Models
import Processes
import Work

/// The optimizer's part of a checkpoint: its moments, under PyTorch's names for them followed by
/// those of the tensors, and the number of steps. It is the same file for any number of processes.
extension Optimizer {
    /// One moment of a tensor.
    private struct Moment {
        let tensor: ParameterLayout.Tensor
        /// Its number among those of the tensor's rule.
        let number: Int
        let name: String
    }

    /// The state, as it is written and read: the first moment of every tensor, then the second of
    /// those that have one.
    private var state: [Moment] {
        let tensors = layout.tensors.filter { !$0.isConstant }.map {
            (tensor: $0, names: configuration.optimizer.rule(for: $0).moments)
        }
        let most = tensors.map(\.names.count).max() ?? 0
        return (0..<most).flatMap { number in
            tensors.filter { $0.names.count > number }.map { tensor, names in
                Moment(tensor: tensor, number: number, name: names[number] + "." + tensor.name)
            }
        }
    }

    /// The part of a tensor that this process steps; nil for none of it.
    private func group(of tensor: ParameterLayout.Tensor) -> Group? {
        groups.first { $0.tensor.offset == tensor.offset }
    }

    /// Reads the optimizer that ``write(to:)`` wrote, or the part of it that this process steps.
    convenience init(
        _ configuration: TrainingConfiguration, layout: ParameterLayout, team: ThreadTeam,
        share: OptimizerShare? = nil, path: String
    ) throws {
        self.init(configuration, layout: layout, team: team, share: share)
        let file = try SafetensorsFile(path: path)
        guard let text = file.metadata[SafetensorsFile.stepKey], let step = Int(text),
            (0...1 << 40).contains(step)
        else {
            throw TrainingError.badCheckpoint(path: path, reason: "it does not say its step")
        }
        let state = state
        guard Set(file.tensors.map(\.name)) == Set(state.map(\.name)) else {
            throw TrainingError.badCheckpoint(
                path: path,
                reason: """
                    it is the state of another optimizer than \(configuration.optimizer); keep the \
                    one that it had, or begin from its model in another directory (init_from)
                    """)
        }
        stepCount = step
        for moment in state {
            guard let group = group(of: moment.tensor) else { continue }
            let (buffer, offset) = (moments[moment.number], group.offsets[moment.number])
            let (shape, whole) = (moment.tensor.shape, moment.tensor.range)
            if group.range == whole {
                try file.read(moment.name, shape: shape, into: buffer, at: offset)
            } else {
                let scratch = FloatBuffer(count: whole.count)
                try file.read(moment.name, shape: shape, into: scratch, at: 0)
                let start = group.range.lowerBound - whole.lowerBound
                buffer.copy(start..<start + group.range.count, of: scratch, to: offset)
            }
            guard buffer.isFinite(offset..<offset + group.range.count) else {
                throw TrainingError.badCheckpoint(
                    path: path, reason: "a number of \(moment.name) is not finite")
            }
        }
    }

    /// Writes the moments and the number of steps, in the one process or in rank 0, to which the
    /// others send theirs by ``sendState(to:)``: a tensor at a time is there as a whole.
    /// O(parameters).
    func write(to path: String) throws {
        var fault: ProcessError?
        let largest = share == nil ? 0 : state.map(\.tensor.count).max() ?? 0
        let scratch = FloatBuffer(count: largest)
        let sources = state.compactMap { moment -> SafetensorsFile.Source? in
            let (tensor, number) = (moment.tensor, moment.number)
            let group = group(of: tensor)
            if let group, group.range == tensor.range {
                return .init(
                    name: moment.name, shape: tensor.shape, buffer: moments[number],
                    offset: group.offsets[number])
            }
            return .init(name: moment.name, shape: tensor.shape, buffer: scratch, offset: 0) {
                [self] () throws(ModelError) in
                do throws(ProcessError) {
                    try collect(moment, group, into: scratch)
                } catch {
                    fault = error
                    throw .storage(reason: "\(error)")
                }
            }
        }
        do {
            try SafetensorsFile.write(
                sources, metadata: ["format": "pt", SafetensorsFile.stepKey: "\(stepCount)"],
                to: path)
        } catch {
            throw fault ?? error
        }
    }

    /// Puts a moment of a tensor together from the parts that the processes have.
    private func collect(
        _ moment: Moment, _ own: Group?, into scratch: FloatBuffer
    ) throws(ProcessError) {
        guard let share else { return }
        let start = moment.tensor.offset
        if let own {
            let offset = own.offsets[moment.number]
            scratch.copy(
                offset..<offset + own.range.count, of: moments[moment.number],
                to: own.range.lowerBound - start)
        }
        for rank in 1..<share.group.count {
            let range = share.division.range(of: moment.tensor, rank: rank)
            guard !range.isEmpty else { continue }
            try scratch.withMutableSpan { (span) throws(ProcessError) in
                try share.group.receive(
                    range.lowerBound - start..<range.upperBound - start, of: &span, from: rank)
            }
        }
    }

    /// Sends the moments of this process to rank 0, in the order in which it writes.
    func sendState(to processes: any ProcessGroup) throws(ProcessError) {
        for moment in state {
            guard let group = group(of: moment.tensor) else { continue }
            let offset = group.offsets[moment.number]
            try moments[moment.number].withSpan { (span) throws(ProcessError) in
                try processes.send(span.extracting(offset..<offset + group.range.count))
            }
        }
    }

    /// Writes, in rank 0, the state of another rank that steps everything for itself, which sends
    /// it by ``sendState(to:)``. A tensor at a time is in memory. O(parameters).
    ///
    /// - Parameters:
    ///   - rank: the other rank.
    ///   - processes: the ranks.
    ///   - stepCount: steps that its optimizer has taken.
    ///   - metadata: more of the file's metadata.
    func writeState(
        ofRank rank: Int, in processes: any ProcessGroup, stepCount: Int,
        metadata: [String: String], to path: String
    ) throws {
        var fault: ProcessError?
        let scratch = FloatBuffer(count: state.map(\.tensor.count).max() ?? 0)
        let sources = state.map { moment in
            SafetensorsFile.Source(
                name: moment.name, shape: moment.tensor.shape, buffer: scratch, offset: 0
            ) { () throws(ModelError) in
                do throws(ProcessError) {
                    try scratch.withMutableSpan { (span) throws(ProcessError) in
                        try processes.receive(0..<moment.tensor.count, of: &span, from: rank)
                    }
                } catch {
                    fault = error
                    throw .storage(reason: "\(error)")
                }
            }
        }
        do {
            try SafetensorsFile.write(
                sources,
                metadata: ["format": "pt", SafetensorsFile.stepKey: "\(stepCount)"].merging(
                    metadata
                ) {
                    first, _ in first
                }, to: path)
        } catch {
            throw fault ?? error
        }
    }
}

/// What one of several processes steps.
struct OptimizerShare {
    let group: any ProcessGroup
    let division: ParameterDivision

    /// The part of a tensor that this process steps.
    func range(of tensor: ParameterLayout.Tensor) -> Range<Int> {
        division.range(of: tensor, rank: group.rank)
    }
}

extension ParameterDivision {
    /// The part of a tensor that a process steps: its matrices are whole, and of another it has
    /// neighbouring blocks.
    func range(of tensor: ParameterLayout.Tensor, rank: Int) -> Range<Int> {
        let parts = stepped.ranges[rank].filter { $0.overlaps(tensor.range) }
        guard let first = parts.first, let last = parts.last else {
            return tensor.offset..<tensor.offset
        }
        precondition(parts.count == 1, "a process has one part of a tensor")
        return max(first.lowerBound, tensor.offset)..<min(last.upperBound, tensor.range.upperBound)
    }
}
