/// The greatest of many numbers, found without sorting all of them.
enum Selection {
    /// A number and its place; the greater comes first, the earlier among equals.
    struct Entry {
        let value: Float
        let index: Int

        /// Whether this comes before `other`.
        func precedes(_ other: Entry) -> Bool {
            value > other.value || value == other.value && index < other.index
        }

        /// Whether a number at a place comes before this or is it.
        func isReached(by value: Float, at index: Int) -> Bool {
            value > self.value || value == self.value && index <= self.index
        }
    }

    /// The `count` greatest in order. O(n + count log count) where the numbers lie in no order.
    static func greatest(_ count: Int, in values: Span<Float>) -> [Entry] {
        precondition(count > 0 && count <= values.count, "as many as there are, or fewer")
        var entries: [Entry] = []
        entries.reserveCapacity(2 * count + 64)
        // Entries certainly not among them are passed over; now and then the rest is cut to size.
        var least: Entry?
        values.eachBlock { start, block in
            if let least, !block.reaches(above: least.value) { return }
            for index in block.indices {
                let entry = Entry(value: block[index], index: start + index)
                if let least, !entry.precedes(least) { continue }
                entries.append(entry)
                if entries.count == 2 * count + 64 {
                    moveGreatest(count, of: &entries)
                    entries.removeSubrange(count...)
                    least = entries.max { $0.precedes($1) }
                }
            }
        }
        entries.sort { $0.precedes($1) }
        return Array(entries.prefix(count))
    }

    /// The number that `rank` - 1 numbers precede.
    static func value(ofRank rank: Int, in values: Span<Float>) -> Float {
        greatest(rank, in: values)[rank - 1].value
    }

    /// The last that belongs to the fewest weights whose sum is at least `goal`, of weights that
    /// are not negative and have the sum `sum`. O(n) on average.
    static func last(reaching goal: Double, of weights: Span<Float>, sum: Double) -> Entry {
        // Those so light that all of them together are less than what may be missing cannot be
        // among them; of a trained model's vocabulary that is nearly all.
        let negligible = Float((sum - goal) / Double(weights.count)) * 0.99
        var entries: [Entry] = []
        weights.eachBlock { start, block in
            guard block.reaches(above: negligible.nextDown) else { return }
            for index in block.indices where block[index] >= negligible {
                entries.append(Entry(value: block[index], index: start + index))
            }
        }
        var (range, rest) = (0..<entries.count, goal)
        while range.count > 1 {
            // The middle of three, moved to the front of those that it precedes.
            let pivot = middle(entries, range)
            let place = partition(&entries, range, around: pivot)
            var before = 0.0
            for index in range.lowerBound..<place { before += Double(entries[index].value) }
            if before >= rest {
                range = range.lowerBound..<place
            } else if before + Double(pivot.value) >= rest {
                return pivot
            } else if place + 1 == range.upperBound {
                return pivot
            } else {
                rest -= before + Double(pivot.value)
                range = place + 1..<range.upperBound
            }
        }
        return entries[range.lowerBound]
    }

    /// Moves the `count` greatest to the front, in any order.
    private static func moveGreatest(_ count: Int, of entries: inout [Entry]) {
        var range = 0..<entries.count
        while range.count > 1 {
            let place = partition(&entries, range, around: middle(entries, range))
            if place == count { return }
            range = place < count ? place + 1..<range.upperBound : range.lowerBound..<place
        }
    }

    /// The one of three that is neither first nor last.
    private static func middle(_ entries: [Entry], _ range: Range<Int>) -> Entry {
        let three = [
            entries[range.lowerBound], entries[(range.lowerBound + range.upperBound) / 2],
            entries[range.upperBound - 1],
        ].sorted { $0.precedes($1) }
        return three[1]
    }

    /// Moves what precedes `pivot`, an entry of the range, before it, and returns its place.
    private static func partition(
        _ entries: inout [Entry], _ range: Range<Int>, around pivot: Entry
    ) -> Int {
        var (end, pivotPlace) = (range.lowerBound, range.lowerBound)
        for index in range {
            guard entries[index].precedes(pivot) || entries[index].index == pivot.index else {
                continue
            }
            if entries[index].index == pivot.index { pivotPlace = end }
            entries.swapAt(index, end)
            end += 1
        }
        entries.swapAt(pivotPlace, end - 1)
        return end - 1
    }
}

extension Span<Float> {
    /// Whether every number is finite. O(n).
    package var areFinite: Bool {
        var largest: UInt32 = 0
        for index in indices { largest = Swift.max(largest, self[index].bitPattern & 0x7FFF_FFFF) }
        return largest < Float.infinity.bitPattern
    }
}
