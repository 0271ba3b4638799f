import Models
import Pipeline
import Tokenization

/// A text at work: one continuation of a job's prompt.
final class TextSample {
    let job: TextJob
    let number: Int
    var state: any ReadingState
    /// The token that was drawn last, which the state has not read.
    private(set) var last = TokenID(0)
    /// When the last token was drawn.
    var lastTime = ContinuousClock.now
    /// Whether the text has ended.
    var hasEnded = false

    private let vocabulary: Vocabulary
    private var sampler: Sampler
    private let scorer: LogitScorer?
    private var stream: TextStream
    private var stops: StopStrings
    private var drawnCount = 0
    /// The log-probability of the last token and the likeliest ones, where they are wanted.
    private var scores: LogitScorer.Scores?
    /// Whether the last logits were finite.
    private var isFinite = true

    init(_ job: TextJob, number: Int, state: any ReadingState, vocabulary: Vocabulary) {
        self.job = job
        self.number = number
        self.state = state
        self.vocabulary = vocabulary
        var own = job.request.generation
        own.seed &+= UInt64(number)
        sampler = Sampler(own, adjustments: job.request.adjustments)
        sampler.note(job.request.prompt)
        scorer = job.request.alternativeCount.map { _ in LogitScorer() }
        stream = TextStream(vocabulary, isContinued: job.request.isContinued(in: vocabulary))
        stops = StopStrings(own.stopStrings)
    }

    /// Draws the next token. Texts draw side by side, each on one thread.
    func draw(from logits: Span<Float>) {
        isFinite = logits.areFinite
        guard isFinite else { return }
        last = sampler.next(from: logits)
        sampler.noteDrawn(last)
        drawnCount += 1
        scores = scorer?.scores(
            of: [last], likeliest: job.request.alternativeCount ?? 0, in: logits)
    }

    /// What the token that was drawn makes of the text.
    enum Outcome {
        case goesOn
        case ended(FinishReason)
        case notFinite
    }

    /// Tells of the token that was drawn.
    func tell(_ endings: TextEndings, _ tell: (TextEvent) -> Void) -> Outcome {
        guard isFinite else { return .notFinite }
        let isEnd = endings.contains(last, for: job.request)
        let token = ScoredToken(last, scores, isEnd: isEnd)
        if isEnd {
            tell(.piece(sample: number, token: token, bytes: finish()))
            return .ended(.stop)
        }
        // A token that only the model knows stands for nothing.
        let isKnown = last.index < vocabulary.count
        let isHidden = job.request.skipsSpecialTokens && endings.controls.contains(last)
        let bytes = isKnown && !isHidden ? stops.append(bytes(of: last)) : []
        tell(.piece(sample: number, token: token, bytes: bytes))
        if stops.hasStopped { return .ended(.stop) }
        guard drawnCount == job.maximumTokenCount else { return .goesOn }
        let rest = finish()
        if !rest.isEmpty { tell(.piece(sample: number, token: nil, bytes: rest)) }
        return .ended(.length)
    }

    private func bytes(of token: TokenID) -> [UInt8] {
        do {
            return try stream.bytes(of: token)
        } catch {
            preconditionFailure("a token of the vocabulary: \(error)")
        }
    }

    /// The bytes that were held back.
    private func finish() -> [UInt8] {
        stops.append(stream.finish()) + stops.finish()
    }
}
