import TokenShards
import Tokenization

/// Batches that a run learns from, by their place in the data.
struct BatchSource: Sendable {
    let loader: BatchLoader
    /// Of conversations in this template the answers alone are scored; of anything else all is.
    let template: ChatTemplate?

    /// Batches of the training splits of `data`. Conversations are packed whole.
    init(
        _ data: Mixture, _ configuration: TrainingConfiguration, contextLength: Int,
        template: ChatTemplate?
    ) throws {
        self.template = template
        loader = try data.loader(
            packing: template == nil ? configuration.packing : .bestFit, length: contextLength,
            stride: template == nil ? configuration.stride : nil,
            marksDocuments: configuration.masksDocuments,
            batchSize: configuration.windowsPerStep, seed: configuration.seed)
    }

    /// The batch that begins at `position`. O(tokens).
    func batch(at position: Int) -> Batch {
        var batch = loader.batch(at: position)
        if let template { batch.scoreAnswersOnly(template) }
        return batch
    }
}
