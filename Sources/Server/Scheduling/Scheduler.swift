import Models
import Tokenization
import Work

/// The work of an engine's thread: rounds of a chunk of prompts and a step of the texts.
///
/// Prompts are read by `InferencePass.read(_:_:)` alone and tokens that were drawn by
/// `InferencePass.step(_:_:)` alone, whose bits differ; and each of them gives a text the same bits
/// whatever is read beside it. So nothing that is decided here changes a text.
final class Scheduler: @unchecked Sendable {
    // Unchecked, because the engine that makes it hands it to a thread, which alone calls it.
    let inbox: Monitor<EngineInbox>
    let pass: any InferencePass
    let team: ThreadTeam
    let vocabulary: Vocabulary
    let endings: TextEndings
    let options: EngineOptions
    /// The token that begins the target, of models of pairs.
    let targetToken: TokenID?
    let scorer = LogitScorer()

    var cache: PromptCache
    /// Jobs whose prompts are being read, each of which has a slot for its first text.
    var reading: [TextJob] = []
    /// Jobs whose prompts are read and of whose texts some have not begun.
    var ready: [TextJob] = []
    /// The texts at work.
    var samples: [TextSample] = []
    var statistics = EngineStatistics()
    private var outbox: [(job: TextJob, event: TextEvent)] = []

    init(
        model: any LanguageModel, vocabulary: Vocabulary, endTokens: Set<TokenID>,
        options: EngineOptions,
        inbox: Monitor<EngineInbox>
    ) {
        self.inbox = inbox
        self.vocabulary = vocabulary
        self.options = options
        team = ThreadTeam(threadCount: options.threadCount)
        pass = model.makeInferencePass(
            weights: options.weights, cache: options.cache,
            textCount: min(options.slotCount, TextGenerator.maximumSampleCount), team: team,
            kernels: .best)
        endings = TextEndings(vocabulary, endTokens: endTokens)
        targetToken = model.configuration.startTokenID.map { TokenID($0) }
        cache = PromptCache(limit: options.cacheByteCount)
    }

    /// Works until the engine stops.
    func run() {
        while let jobs = takeJobs() {
            if !jobs.isEmpty {
                jobs.forEach(begin)
                flush()
            }
            dropCancelled()
            readChunk()
            beginSamples()
            step()
            dropCancelled()
            // Texts of a request that has begun come before those of another.
            beginSamples()
        }
        let left = reading + ready + samples.map(\.job)
        for job in left { fail(job, .stopped) }
        removeJobsThatAreOver()
        flush()
        let stops = inbox.withLock { inbox in
            inbox.hasEnded = true
            defer { inbox.stops = [] }
            return inbox.stops
        }
        for stop in stops { stop.resume() }
    }

    // MARK: Jobs

    private var freeSlotCount: Int {
        ready.isEmpty ? options.slotCount - reading.count - samples.count : 0
    }

    /// Waits until there is work, and returns the jobs that find a slot; nil when the engine ends.
    private func takeJobs() -> [TextJob]? {
        let isIdle = reading.isEmpty && ready.isEmpty && samples.isEmpty
        // Counters of what was cancelled last, too.
        if isIdle { flush() }
        let free = freeSlotCount
        var refused: [TextJob] = []
        let taken = inbox.wait { inbox -> [TextJob]?? in
            if let deadline = inbox.deadline {
                refused = inbox.waiting
                inbox.waiting = []
                return .some(isIdle || ContinuousClock.now >= deadline ? nil : [])
            }
            guard !isIdle || !inbox.waiting.isEmpty else { return nil }
            let jobs = Array(inbox.waiting.prefix(free))
            inbox.waiting.removeFirst(jobs.count)
            inbox.freeSlotCount = free - jobs.count
            return jobs
        }
        for job in refused { fail(job, .stopped) }
        if !refused.isEmpty { flush() }
        return taken
    }

    /// Forgets the jobs that nobody waits for any more.
    private func dropCancelled() {
        for job in reading where job.isCancelled { keepPart(of: job) }
        for job in reading + ready where job.isCancelled { drop(job) }
        for sample in samples where sample.job.isCancelled { drop(sample.job) }
        removeJobsThatAreOver()
    }

    private func drop(_ job: TextJob) {
        guard !job.isOver else { return }
        job.isOver = true
        statistics.cancelledCount += 1
    }

    /// Ends a job whose last text has ended.
    func finish(_ job: TextJob) {
        job.isOver = true
        statistics.finishedCount += 1
        tell(job, .finished(job.usage(until: .now)))
    }

    func fail(_ job: TextJob, _ failure: EngineFailure) {
        guard !job.isOver else { return }
        job.isOver = true
        statistics.failedCount += 1
        tell(job, .failed(failure))
    }

    func removeJobsThatAreOver() {
        reading.removeAll(where: \.isOver)
        ready.removeAll(where: \.isOver)
        samples.removeAll(where: \.job.isOver)
    }

    // MARK: Events

    func tell(_ job: TextJob, _ event: TextEvent) { outbox.append((job, event)) }

    /// Hands the events over. Counters come first: who has seen the last event finds them changed.
    func flush() {
        updateGauges()
        let free = freeSlotCount
        inbox.withLock { inbox in
            inbox.statistics = statistics
            inbox.freeSlotCount = free
        }
        for (job, event) in outbox { job.deliver(event) }
        outbox.removeAll(keepingCapacity: true)
    }

    private func updateGauges() {
        statistics.runningCount = reading.count + samples.count
        statistics.stateByteCount =
            samples.reduce(0) { $0 + $1.state.byteCount }
            + (reading + ready).reduce(0) { $0 + ($1.state?.byteCount ?? 0) }
        statistics.cacheByteCount = cache.byteCount
        statistics.cachedPromptCount = cache.entries.count
    }
}
