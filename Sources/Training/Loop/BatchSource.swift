import TokenShards
import Tokenization

/// What a run learns from: batches by their place in the data.
struct BatchSource: Sendable {
    let loader: BatchLoader
    /// Of conversations in this template the answers alone are scored; of anything else all is.
    let template: ChatTemplate?

    /// The `count` batches that begin at `position`. O(tokens).
    func batches(at position: Int, count: Int) -> [Batch] {
        var batches = loader.batches(at: position, count: count)
        if let template {
            for number in batches.indices { batches[number].scoreAnswersOnly(template) }
        }
        return batches
    }
}
