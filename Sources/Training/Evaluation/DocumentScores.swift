import TokenShards
import Tokenization
public import Work

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Losses of each document of a split, and how sure that makes the bits per byte of all.
///
/// Tokens of one document are not independent of each other, documents are more nearly so:
/// confidence comes from drawing documents with replacement (Efron's bootstrap, by percentiles).
public struct DocumentScores: Sendable {
    /// A document and its sums.
    public struct Entry: Sendable, Equatable {
        /// The number of its data set, in the order in which they were scored.
        public var set: Int
        /// The number of its shard in the split.
        public var shard: Int
        /// Its number in the shard.
        public var document: Int
        /// Its sums; of the first document of a shard without the first token.
        public var result: EvaluationResult
    }

    /// Bounds between which 95 of 100 draws lie.
    public struct Interval: Sendable, Equatable, Encodable {
        /// The lower bound, in bits a byte.
        public var low: Double
        /// The upper bound, in bits a byte.
        public var high: Double
    }

    /// The documents that have a scored token, in their order.
    public private(set) var entries: [Entry] = []
    /// The number of the source of each, where there are several sources.
    private var sources: [Int32] = []

    /// Draws of a confidence interval.
    public static let drawCount = 1_000
    private static let seed: UInt64 = 1_337

    init(_ entries: [Entry], sources: [Int32]) {
        (self.entries, self.sources) = (entries, sources)
    }

    /// Scores of several data sets, each of which is a source of its own.
    public init(joining sets: [DocumentScores]) {
        for (number, set) in sets.enumerated() {
            entries += set.entries.map { entry in
                var entry = entry
                entry.set = number
                return entry
            }
            sources += set.entries.map { _ in Int32(number) }
        }
    }

    /// Where the bits per byte of other documents of the kind are to be expected; nil for fewer
    /// than two documents. O(documents · draws).
    ///
    /// - Parameters:
    ///   - source: the number of a source, for its documents alone; nil for all.
    ///   - team: the threads, on whose number the result does not depend.
    public func interval(ofSource source: Int? = nil, team: ThreadTeam) -> Interval? {
        var (losses, bytes): ([Double], [Double]) = ([], [])
        for (index, entry) in entries.enumerated() {
            if let source, sources[index] != Int32(source) { continue }
            losses.append(entry.result.totalLoss)
            bytes.append(Double(entry.result.byteCount))
        }
        guard losses.count > 1 else { return nil }
        let draws = Monitor([Double](repeating: 0, count: Self.drawCount))
        team.run(Self.drawCount) { draw in
            // A generator for each draw, so that threads change nothing.
            var random = RandomGenerator(seed: Self.seed &+ UInt64(draw))
            var (loss, byteCount) = (0.0, 0.0)
            for _ in losses.indices {
                let index = Int(random.uniform() * Double(losses.count))
                loss += losses[index]
                byteCount += bytes[index]
            }
            let value = loss / log(2) / max(byteCount, 1)
            draws.withLock { $0[draw] = value }
        }
        let sorted = draws.withLock { $0 }.sorted()
        return Interval(
            low: Self.quantile(0.025, of: sorted), high: Self.quantile(0.975, of: sorted))
    }

    /// A quantile of sorted values, between two neighbours by their distance.
    private static func quantile(_ share: Double, of sorted: [Double]) -> Double {
        let place = share * Double(sorted.count - 1)
        let index = min(Int(place), sorted.count - 2)
        let rest = place - Double(index)
        return sorted[index] * (1 - rest) + sorted[index + 1] * rest
    }

    /// The documents with the most and with the fewest bits per byte, the most extreme first, each
    /// of at least one byte; a document is among one of both. O(n log n).
    public func extremes(_ count: Int) -> (worst: [Entry], best: [Entry]) {
        let order = entries.filter { $0.result.byteCount > 0 }.enumerated().sorted {
            ($0.element.result.bitsPerByte, $0.offset) < ($1.element.result.bitsPerByte, $1.offset)
        }.map(\.element)
        let worst = order.suffix(min(count, (order.count + 1) / 2))
        return (worst.reversed(), Array(order.prefix(min(count, order.count - worst.count))))
    }
}

/// Adds up losses by documents.
struct DocumentTally {
    private let shards: [TokenShard]
    private let finder: SourceFinder?
    private let vocabulary: Vocabulary
    /// Of each shard, the sums of its documents.
    private var results: [[EvaluationResult]]

    init(_ set: ShardSet, _ split: Split, _ vocabulary: Vocabulary) {
        shards = set.shards(of: split)
        finder = set.manifest.sources.count > 1 ? SourceFinder(set, split) : nil
        self.vocabulary = vocabulary
        results = shards.map { Array(repeating: .none, count: $0.documentCount) }
    }

    /// Adds a window's predictions: the losses and the targets of its positions.
    mutating func add(
        _ window: Window, _ losses: ArraySlice<Float>, _ targets: ArraySlice<TokenID>
    ) {
        let shard = shards[window.shard]
        guard shard.documentCount > 0 else { return }
        var document = shard.document(containing: window.start + window.alreadyScored + 1)
        for position in window.alreadyScored..<window.length {
            let target = window.start + position + 1
            while document + 1 < shard.documentCount,
                target >= shard.document(document + 1).firstToken
            {
                document += 1
            }
            results[window.shard][document].tokenCount += 1
            results[window.shard][document].byteCount += vocabulary.textByteCount(
                of: targets[targets.startIndex + position])
            results[window.shard][document].totalLoss += Double(
                losses[losses.startIndex + position])
        }
    }

    /// The scores of all documents that have some.
    var scores: DocumentScores {
        var (entries, sources): ([DocumentScores.Entry], [Int32]) = ([], [])
        for (shard, results) in results.enumerated() {
            for (document, result) in results.enumerated() where result.tokenCount > 0 {
                entries.append(.init(set: 0, shard: shard, document: document, result: result))
                sources.append(
                    Int32(finder?.source(ofDocument: document, inShard: shard) ?? 0))
            }
        }
        return DocumentScores(entries, sources: sources)
    }
}
