import Models
import Synchronization

/// A request on its way: its prompt while that is read, and what its texts share.
final class TextJob: @unchecked Sendable {
    // Unchecked, because all but the mark of cancellation is used by one thread at a time: by that
    // which submits the request, and from the queue on by the engine's.
    let request: TextRequest
    /// Takes each event, on the engine's thread, which it must not keep.
    let deliver: @Sendable (TextEvent) -> Void
    let arrival = ContinuousClock.now

    /// What is kept of the prompt, and goes over to the last text that begins.
    var state: (any ReadingState)?
    /// A job before this one whose prompt begins alike, and how many of its tokens are waited for.
    var leader: (job: TextJob, count: Int)?
    /// The logits after the prompt; empty until it is read.
    var logits: [Float] = []
    /// The prompt's tokens that are scored so far, for an echo.
    var scored: [ScoredToken] = []
    /// Whether a number after a place of the prompt was not finite.
    var isNotFinite = false
    /// Whether the prompt is read to its end.
    var isRead = false
    /// Whether nothing more is done for it: it has finished or failed, or nobody waits.
    var isOver = false
    /// Whether a token was drawn for any of its texts.
    var hasFirstToken = false
    /// Texts that have begun.
    var begunCount = 0
    /// Texts that have ended.
    var endedCount = 0
    /// Tokens that were drawn for all texts.
    var drawnCount = 0
    var cachedCount = 0
    /// When its prompt began to be read, and when it was.
    var beginning = ContinuousClock.now
    var promptEnd = ContinuousClock.now

    private let cancellation = Atomic<Bool>(false)

    init(_ request: TextRequest, deliver: @escaping @Sendable (TextEvent) -> Void) {
        self.request = request
        self.deliver = deliver
    }

    /// Whether nobody wants its events any more.
    var isCancelled: Bool { cancellation.load(ordering: .relaxed) }

    func cancel() { cancellation.store(true, ordering: .relaxed) }

    var maximumTokenCount: Int { request.generation.maximumTokenCount }
    /// Whether the prompt's tokens are scored.
    var isEchoed: Bool { request.echoesPrompt && request.alternativeCount != nil }
    /// Whether what was kept of earlier prompts may be used: not where the logits of the prompt's
    /// places are wanted, for only its rows are kept.
    var usesKeptRows: Bool { request.usesCache && !isEchoed }
    /// Whether something is drawn, for which the logits after the prompt are needed.
    var draws: Bool { maximumTokenCount > 0 }
    /// The most tokens that a text reads: the last one that is drawn is not read.
    var mostRead: Int { request.prompt.count + max(maximumTokenCount - 1, 0) }

    /// Takes the logits after a place of the prompt: scores the token behind it, or keeps them to
    /// draw from.
    func take(_ logits: Span<Float>, after place: Int, scorer: LogitScorer) {
        guard logits.areFinite else {
            isNotFinite = true
            return
        }
        if place + 1 == request.prompt.count {
            self.logits.reserveCapacity(logits.count)
            for index in logits.indices { self.logits.append(logits[index]) }
        } else {
            let token = request.prompt[place + 1]
            scored.append(
                ScoredToken(
                    token,
                    scorer.scores(
                        of: [token], likeliest: request.alternativeCount ?? 0, in: logits)))
        }
    }

    /// The prompt's tokens for an echo: those that nothing is known of, and those that are scored.
    var echo: [ScoredToken] {
        guard isEchoed else { return [] }
        return request.prompt.dropLast(scored.count).map { ScoredToken($0, nil) } + scored
    }

    /// Tokens and seconds, as of `end`.
    func usage(until end: ContinuousClock.Instant) -> TextUsage {
        var usage = TextUsage()
        usage.promptTokenCount = request.prompt.count
        usage.cachedTokenCount = cachedCount
        usage.completionTokenCount = drawnCount
        usage.waitingSeconds = arrival.seconds(to: beginning)
        usage.promptSeconds = beginning.seconds(to: promptEnd)
        usage.drawingSeconds = promptEnd.seconds(to: end)
        return usage
    }
}

extension ContinuousClock.Instant {
    /// Seconds from here to `other`.
    func seconds(to other: Self) -> Double { duration(to: other) / .seconds(1) }
}
