import Work

/// What an engine's thread shares with the tasks that ask it: the queue, and what is told of it.
struct EngineInbox {
    /// Requests that wait, first come first served.
    var waiting: [TextJob] = []
    /// Texts that could begin at once when the thread last looked.
    var freeSlotCount: Int
    /// Until when what is at work may go on; nil while the engine takes requests.
    var deadline: ContinuousClock.Instant?
    /// Whether the thread has ended.
    var hasEnded = false
    /// Tasks that wait for its end.
    var stops: [CheckedContinuation<Void, Never>] = []
    /// The thread's counters, as of its last call of the model.
    var statistics = EngineStatistics()
    /// Requests that were not taken, by reason.
    var refusedCounts: [String: Int] = [:]
    /// Requests whose client went away while they waited.
    var abandonedCount = 0

    /// Lets the engine end at `instant`, unless it is to end before.
    mutating func stop(at instant: ContinuousClock.Instant) {
        deadline = min(deadline ?? instant, instant)
    }

    /// Reason for which no request is taken now; nil while one may wait or begin at once.
    func refusal(queueLength: Int) -> EngineRefusal? {
        if deadline != nil { return .isStopping }
        if waiting.count < queueLength + freeSlotCount { return nil }
        return .queueIsFull(retryAfterSeconds: 1)
    }

    /// The counters and gauges as they are now.
    var snapshot: EngineStatistics {
        var all = statistics
        all.waitingCount = waiting.count
        all.refusedCounts = refusedCounts
        all.cancelledCount += abandonedCount
        return all
    }
}

extension Monitor<EngineInbox> {
    /// Removes a job whose client went away, if it still waits.
    func abandon(_ job: TextJob) {
        withLock { inbox in
            guard let place = inbox.waiting.firstIndex(where: { $0 === job }) else { return }
            inbox.waiting.remove(at: place)
            inbox.abandonedCount += 1
        }
        job.cancel()
        notifyAll()
    }
}
