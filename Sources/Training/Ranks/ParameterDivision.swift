import Models
import Processes

/// Which process of a group sums, steps and keeps the moments of which parameters.
///
/// Each has whole matrices of those that Muon steps, and of the rest whole blocks of a tensor, so
/// that what is computed at once is what one process computes at once. They are dealt stage by
/// stage, the matrices by their arithmetic and the rest by its size, so that each process has about
/// as much of what is sent together; within a stage in the order of the layout, so that it has few
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

    /// Ranges of gradients that are done and sent together, one or more parts of the model each, in
    /// the order of the buffer. A backward pass goes through them from the last to the first.
    let stages: [Range<Int>]

    /// The least floats of a stage: a message of half a megabyte costs what it carries.
    static let leastStageCount = 1 << 17

    /// A part of the layout that one process steps.
    private struct Unit {
        var range: Range<Int>
        var isMatrix: Bool
        var cost: Double
        /// Whether it goes with its neighbour.
        var isSmall: Bool { !isMatrix && range.count < ParameterBlocks.blockCount }
    }

    /// The division of parameters among `count` processes.
    ///
    /// - Parameter leastStageCount: the least floats that are sent together.
    init(
        _ layout: ParameterLayout, _ optimizer: OptimizerKind, count: Int,
        leastStageCount: Int = Self.leastStageCount
    ) {
        floatCount = layout.floatCount
        stages = Self.stages(layout, least: leastStageCount)
        var units = Self.units(layout, optimizer)[...]
        var loads = (
            matrices: [Double](repeating: 0, count: count),
            rest: [Double](repeating: 0, count: count)
        )
        var ranges = [[Range<Int>]](repeating: [], count: count)
        for stage in stages {
            let own = Array(units.prefix { $0.range.lowerBound < stage.upperBound })
            units = units.dropFirst(own.count)
            var owners = [Int?](repeating: nil, count: own.count)
            Self.deal(own.indices.filter { own[$0].isMatrix }, of: own, &loads.matrices, &owners)
            Self.deal(
                own.indices.filter { !own[$0].isMatrix && !own[$0].isSmall }, of: own, &loads.rest,
                &owners)
            var last = owners.lazy.compactMap(\.self).first ?? 0
            for (unit, owner) in zip(own, owners) {
                last = owner ?? last
                Self.append(unit.range, to: &ranges[last])
            }
        }
        stepped = Division(ranges)
        summed = Self.wholeBlocks(of: ranges, floatCount: floatCount)
    }

    /// The stages of a layout: from its end on, parts until they are enough.
    private static func stages(_ layout: ParameterLayout, least: Int) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var end = layout.floatCount
        for start in layout.partStarts.reversed() where end - start >= least {
            result.append(start..<end)
            end = start
        }
        guard end > 0 else { return result.reversed() }
        // What is left at the beginning is too little for a stage of its own.
        let upperBound = result.popLast()?.upperBound ?? layout.floatCount
        return ([0..<upperBound] + result.reversed())
    }

    /// Gives some units of a stage to processes, in their order, so that each process has as much
    /// of them and of all before as the others.
    private static func deal(
        _ indices: [Int], of units: [Unit], _ loads: inout [Double], _ owners: inout [Int?]
    ) {
        let sum = indices.reduce(0) { $0 + units[$1].cost }
        guard sum > 0 else { return }
        let fair = (loads.reduce(0, +) + sum) / Double(loads.count)
        let wishes = loads.map { max(fair - $0, 0) }
        let scale = sum / wishes.reduce(0, +)
        var ends: [Double] = []
        for wish in wishes { ends.append((ends.last ?? 0) + wish * scale) }
        var done = 0.0
        for index in indices {
            let middle = done + units[index].cost / 2
            let owner = ends.firstIndex { middle < $0 } ?? loads.count - 1
            owners[index] = owner
            loads[owner] += units[index].cost
            done += units[index].cost
        }
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
