import Models
import Processes
import TokenShards

/// Scores the sequences of a batch on all processes of a group: each has neighbours, and all get
/// the losses of all. The sum that is made of them is then that of one process, bit for bit.
final class GroupScorer: TokenScorer {
    private let runner: BatchRunner
    private let group: any ProcessGroup
    /// Sequences that every process has room for.
    private let room: Int
    /// The error of the last batch; its losses are then none.
    private(set) var fault: ProcessError?

    /// A scorer of the processes of `group`, of which each has a runner for its share of a step.
    init(_ runner: BatchRunner, _ group: any ProcessGroup, _ shares: [SlotShare]) {
        self.runner = runner
        self.group = group
        room = shares.map(\.sequences.count).min() ?? runner.batchSize
    }

    var batchSize: Int { room * group.count }

    /// Sequences to score at once, where one process scores `count`: as many in each, as far as
    /// there is room.
    func wantedSize(_ count: Int) -> Int { min(count, room) * group.count }
    var contextLength: Int { runner.contextLength }

    func tokenLosses(
        inputs: Span<TokenID>, targets: Span<TokenID>, documentStarts: [Int32]?
    ) -> [Float] {
        guard group.count > 1 else {
            return runner.tokenLosses(
                inputs: inputs, targets: targets, documentStarts: documentStarts)
        }
        let sequenceCount = inputs.count / contextLength
        let ranges = (0..<group.count).map { rank in
            sequenceCount * rank / group.count * contextLength..<sequenceCount * (rank + 1)
                / group.count * contextLength
        }
        var losses = [Float](repeating: 0, count: inputs.count)
        let own = ranges[group.rank]
        if !own.isEmpty {
            let scored = runner.tokenLosses(
                inputs: inputs.extracting(own), targets: targets.extracting(own),
                documentStarts: documentStarts.map { Array($0[own]) })
            for (place, loss) in zip(own, scored) { losses[place] = loss }
        }
        do throws(ProcessError) {
            var span = losses.mutableSpan
            try group.share(&span, of: Division(ranges.map { [$0] }))
        } catch {
            fault = error
        }
        return losses
    }
}
