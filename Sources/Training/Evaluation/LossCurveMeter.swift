public import Models
public import TokenShards
import Tokenization

/// Measures how a model's loss falls with what it has seen of a document.
///
/// Two questions that look like one: ``byPosition(progress:)`` reads documents from their first
/// tokens and asks how well each place is predicted, ``byContext(progress:)`` asks how well the
/// same places are predicted from their last 1, 2, 4, … tokens. Windows never cross documents, and
/// a bounded number of them is read, spread evenly over the split.
public struct LossCurveMeter {
    private let scorer: any TokenScorer
    private let sets: [WindowSequence]
    private let windowLimit: Int

    /// Windows that are read of each data set where nothing else is said.
    public static let defaultWindowLimit = 512

    /// Measures on `split` of `sets`.
    ///
    /// - Parameters:
    ///   - scorer: computes losses; its context length is that of the longest window.
    ///   - sets: the data sets.
    ///   - split: the part of them to score.
    ///   - windowLimit: the most windows of a data set that are read for a curve by position, and
    ///     the most places of one by context.
    public init(
        scorer: any TokenScorer, sets: [ShardSet], split: Split,
        windowLimit: Int = LossCurveMeter.defaultWindowLimit
    ) {
        self.scorer = scorer
        self.windowLimit = windowLimit
        self.sets = sets.map {
            $0.windows(in: split, length: scorer.contextLength, stride: scorer.contextLength)
        }
    }

    /// Called with the windows done and the windows in all; ends the work by an error.
    public typealias Progress = (_ completed: Int, _ total: Int) throws -> Void

    /// Losses by the tokens of a document before the one to predict: 1, 2, 3–4, 5–8, … These are
    /// the positions 0, 1, 2–3, 4–7, … of a window, counted from 0. O(windows · context).
    public func byPosition(
        progress: Progress = { _, _ in }
    ) throws -> LossCurve {
        let lists = sets.map { $0.documentBeginnings(limit: windowLimit) }
        let total = lists.reduce(0) { $0 + $1.count }
        var means = (0...Self.bucket(of: scorer.contextLength - 1)).map { _ in ClusteredMean() }
        var done = 0
        for (windows, list) in zip(sets, lists) {
            try score(list, of: windows) { _, losses in
                for number in means.indices {
                    let positions = Self.positions(ofBucket: number).clamped(to: 0..<losses.count)
                    let sum = losses.dropFirst(positions.lowerBound).prefix(positions.count)
                        .reduce(0) { $0 + Double($1) }
                    means[number].add(sum: sum, count: positions.count)
                }
                done += 1
                try progress(done, total)
            }
        }
        return LossCurve(
            points: means.enumerated().compactMap { number, mean in
                let positions = Self.positions(ofBucket: number)
                let last = min(positions.upperBound, scorer.contextLength)
                return mean.point(positions.lowerBound + 1...last)
            })
    }

    /// Losses of the same places from their last 1, 2, 4, … tokens alone, up to the longest context
    /// that at least one place in eight has. O(windows · context).
    public func byContext(
        progress: Progress = { _, _ in }
    ) throws -> LossCurve {
        var contexts: [Int] = []
        var context = 1
        while context < scorer.contextLength {
            contexts.append(context)
            context *= 2
        }
        contexts.append(scorer.contextLength)
        let shares = contexts.map { context in
            sets.map { $0.share(withContext: context) }.max() ?? 0
        }
        contexts = zip(contexts, shares).filter { $0 == 1 || $1 >= 1 / 8 }.map(\.0)
        let lists = sets.map {
            $0.lastPredictions(context: contexts.last ?? 1, limit: windowLimit)
        }
        let total = lists.reduce(0) { $0 + $1.count } * contexts.reduce(0, +)
        var done = 0
        var points: [LossCurve.Point] = []
        for context in contexts {
            var mean = ClusteredMean()
            for (windows, list) in zip(sets, lists) {
                var document = (shard: -1, number: -1, sum: 0.0, count: 0)
                try score(list.map { $0.suffix(context) }, of: windows) { window, losses in
                    let number = windows.document(of: window)
                    if (window.shard, number) != (document.shard, document.number) {
                        mean.add(sum: document.sum, count: document.count)
                        document = (window.shard, number, 0, 0)
                    }
                    document.sum += Double(losses[losses.endIndex - 1])
                    document.count += 1
                    done += context
                    try progress(done, total)
                }
                mean.add(sum: document.sum, count: document.count)
            }
            if let point = mean.point(context...context) { points.append(point) }
        }
        return LossCurve(points: points)
    }

    /// The bucket of a position: 0, 1, 2–3, 4–7, …
    private static func bucket(of position: Int) -> Int {
        Int.bitWidth - position.leadingZeroBitCount
    }

    private static func positions(ofBucket number: Int) -> Range<Int> {
        number == 0 ? 0..<1 : 1 << (number - 1)..<1 << number
    }

    /// Scores windows of one data set, packed into rows, and calls `body` with each and the losses
    /// of its predictions, in order.
    private func score(
        _ list: [Window], of windows: WindowSequence,
        _ body: (Window, ArraySlice<Float>) throws -> Void
    ) throws {
        var rows: [[Window]] = []
        var room = 0
        for window in list {
            if window.length > room {
                rows.append([])
                room = scorer.contextLength
            }
            rows[rows.count - 1].append(window)
            room -= window.length
        }
        for first in stride(from: 0, to: rows.count, by: scorer.batchSize) {
            let some = rows[first..<min(first + scorer.batchSize, rows.count)]
            let batch = windows.batch(of: some, batchSize: some.count)
            let losses = scorer.tokenLosses(
                inputs: batch.inputs.span, targets: batch.targets.span,
                documentStarts: batch.documentStarts)
            for (row, rowWindows) in some.enumerated() {
                var place = row * scorer.contextLength
                for window in rowWindows {
                    try body(window, losses[place..<place + window.length])
                    place += window.length
                }
            }
        }
    }
}
