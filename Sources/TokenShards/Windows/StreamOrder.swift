/// Order in which training reads on: each row of a batch is a stream of windows, and has the next
/// one of it at each step.
///
/// The windows of an epoch, in their own order, are cut in as many streams of one length as there
/// are rows. What the division leaves over, fewer windows than rows, is left out, in each epoch at
/// another place. Like the shuffled order it is a function of the position and keeps no list.
struct StreamOrder: Sendable {
    /// Windows of all streams and what is left over.
    let windowCount: Int
    /// Streams.
    let streamCount: Int
    /// Windows of a stream in an epoch.
    let length: Int

    /// Streams of `windowCount` windows, at least one for each.
    init(windowCount: Int, streamCount: Int) {
        precondition(streamCount > 0 && windowCount >= streamCount, "a window for each stream")
        self.windowCount = windowCount
        self.streamCount = streamCount
        length = windowCount / streamCount
    }

    /// The window of a stream at `step`, the epoch that this is in, and whether the stream begins
    /// with it.
    subscript(stream: Int, step: Int) -> (window: Int, epoch: Int, isFirst: Bool) {
        precondition((0..<streamCount).contains(stream) && step >= 0, "no place of the streams")
        let (epoch, place) = step.quotientAndRemainder(dividingBy: length)
        let left = windowCount % streamCount
        let first = epoch % (left + 1)
        return (first + stream * length + place, epoch, place == 0)
    }
}

extension MixtureSchedule {
    /// The rows of a batch that each source has where a row stays with its source: its share of
    /// `batchSize` without the fraction, and one more for the largest fractions until all rows are
    /// given out (Hamilton's method).
    func rowCounts(of batchSize: Int) -> [Int] {
        let quotas = shares.map { $0 * Double(batchSize) }
        var counts = quotas.map { Int($0) }
        let order = quotas.indices.sorted {
            (quotas[$1] - Double(counts[$1]), $0) < (quotas[$0] - Double(counts[$0]), $1)
        }
        for source in order.prefix(batchSize - counts.reduce(0, +)) { counts[source] += 1 }
        return counts
    }
}

extension RowSequence {
    /// Whether row `number` goes on where the row before it ends: in the same shard, without a gap
    /// and, where documents are told apart, within a document. O(log documents).
    func continues(at number: Int) -> Bool {
        guard number > 0, let before = self[number - 1].last, let window = self[number].first,
            before.shard == window.shard, before.start + before.length == window.start
        else { return false }
        return !marksDocuments || !shards[window.shard].beginsDocument(at: window.start)
    }
}

extension TokenShard {
    /// Whether a document's first token is at `position`. O(log documents).
    fileprivate func beginsDocument(at position: Int) -> Bool {
        documentCount > 0 && document(document(containing: position)).firstToken == position
    }
}
