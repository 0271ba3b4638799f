/// Which process of a group has which parts of a buffer that all of them have.
public struct Division: Equatable, Sendable {
    /// The ranges of each rank, in ascending order. No two of all of them overlap.
    public let ranges: [[Range<Int>]]

    /// A division by the ranges of each rank.
    public init(_ ranges: [[Range<Int>]]) { self.ranges = ranges }

    /// The floats of a rank. O(ranges).
    public func count(of rank: Int) -> Int { Self.floatCount(ranges[rank]) }

    /// The division of a part of the buffer. O(ranges).
    public func clamped(to part: Range<Int>) -> Division {
        Division(
            ranges.map { ranges in
                ranges.compactMap { range in
                    range.overlaps(part) ? range.clamped(to: part) : nil
                }
            })
    }

    /// Floats of a message in a group of `count` processes: so many that the system goes on sending
    /// while the thread that sends waits for a processor, and no more than 16 MiB of what all
    /// others send at once.
    static func pieceCount(among count: Int) -> Int { max(1 << 16, (1 << 22) / max(count - 1, 1)) }

    /// Bytes of scratch of ``ProcessGroup/sum(_:into:as:)`` in a group of `count` processes.
    public static func scratchByteCount(
        ofSumOf floatCount: Int, count: Int, as numbers: WireNumbers = .float32
    ) -> Int {
        // What is rounded has a place before it is sent and one where it is received.
        (numbers == .float32 ? 4 : 8) * (count - 1) * min(floatCount, pieceCount(among: count))
    }

    /// The ranges cut into pieces of at most ``pieceCount(among:)`` floats.
    static func pieces(of ranges: [Range<Int>], among count: Int) -> [Range<Int>] {
        let pieceCount = pieceCount(among: count)
        return ranges.flatMap { range in
            stride(from: range.lowerBound, to: range.upperBound, by: pieceCount).map {
                $0..<min($0 + pieceCount, range.upperBound)
            }
        }
    }

    /// The ranges cut into lists of at most ``pieceCount(among:)`` floats each, so that what
    /// processes receive at once is alike in size however many ranges they have.
    static func rounds(of ranges: [Range<Int>], among count: Int) -> [[Range<Int>]] {
        let pieceCount = pieceCount(among: count)
        var (rounds, room): ([[Range<Int>]], Int) = ([], 0)
        for range in ranges {
            var start = range.lowerBound
            while start < range.upperBound {
                if room == 0 { (rounds, room) = (rounds + [[]], pieceCount) }
                let end = min(start + room, range.upperBound)
                rounds[rounds.count - 1].append(start..<end)
                (room, start) = (room - (end - start), end)
            }
        }
        return rounds
    }

    /// The floats of ranges.
    static func floatCount(_ ranges: [Range<Int>]) -> Int { ranges.reduce(0) { $0 + $1.count } }

    /// Ranges that a rank has here and another has in `other`. O(ranges).
    func shared(by rank: Int, with otherRank: Int, in other: Division) -> [Range<Int>] {
        var (left, right) = (ranges[rank][...], other.ranges[otherRank][...])
        var result: [Range<Int>] = []
        while let first = left.first, let second = right.first {
            let both = first.clamped(to: second)
            if !both.isEmpty, first.overlaps(second) { result.append(both) }
            if first.upperBound <= second.upperBound {
                left.removeFirst()
            } else {
                right.removeFirst()
            }
        }
        return result
    }
}
