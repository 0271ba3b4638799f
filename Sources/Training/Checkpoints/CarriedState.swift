import Models
import Processes

/// The state that the rows of a run carry from step to step, as a part of a checkpoint:
/// `carried_state.safetensors`.
///
/// Its one tensor, `state`, has a row for each row of a step; the rest of its shape is the
/// family's. A recurrent model's is (layers, h and c, hidden units).
struct CarriedState {
    static let fileName = "carried_state.safetensors"
    private static let tensorName = "state"

    /// The rows of this process.
    private let buffer: FloatBuffer
    private let shape: [Int]
    private let group: any ProcessGroup
    /// The rows of each process.
    private let shares: [SlotShare]

    /// The state of `runner`, which has the rows of one of the processes of `group`; nil where it
    /// carries none.
    ///
    /// - Parameter shares: the slots of each process.
    init?(of runner: BatchRunner, in group: any ProcessGroup, _ shares: [SlotShare]) {
        let configuration: any ModelShape = runner.model.configuration
        guard let buffer = runner.carriedState, let shape = configuration.carriedStateShape
        else { return nil }
        self.buffer = buffer
        self.shape = [shares.last?.sequences.upperBound ?? 0] + shape
        self.group = group
        self.shares = shares
    }

    /// The floats of a process's rows among those of all.
    private func range(of rank: Int) -> Range<Int> {
        let width = shape.dropFirst().reduce(1, *)
        let rows = shares[rank].sequences
        return rows.lowerBound * width..<rows.upperBound * width
    }

    /// Takes over the state that a checkpoint holds.
    ///
    /// - Throws: ``TrainingError/badCheckpoint(path:reason:)`` where its file is missing or not
    ///   that of the checkpoint's step, and the errors of a damaged file.
    func read(fromCheckpoint directory: String, step: Int) throws {
        let path = directory + "/" + Self.fileName
        func bad(_ reason: String) -> TrainingError { .badCheckpoint(path: path, reason: reason) }
        let file = try SafetensorsFile.state(path, after: step, neededBy: "training.stateful")
        guard file.tensors.map(\.name) == [Self.tensorName] else {
            throw bad("it holds other tensors than \(Self.tensorName)")
        }
        let own = range(of: group.rank)
        if group.count == 1 {
            try file.read(Self.tensorName, shape: shape, into: buffer, at: 0)
        } else {
            let all = FloatBuffer(count: shape.reduce(1, *))
            try file.read(Self.tensorName, shape: shape, into: all, at: 0)
            buffer.copy(own, of: all, to: 0)
        }
        guard buffer.withSpan({ span in span.indices.allSatisfy { span[$0].isFinite } }) else {
            throw bad("a number in it is not finite")
        }
    }

    /// Sends the rows of this process to rank 0, which writes them.
    func send() throws(ProcessError) {
        try buffer.withSpan { (span) throws(ProcessError) in try group.send(span) }
    }

    /// Writes the state after `step`, in rank 0 that of all processes, of which the others call
    /// ``send()``. O(rows · state).
    func write(toCheckpoint directory: String, step: Int) throws {
        var all = buffer
        if group.count > 1 {
            all = FloatBuffer(count: shape.reduce(1, *))
            all.copy(0..<buffer.count, of: buffer, to: 0)
            for rank in 1..<group.count {
                try all.withMutableSpan { (span) throws(ProcessError) in
                    try group.receive(range(of: rank), of: &span, from: rank)
                }
            }
        }
        try SafetensorsFile.write(
            [.init(name: Self.tensorName, shape: shape, buffer: all, offset: 0)],
            metadata: ["format": "pt", SafetensorsFile.stepKey: "\(step)"],
            to: directory + "/" + Self.fileName)
    }
}
