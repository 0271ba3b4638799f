/// The rounds of a run with local steps: how many steps ranks take alone before an outer step.
///
/// Early steps change the parameters most, and ranks that take them alone come to places between
/// which a mean is worth little. So a round has at most a share of the steps that were taken before
/// it, and the longest that is asked for from the moment on at which that share allows it. While it
/// allows no two steps, all ranks take each step together.
struct LocalRounds: Sendable, Equatable {
    /// The most steps of a round, as a share of those before it.
    static let usualGrowth = 1.0 / 48

    /// Steps of the longest round.
    let length: Int
    /// Steps that all ranks take together, before the first round.
    let togetherCount: Int
    /// Steps that the rounds end with that are shorter than the longest, rising.
    private let shortEnds: [Int]
    /// Steps before the first of the longest rounds.
    private let longStart: Int

    /// Rounds of at most `length` steps, which are at most the share `growth` of those before.
    /// O(log(length) / growth).
    init(length: Int, growth: Double) {
        self.length = length
        guard length > 1 else {
            (togetherCount, shortEnds, longStart) = (0, [], 0)
            return
        }
        // Two steps are the shortest round, where a share above all steps would have begun at once.
        togetherCount = Int((2 / growth).rounded(.up))
        var (start, ends) = (togetherCount, [Int]())
        while true {
            let size = Int(min(Double(length), Double(start) * growth))
            guard size < length else { break }
            start += max(size, 2)
            ends.append(start)
        }
        (shortEnds, longStart) = (ends, start)
    }

    /// The rounds of a recipe; nil of one without local steps.
    init?(_ configuration: TrainingConfiguration) {
        guard let length = configuration.localSteps else { return nil }
        self.init(length: length, growth: configuration.localGrowth ?? Self.usualGrowth)
    }

    /// Whether all ranks take the step of that number, counted from 0, together.
    func isTogether(_ step: Int) -> Bool { step < togetherCount }

    /// The steps of the round in which the step of that number is; it alone, where all take it
    /// together. O(log(rounds that grow)).
    func round(of step: Int) -> Range<Int> {
        guard step >= togetherCount else { return step..<step + 1 }
        guard step < longStart else {
            let start = longStart + (step - longStart) / length * length
            return start..<start + length
        }
        let number = shortEnds.partition(after: step)
        return (number == 0 ? togetherCount : shortEnds[number - 1])..<shortEnds[number]
    }

    /// Exchanges of a run of so many steps, whose last one ends a round.
    func exchangeCount(steps: Int) -> Int {
        guard steps > togetherCount else { return max(steps, 1) }
        guard steps > longStart else {
            return togetherCount + shortEnds.partition(after: steps - 1) + 1
        }
        return togetherCount + shortEnds.count + (steps - longStart + length - 1) / length
    }
}

extension [Int] {
    /// The first index of a number above `value`, of numbers that rise. O(log(count)).
    fileprivate func partition(after value: Int) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] > value { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
