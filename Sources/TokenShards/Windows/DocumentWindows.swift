/// The windows of ``Packing/document``.
///
/// The beginning of a window depends on all before it in its shard. So that any window is found in
/// a bounded time, the beginning of every 64th is kept: 8 bytes for 64 windows is all the memory
/// that this takes.
struct DocumentWindows: Sendable {
    private static let spacing = 64

    private let shards: [TokenShard]
    private let length: Int
    /// The number of the first window of each shard, and the total: shards + 1 numbers.
    private let firstWindow: [Int]
    /// For each shard the first unscored prediction before every 64th window.
    private let marks: [[Int]]
    /// Predictions of all windows together.
    let scoredCount: Int

    /// Finds the windows of `length` predictions. O(tokens / length · log documents).
    init(shards: [TokenShard], length: Int) {
        self.shards = shards
        self.length = length
        var (first, marks, scoredCount) = ([0], [[Int]](), 0)
        for (number, shard) in shards.enumerated() {
            var (count, scored, marksOfShard) = (0, 0, [Int]())
            while let window = Self.window(in: shard, number, scored: scored, length: length) {
                if count % Self.spacing == 0 { marksOfShard.append(scored) }
                count += 1
                scored = window.start + window.length
            }
            first.append(first.last! + count)
            marks.append(marksOfShard)
            scoredCount += scored
        }
        firstWindow = first
        self.marks = marks
        self.scoredCount = scoredCount
    }

    /// Windows in all shards.
    var count: Int { firstWindow.last! }

    /// Window `number`. O(log shards + 64 · log documents).
    subscript(number: Int) -> Window {
        let shard = firstWindow.lastIndex(notAbove: number)
        let (mark, steps) = (number - firstWindow[shard]).quotientAndRemainder(
            dividingBy: Self.spacing)
        var scored = marks[shard][mark]
        for _ in 0..<steps {
            let window = Self.window(in: shards[shard], shard, scored: scored, length: length)!
            scored = window.start + window.length
        }
        return Self.window(in: shards[shard], shard, scored: scored, length: length)!
    }

    /// The window that makes the first prediction not made so far, the one from token `scored`; nil
    /// where the shard has none left.
    private static func window(
        in shard: TokenShard, _ number: Int, scored: Int, length: Int
    ) -> Window? {
        guard scored < shard.tokenCount - 1 else { return nil }
        let beginning =
            shard.documentCount > 0
            ? shard.document(shard.document(containing: scored)).firstToken : 0
        // The window before ended at `scored`. A document that was as long as it, or longer, is not
        // read again.
        let start = scored - beginning < length ? beginning : scored
        return Window(
            shard: number, start: start, length: min(length, shard.tokenCount - 1 - start),
            alreadyScored: scored - start)
    }
}

extension [Int] {
    /// The last place of an ascending list whose number is not above `value`; the first number is
    /// not. O(log count).
    func lastIndex(notAbove value: Int) -> Int {
        var (low, high) = (0, count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if self[middle] <= value { low = middle } else { high = middle }
        }
        return low
    }
}
