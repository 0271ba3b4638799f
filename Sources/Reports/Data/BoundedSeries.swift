import Training

/// A curve of any number of values in bounded memory, whose highest and lowest values stay.
///
/// Neighbours are put together in pairs whenever there are too many; what is put together keeps its
/// least and its greatest value with their places, so that a spike of one step among a million is
/// still drawn at its height.
struct BoundedSeries: Sendable, Equatable {
    /// A value at its place.
    struct Point: Sendable, Equatable {
        /// Place, such as the step.
        var x: Double
        /// Value.
        var y: Double
    }

    /// Values side by side.
    private struct Bucket: Sendable, Equatable {
        var least: Point
        var greatest: Point
        var (sum, count) = (0.0, 0)

        init(_ point: Point) {
            (least, greatest) = (point, point)
            (sum, count) = (point.y, 1)
        }

        mutating func add(_ other: Bucket) {
            if other.least.y < least.y { least = other.least }
            if other.greatest.y > greatest.y { greatest = other.greatest }
            sum += other.sum
            count += other.count
        }
    }

    private var buckets: [Bucket] = []
    private var width = 1
    private var open: Bucket?
    private var openCount = 0

    /// The most buckets that are kept.
    static let bucketLimit = 4_096

    /// Values that were added.
    private(set) var count = 0
    /// The last value.
    private(set) var last: Point?

    /// Numbers beyond this are no figures of a run, and no axis could show them.
    static let largest = MetricsLine.largest

    /// Adds a value behind the others. One that is not finite, or beyond all measure, is left out.
    mutating func add(_ x: Double, _ y: Double) {
        guard abs(x) <= Self.largest, abs(y) <= Self.largest else { return }
        let point = Point(x: x, y: y)
        count += 1
        last = point
        if open == nil { open = Bucket(point) } else { open?.add(Bucket(point)) }
        openCount += 1
        guard openCount == width, let whole = open else { return }
        buckets.append(whole)
        (open, openCount) = (nil, 0)
        guard buckets.count >= Self.bucketLimit else { return }
        buckets = Self.merged(buckets, by: 2)
        width *= 2
    }

    private static func merged(_ buckets: [Bucket], by size: Int) -> [Bucket] {
        stride(from: 0, to: buckets.count, by: size).map { first in
            var bucket = buckets[first]
            for next in buckets[first..<min(first + size, buckets.count)].dropFirst() {
                bucket.add(next)
            }
            return bucket
        }
    }

    /// At most `limit` points in their order, which have every extreme of their neighbourhood:
    /// all values where they are so few. O(points).
    func points(limit: Int = 1_000) -> [Point] {
        var all = buckets
        if let open { all.append(open) }
        let isWhole = width == 1 && all.count <= limit
        let size = isWhole ? 1 : (2 * all.count + limit - 1) / limit
        return Self.merged(all, by: max(size, 1)).flatMap { bucket in
            if bucket.least == bucket.greatest { return [bucket.least] }
            return bucket.least.x < bucket.greatest.x
                ? [bucket.least, bucket.greatest] : [bucket.greatest, bucket.least]
        }
    }

    /// At most `limit` means of neighbours, for what is smooth by itself. O(points).
    func means(limit: Int = 1_000) -> [Point] {
        var all = buckets
        if let open { all.append(open) }
        let size = (all.count + limit - 1) / limit
        return Self.merged(all, by: max(size, 1)).map { bucket in
            Point(
                x: max(bucket.least.x, bucket.greatest.x), y: bucket.sum / Double(bucket.count))
        }
    }

    /// Mean of all values; nil without one.
    var mean: Double? {
        let all = buckets + (open.map { [$0] } ?? [])
        let number = all.reduce(0) { $0 + $1.count }
        return number > 0 ? all.reduce(0) { $0 + $1.sum } / Double(number) : nil
    }
}

/// Mean of a curve's last values, where older ones count less: `0.9` of the one before and a tenth
/// of the new value, over what the first values lack.
struct Smoothing: Sendable, Equatable {
    /// The share that stays of the mean before.
    static let factor = 0.9
    private var (sum, weight) = (0.0, 0.0)

    /// The mean with `value` behind the others.
    mutating func add(_ value: Double) -> Double {
        sum = Self.factor * sum + (1 - Self.factor) * value
        weight = Self.factor * weight + (1 - Self.factor)
        return sum / weight
    }
}
