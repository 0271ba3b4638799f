import TokenShards
import Tokenization

/// Batches that a run learns from, by their place in the data.
struct BatchSource: Sendable {
    let loader: BatchLoader
    /// Of conversations in this template the answers alone are scored; of anything else all is.
    let template: ChatTemplate?

    /// The batch that begins at `position`. O(tokens).
    func batch(at position: Int) -> Batch {
        var batch = loader.batch(at: position)
        if let template { batch.scoreAnswersOnly(template) }
        return batch
    }
}
