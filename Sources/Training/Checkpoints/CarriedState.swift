import Foundation
import Models

/// The state that the rows of a run carry from step to step, as a part of a checkpoint:
/// `carried_state.safetensors`.
///
/// Its one tensor, `state`, has a row for each row of a step; the rest of its shape is the
/// family's. A recurrent model's is (layers, h and c, hidden units).
struct CarriedState {
    static let fileName = "carried_state.safetensors"
    private static let tensorName = "state"
    private static let stepKey = "step"

    private let buffer: FloatBuffer
    private let shape: [Int]

    /// The state of `runner`; nil where it carries none.
    init?(of runner: BatchRunner) {
        let configuration: any ModelShape = runner.model.configuration
        guard let buffer = runner.carriedState, let shape = configuration.carriedStateShape
        else { return nil }
        self.buffer = buffer
        self.shape = [runner.batchSize] + shape
    }

    /// Takes over the state that a checkpoint holds.
    ///
    /// - Throws: ``TrainingError/badCheckpoint(path:reason:)`` where its file is missing or not
    ///   that of the checkpoint's step, and the errors of a damaged file.
    func read(fromCheckpoint directory: String, step: Int) throws {
        let path = directory + "/" + Self.fileName
        func bad(_ reason: String) -> TrainingError { .badCheckpoint(path: path, reason: reason) }
        guard FileManager.default.fileExists(atPath: path) else {
            throw bad("the file is missing, and training.stateful needs it")
        }
        let file = try SafetensorsFile(path: path)
        guard file.metadata[Self.stepKey] == "\(step)" else {
            throw bad("it is not the state after step \(step)")
        }
        guard file.tensors.map(\.name) == [Self.tensorName] else {
            throw bad("it holds other tensors than \(Self.tensorName)")
        }
        try file.read(Self.tensorName, shape: shape, into: buffer, at: 0)
        guard buffer.withSpan({ span in span.indices.allSatisfy { span[$0].isFinite } }) else {
            throw bad("a number in it is not finite")
        }
    }

    /// Writes the state after `step`. O(rows · state).
    func write(toCheckpoint directory: String, step: Int) throws {
        try SafetensorsFile.write(
            [.init(name: Self.tensorName, shape: shape, buffer: buffer, offset: 0)],
            metadata: ["format": "pt", Self.stepKey: "\(step)"],
            to: directory + "/" + Self.fileName)
    }
}
