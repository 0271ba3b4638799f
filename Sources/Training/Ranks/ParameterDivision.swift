import Models
import Processes

/// Which process of a group sums, steps and keeps the moments of which parameters.
///
/// Each has whole matrices of those that Muon steps, and of the rest whole blocks of a tensor, so
/// that what is computed at once is what one process computes at once. The matrices are dealt by
/// their arithmetic and the rest by its size, in the order of the layout: a process has a few long
/// ranges. A tensor of less than a block stays with the one before it.
///
/// This is the first stage of ZeRO (Rajbhandari and others, <https://arxiv.org/abs/1910.02054>):
/// the moments are divided, parameters and gradients are not.
struct ParameterDivision: Equatable {
    /// The ranges that each process steps.
    let stepped: Division
    /// The ranges that each process sums: whole blocks of ``ParameterBlocks``, of which the norm is
    /// made.
    let summed: Division
    /// Floats of the buffer.
    let floatCount: Int

    /// A part of the layout that one process steps.
    private struct Unit {
        var range: Range<Int>
        var isMatrix: Bool
        var cost: Double
    }

    /// The division of parameters among `count` processes.
    init(_ layout: ParameterLayout, _ optimizer: OptimizerKind, count: Int) {
        floatCount = layout.floatCount
        let units = Self.units(layout, optimizer)
        var totals = (matrices: 0.0, rest: 0.0)
        for unit in units {
            if unit.isMatrix { totals.matrices += unit.cost } else { totals.rest += unit.cost }
        }
        var done = (matrices: 0.0, rest: 0.0)
        var ranges = [[Range<Int>]](repeating: [], count: count)
        var last = 0
        for unit in units {
            let middle = (unit.isMatrix ? done.matrices : done.rest) + unit.cost / 2
            let total = unit.isMatrix ? totals.matrices : totals.rest
            let isSmall = !unit.isMatrix && unit.range.count < ParameterBlocks.blockCount
            let owner =
                isSmall ? last : min(count - 1, Int(middle / max(total, 1) * Double(count)))
            if unit.isMatrix { done.matrices += unit.cost } else { done.rest += unit.cost }
            Self.append(unit.range, to: &ranges[owner])
            last = owner
        }
        stepped = Division(ranges)
        summed = Self.wholeBlocks(of: ranges, floatCount: floatCount)
    }

    /// Bytes of what processes receive before they add it.
    func scratchByteCount(as numbers: WireNumbers) -> Int {
        Division.scratchByteCount(ofSumOf: floatCount, count: stepped.ranges.count, as: numbers)
    }

    /// The blocks that a process sums.
    func blocks(of rank: Int) -> [Int] {
        let size = ParameterBlocks.blockCount
        return summed.ranges[rank].flatMap { range in
            Array(range.lowerBound / size..<(range.upperBound + size - 1) / size)
        }
    }

    /// The parts of a layout, without a gap: what lies between two tensors goes with the first.
    private static func units(_ layout: ParameterLayout, _ optimizer: OptimizerKind) -> [Unit] {
        var units: [Unit] = []
        for (number, tensor) in layout.tensors.enumerated() {
            let end =
                number + 1 < layout.tensors.count
                ? layout.tensors[number + 1].offset : layout.floatCount
            if !tensor.isConstant, optimizer.rule(for: tensor) == .muon {
                let cost = tensor.maps.reduce(0) { sum, place in
                    let small = Double(min(place.rows, place.columns))
                    return sum + Double(place.count) * 2 * small + small * small * small
                }
                units.append(Unit(range: tensor.offset..<end, isMatrix: true, cost: cost))
                continue
            }
            let starts = Array(
                stride(from: tensor.offset, to: end, by: ParameterBlocks.blockCount))
            for (index, start) in starts.enumerated() {
                let stop = index + 1 < starts.count ? starts[index + 1] : end
                units.append(
                    Unit(range: start..<stop, isMatrix: false, cost: Double(stop - start)))
            }
        }
        return units
    }

    private static func append(_ range: Range<Int>, to ranges: inout [Range<Int>]) {
        if let end = ranges.last, end.upperBound == range.lowerBound {
            ranges[ranges.count - 1] = end.lowerBound..<range.upperBound
        } else {
            ranges.append(range)
        }
    }

    /// For each process the blocks whose first float it has.
    private static func wholeBlocks(of ranges: [[Range<Int>]], floatCount: Int) -> Division {
        let size = ParameterBlocks.blockCount
        let sorted = ranges.enumerated().flatMap { owner, ranges in
            ranges.map { (range: $0, owner: owner) }
        }.sorted { $0.range.lowerBound < $1.range.lowerBound }
        var result = [[Range<Int>]](repeating: [], count: ranges.count)
        for (range, owner) in sorted {
            // The blocks that begin in the range.
            let first = (range.lowerBound + size - 1) / size * size
            let end = min((range.upperBound + size - 1) / size * size, floatCount)
            if first < end { append(first..<end, to: &result[owner]) }
        }
        return Division(result)
    }
}
