import Models
import Processes
import Work

/// Sums the gradients of several processes part by part, on a thread of its own, while the backward
/// pass is still at the layers before.
///
/// All processes exchange the same parts in the same order, whichever is done first; what is sent,
/// and in which order it is added, is what it would be after the pass.
final class GradientExchange {
    /// What the thread is at.
    private enum Phase {
        case resting
        case summing
        case done(Result<Void, ProcessError>)
        case ended
    }

    private let phase = Monitor<Phase>(.resting)
    private let sums: PartialSums
    private let progress: GradientProgress

    /// An exchange of the gradients of `runner`, from then on until it is gone.
    ///
    /// - Parameters:
    ///   - stages: the ranges of gradients that are sent together, in the order in which a backward
    ///     pass finishes them.
    ///   - summed: the ranges that each process gets.
    init(
        _ group: any ProcessGroup, of runner: BatchRunner, stages: [Range<Int>],
        into summed: Division, as wire: WireNumbers
    ) {
        let progress = runner.makeProgress()
        runner.progress = progress
        self.progress = progress
        sums = PartialSums(
            group: group, progress: progress, gradients: runner.gradients,
            stages: stages.map { ($0, summed.clamped(to: $0)) }, wire: wire)
        let (phase, sums) = (phase, sums)
        WorkerThread.start(named: "gradients") {
            while true {
                let goesOn: Bool = phase.wait { phase in
                    switch phase {
                    case .summing: true
                    case .ended: false
                    case .resting, .done: nil
                    }
                }
                guard goesOn else { return }
                let result = sums.make()
                phase.withLock { if case .summing = $0 { $0 = .done(result) } }
                phase.notifyAll()
            }
        }
    }

    deinit {
        phase.withLock { $0 = .ended }
        phase.notifyAll()
    }

    /// Begins with a step, before its pass does. Until ``finish()`` nobody else uses the group.
    func begin() {
        progress.begin()
        phase.withLock { $0 = .summing }
        phase.notifyAll()
    }

    /// Waits for the sums of the step.
    func finish() throws(ProcessError) {
        let result: Result<Void, ProcessError> = phase.wait { phase in
            guard case .done(let result) = phase else { return nil }
            phase = .resting
            return result
        }
        try result.get()
    }
}

/// The sums of a step's gradients, stage by stage.
private final class PartialSums: @unchecked Sendable {
    // Unchecked, because the passes write gradients meanwhile: a stage's are theirs until the
    // progress says that they are done. The group is used by no other thread until the step is
    // finished.
    private let group: any ProcessGroup
    private let progress: GradientProgress
    private let gradients: FloatBuffer
    private let stages: [(range: Range<Int>, summed: Division)]
    private let wire: WireNumbers

    init(
        group: any ProcessGroup, progress: GradientProgress, gradients: FloatBuffer,
        stages: [(range: Range<Int>, summed: Division)], wire: WireNumbers
    ) {
        self.group = group
        self.progress = progress
        self.gradients = gradients
        self.stages = stages
        self.wire = wire
    }

    func make() -> Result<Void, ProcessError> {
        do throws(ProcessError) {
            for stage in stages {
                progress.finish(stage.range)
                try gradients.withMutableSpan { (span) throws(ProcessError) in
                    try group.sum(&span, into: stage.summed, as: wire)
                }
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }
}
