package import TokenShards
import Tokenization

/// Batches that a run learns from, by their place in the data.
package struct BatchSource: Sendable {
    package let loader: BatchLoader
    /// The part of each document that is scored; nil for all of it.
    let part: ScoredPart?

    /// Batches of the training splits of `data`. Documents of which a part is scored are packed
    /// whole.
    package init(
        _ data: Mixture, _ configuration: TrainingConfiguration, contextLength: Int,
        part: ScoredPart?
    ) throws {
        self.part = part
        loader = try data.loader(
            packing: part == nil ? configuration.packing : .bestFit, length: contextLength,
            stride: part == nil ? configuration.stride : nil,
            marksDocuments: part != nil || configuration.masksDocuments,
            batchSize: configuration.windowsPerStep, seed: configuration.seed,
            shiftsWindows: configuration.shiftsWindows, isContinuous: configuration.carriesState)
    }

    /// The batch that begins at `position`. O(tokens).
    package func batch(at position: Int) -> Batch {
        var batch = loader.batch(at: position)
        if let part { batch.score(only: part) }
        return batch
    }
}
