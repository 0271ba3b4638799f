/// A stretch of a shard that one row of a batch is made of.
public struct Window: Equatable, Sendable {
    /// The shard's number in its split.
    public var shard: Int
    /// The number of the window's first token in the shard.
    public var start: Int
    /// Predictions in the window: token `start + i + 1` is predicted from the tokens up to `start +
    /// i`.
    public var length: Int
    /// Predictions at the window's beginning that an earlier window has made already.
    public var alreadyScored: Int
}

/// The windows of a split: `length` predictions each, a new one every `stride` tokens.
///
/// Windows never cross shards, since a shard may be anywhere. Nothing is stored but one number a
/// shard. For training every window is full; for evaluation the last one ends with the shard, so
/// that each token but a shard's first is predicted exactly once, with as much context as there is.
public struct WindowSequence: Sendable {
    /// Predictions a window.
    public let length: Int
    /// Tokens between the beginnings of two windows.
    public let stride: Int
    /// Whether batches say where documents begin.
    public let marksDocuments: Bool
    let shards: [TokenShard]
    /// The number of the first window of each shard, and the total: shards + 1 numbers.
    private let firstWindow: [Int]

    init(shards: [TokenShard], length: Int, stride: Int, marksDocuments: Bool = false) {
        precondition(length > 0, "a window has at least one prediction")
        precondition(stride > 0, "windows advance by at least one token")
        self.shards = shards
        self.length = length
        self.stride = stride
        self.marksDocuments = marksDocuments
        var first = [0]
        for shard in shards {
            let room = shard.tokenCount - length - 1
            first.append(first.last! + (room >= 0 ? room / stride + 1 : 0))
        }
        firstWindow = first
    }

    /// Full windows.
    public var count: Int { firstWindow.last! }

    /// Full window `number`, which must be below ``count``. O(log shards).
    public subscript(number: Int) -> Window {
        precondition(number >= 0 && number < count, "window \(number) of \(count)")
        // Shards without a window share their number with the next, which is found.
        let shard = firstWindow.lastIndex(notAbove: number)
        return Window(
            shard: shard, start: (number - firstWindow[shard]) * stride, length: length,
            alreadyScored: 0)
    }

    /// Full window `number`, which must be below ``count``, as epoch `epoch` cuts it.
    ///
    /// The first epoch cuts as the subscript does. Each later one cuts elsewhere, so that a token
    /// is seen behind another context each time: all windows begin later by the epoch's term of a
    /// Weyl sequence with the golden ratio, as a share of the stride, whose terms never come close
    /// to one another soon. What would go beyond the end of a shard ends with it. O(log shards).
    func window(_ number: Int, inEpoch epoch: Int) -> Window {
        var window = self[number]
        let turn = UInt64(epoch) &* 0x9E37_79B9_7F4A_7C15
        let shift = Int(turn.multipliedFullWidth(by: UInt64(stride)).high)
        window.start = min(window.start + shift, shards[window.shard].tokenCount - length - 1)
        return window
    }

    /// The windows that score every token but a shard's first exactly once, in order.
    ///
    /// A window whose beginning overlaps an earlier one scores only what is new. With a stride
    /// beyond the length the gaps are not scored, so evaluation wants a stride of at most `length`.
    public func scoringWindows() -> [Window] {
        var windows: [Window] = []
        for (number, shard) in shards.enumerated() {
            let predictions = shard.tokenCount - 1
            var scored = 0
            while scored < predictions {
                let end = windows.last?.shard == number ? scored + min(stride, length) : length
                let stop = min(end, predictions)
                let start = max(0, stop - length)
                windows.append(
                    Window(
                        shard: number, start: start, length: stop - start,
                        alreadyScored: scored - start))
                scored = stop
            }
        }
        return windows
    }
}

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
