public import Models
import Pipeline
public import Tokenization
import Work

/// Draws texts from a model for any number of requests at once.
///
/// A thread of its own owns the model and what is kept of texts. At each step every text at work
/// gets a token, for which the weights are read once; between two steps the next chunk of the
/// prompts that wait is read. A text has the same tokens and log-probabilities whatever is drawn
/// beside it, and whatever was kept of earlier prompts.
///
/// ```swift
/// let engine = try TextEngine(
///     model: model, vocabulary: vocabulary, name: "mill", options: .init())
/// for await event in try engine.submit(TextRequest(prompt: ids)) {
///     if case .piece(_, _, let bytes) = event { print(String(decoding: bytes, as: UTF8.self)) }
/// }
/// await engine.stop(grace: .seconds(5))
/// ```
public final class TextEngine: Sendable {
    /// Name of the model.
    public let modelName: String
    /// Shape of the model.
    public let shape: any ModelShape
    /// Number of the model's parameters.
    public let parameterCount: Int
    /// The model's vocabulary.
    public let vocabulary: Vocabulary
    /// The settings.
    public let options: EngineOptions

    private let inbox: Monitor<EngineInbox>

    /// An engine that draws from `model`, whose parameters must not change any more.
    ///
    /// - Parameters:
    ///   - model: the model.
    ///   - vocabulary: its vocabulary.
    ///   - name: by which figures and errors call it.
    ///   - endTokens: tokens that end a text, beside the vocabulary's own.
    ///   - options: settings.
    /// - Throws: `PipelineError` for a model that does not fit its vocabulary, `ModelError` for
    ///   weights that the options' format cannot hold, and for options out of range.
    public init(
        model: any LanguageModel, vocabulary: Vocabulary, name: String,
        endTokens: Set<TokenID> = [], options: EngineOptions = .init()
    ) throws {
        try options.validate()
        try model.configuration.checkEmbeddings(of: vocabulary)
        if options.weights != .float32 { try model.checkRange(of: options.weights) }
        modelName = name
        shape = model.configuration
        parameterCount = model.layout.parameterCount
        self.vocabulary = vocabulary
        self.options = options
        let inbox = Monitor(EngineInbox(freeSlotCount: options.slotCount))
        self.inbox = inbox
        let scheduler = Scheduler(
            model: model, vocabulary: vocabulary, endTokens: endTokens, options: options,
            inbox: inbox)
        WorkerThread.start(named: "quern engine") { scheduler.run() }
    }

    deinit {
        inbox.withLock { $0.stop(at: .now) }
        inbox.notifyAll()
    }

    /// The most tokens of a prompt and what is drawn behind it; nil for a model without a limit.
    public var contextLimit: Int? { shape.contextLimit }

    /// Whether texts are targets of a source, for which ``TextRequest/prompt`` holds the source.
    public var readsPairs: Bool { type(of: shape).readsPairs }

    /// Counters and gauges as they are now.
    public var statistics: EngineStatistics { inbox.withLock { $0.snapshot } }

    /// Takes a request, and tells what comes of it.
    ///
    /// The work ends within a step when the stream's iteration or its task does.
    public func submit(
        _ request: TextRequest
    ) throws(EngineRefusal) -> AsyncStream<TextEvent> {
        let (stream, events) = AsyncStream.makeStream(of: TextEvent.self)
        let work = try submit(request) { event in
            events.yield(event)
            if event.isLast { events.finish() }
        }
        events.onTermination = { termination in
            if case .cancelled = termination { work.cancel() }
        }
        return stream
    }

    /// Takes a request, and hands what comes of it to `deliver`, on the engine's thread, which
    /// waits for it.
    func submit(
        _ request: TextRequest, deliver: @escaping @Sendable (TextEvent) -> Void
    ) throws(EngineRefusal) -> SubmittedText {
        do {
            try request.check(for: shape, cache: options.cache)
        } catch {
            inbox.withLock { $0.refusedCounts[error.reason, default: 0] += 1 }
            throw error
        }
        let job = TextJob(request, deliver: deliver)
        let refusal = inbox.withLock { inbox -> EngineRefusal? in
            let refusal = inbox.refusal(queueLength: options.queueLength)
            if let refusal {
                inbox.refusedCounts[refusal.reason, default: 0] += 1
            } else {
                inbox.waiting.append(job)
            }
            return refusal
        }
        if let refusal { throw refusal }
        inbox.notifyAll()
        return SubmittedText(job: job, inbox: inbox)
    }

    /// Takes no more requests, lets what is at work finish within `grace`, and returns when the
    /// engine has stopped. Requests that wait, or that are still at work then, fail.
    public func stop(grace: Duration) async {
        await withCheckedContinuation { continuation in
            let hasEnded = inbox.withLock { inbox in
                inbox.stop(at: .now.advanced(by: grace))
                if !inbox.hasEnded { inbox.stops.append(continuation) }
                return inbox.hasEnded
            }
            if hasEnded { continuation.resume() }
            inbox.notifyAll()
        }
    }
}

/// A request that an engine has taken.
struct SubmittedText: Sendable {
    fileprivate let job: TextJob
    fileprivate let inbox: Monitor<EngineInbox>

    /// Ends the work on it within a step.
    func cancel() { inbox.abandon(job) }
}
