import Bytes
import Foundation
import Models
import Processes
import Work

/// What a run's processes do together between the passes and the optimizer.
///
/// Each has the gradients of its slots. They are summed in such a way that a process gets the
/// blocks that are its own, the norm is made of all blocks in their order, each process steps its
/// own parameters, and all get the parameters of all. In a group of one nothing is moved and
/// nothing copied.
final class RankedRun {
    let group: any ProcessGroup
    let division: ParameterDivision
    /// The numbers in which gradients travel.
    private let wire: WireNumbers
    /// The blocks of each process, of which the norm is made.
    private let blocks: [[Int]]
    /// Sums gradients while others are still computed; nil where that is of no use.
    private var exchange: GradientExchange?
    /// Whether one of the processes has been asked to stop.
    private(set) var isStopAgreed = false

    /// What the processes of `group` do for a model of that layout.
    init(
        _ group: any ProcessGroup, _ layout: ParameterLayout,
        _ configuration: TrainingConfiguration,
        leastStageCount: Int = ParameterDivision.leastStageCount
    ) {
        self.group = group
        wire = configuration.wire ?? .float32
        division = ParameterDivision(
            layout, configuration.optimizer, count: group.count, leastStageCount: leastStageCount)
        blocks = (0..<group.count).map { [division] in division.blocks(of: $0) }
    }

    /// Lets gradients of `runner` travel as soon as they are done, where there is more than one
    /// stage of them. From then on each of its batches is between ``begin()`` and a `gather`.
    func overlap(with runner: BatchRunner) {
        guard isShared, division.stages.count > 1 else { return }
        exchange = GradientExchange(
            group, of: runner, stages: division.stages.reversed(), into: division.summed, as: wire)
    }

    /// Lets gradients of `runner` stay where they are from then on, for processes that take the
    /// next steps alone.
    func endOverlap(with runner: BatchRunner) {
        exchange = nil
        runner.progress = nil
    }

    /// Begins a step, before its gradients are computed.
    func begin() { exchange?.begin() }

    /// The number of this process.
    var rank: Int { group.rank }
    /// The number of processes.
    var count: Int { group.count }
    /// Whether there is more than one process.
    var isShared: Bool { group.count > 1 }
    /// Whether this process writes files.
    var writes: Bool { group.rank == 0 }

    /// Whether the processes stop: what was agreed on last or, of one alone, what is asked for now.
    func stops(_ stop: StopSignal) -> Bool { isShared ? isStopAgreed : stop.isRequested }

    /// Agrees with the others whether to stop.
    func agree(_ stop: StopSignal) throws(ProcessError) -> Bool {
        guard isShared else { return stop.isRequested }
        let wishes = try group.share(
            [stop.isRequested ? 1 : 0], counts: Array(repeating: 1, count: group.count))
        isStopAgreed = isStopAgreed || wishes.contains { $0 != 0 }
        return isStopAgreed
    }

    /// The largest of a number that each process has.
    func most(_ count: Int) throws(ProcessError) -> Int {
        guard isShared else { return count }
        let counts = try group.share(
            [Double(count)], counts: Array(repeating: 1, count: group.count))
        return Int(counts.max() ?? 0)
    }

    /// Makes the gradients of the slots of all processes into the step's, where this process steps
    /// parameters.
    ///
    /// - Parameters:
    ///   - gradients: the sum over the slots of this process.
    ///   - loss: that of their losses.
    /// - Returns: the sum of all losses, by the tree of the gradients, and the global norm.
    func gather(
        _ gradients: FloatBuffer, loss: Double, _ stop: StopSignal, team: ThreadTeam
    ) throws(ProcessError) -> (loss: Double, norm: Double) {
        guard isShared else {
            return (
                loss, ParameterBlocks.sumOfSquares(of: gradients, team: team).squareRoot()
            )
        }
        if let exchange {
            try exchange.finish()
        } else {
            try gradients.withMutableSpan { (span) throws(ProcessError) in
                try group.sum(&span, into: division.summed, as: wire)
            }
        }
        // The smallest messages of a step travel together.
        let head = [loss, stop.isRequested ? 1 : 0]
        let sums = ParameterBlocks.sumsOfSquares(
            of: gradients, blocks: blocks[group.rank], team: team)
        let counts = blocks.map { head.count + $0.count }
        let all = try group.share(head + sums, counts: counts)
        var losses: [Double] = []
        var squares = [Double](repeating: 0, count: counts.reduce(0) { $0 + $1 - head.count })
        var start = 0
        for (rank, count) in counts.enumerated() {
            losses.append(all[start])
            if all[start + 1] != 0 { isStopAgreed = true }
            for (index, block) in blocks[rank].enumerated() {
                squares[block] = all[start + head.count + index]
            }
            start += count
        }
        try gradients.withMutableSpan { (span) throws(ProcessError) in
            try group.move(&span, from: division.summed, to: division.stepped)
        }
        return (Self.tree(losses), squares.reduce(0, +).squareRoot())
    }

    /// Gives all processes the parameters that each has stepped.
    func spread(_ parameters: FloatBuffer) throws(ProcessError) {
        guard isShared else { return }
        try parameters.withMutableSpan { (span) throws(ProcessError) in
            try group.share(&span, of: division.stepped)
        }
    }

    /// The sum over the processes by the tree in which their gradients are summed.
    private static func tree(_ values: [Double]) -> Double {
        var (values, distance) = (values, 1)
        while distance < values.count {
            for place in stride(from: 0, to: values.count - distance, by: 2 * distance) {
                values[place] += values[place + distance]
            }
            distance *= 2
        }
        return values[0]
    }

    /// Does work that rank 0 alone does, while the others wait as long as it takes.
    ///
    /// - Returns: in every process what `work` has returned in rank 0.
    func lead(_ work: () throws -> Bool) throws -> Bool {
        guard isShared else { return try work() }
        let result = writes ? try work() : false
        return try group.broadcast(
            [result ? 1 : 0], patience: writes ? .watched : .unlimited) == [1]
    }
}

/// What all processes of a run must have alike.
struct RankAgreement {
    private var values: [String: String] = [:]

    /// Adds a value under a name that a person knows it by.
    mutating func add(_ name: String, _ value: String) { values[name] = value }

    /// Adds the values of a recipe by key.
    mutating func add(_ section: String, _ recipe: some Encodable) throws {
        for (key, value) in try RecipeChange.values(of: recipe) {
            add(section + key, RecipeChange.readable(value))
        }
    }

    /// Throws ``TrainingError/otherRank(rank:what:first:other:)``, in every process alike, unless
    /// all have the same values.
    func check(in group: any ProcessGroup) throws {
        guard group.count > 1 else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let all = try group.gather([UInt8](encoder.encode(values)), patience: .unlimited).map {
            try JSONDecoder().decode([String: String].self, from: Data($0))
        }
        for (rank, other) in all.enumerated().dropFirst() {
            for name in Set(all[0].keys).union(other.keys).sorted()
            where all[0][name] != other[name] {
                throw TrainingError.otherRank(
                    rank: rank, what: name, first: all[0][name] ?? "nothing",
                    other: other[name] ?? "nothing")
            }
        }
    }
}

extension FloatBuffer {
    /// The hash of the floats' bytes, in hexadecimal. O(count).
    var fingerprint: String {
        withSpan { unsafe hexadecimal(XXH64.hash(of: $0.bytes)) }
    }
}

extension String {
    /// The start of a long value, for a message.
    var shortened: String { count <= 60 ? self : prefix(57) + "…" }
}
