public import Work

/// Continues a text of token ids, one token at a time; or several continuations of one text, a
/// token of each at a time, for which the prompt is read once and every weight once a step.
///
/// When the context is full the oldest quarter leaves, or what follows the first tokens that are to
/// be kept, and the rest is read again in one pass, at the positions from 0 on: the window slides,
/// and what a token is given is always what the model makes of the window by itself. So a slide
/// costs three positions for each token that it makes room for.
///
/// ```swift
/// var generator = TextGenerator(model, configuration: .greedy(maximumTokenCount: 20))
/// generator.start(prompt: ids)
/// while let token = generator.next() { print(token) }
/// ```
public struct TextGenerator {
    /// Reason for which a text ended.
    public enum Ending: String, Sendable {
        /// A token came that ends a text.
        case endToken = "end_token"
        /// It has as many tokens as were asked for.
        case length
        /// The caller wants no more.
        case stopped
        /// The model's logits are not finite: there is nothing to choose from.
        case notFinite = "not_finite"
    }

    /// One continuation.
    private struct Sample {
        var state: any ReadingState
        var sampler: Sampler
        /// The tokens in the window: those of the state, and perhaps one more that it has not read.
        var window: [TokenID] = []
        var tokenCount = 0
        var ending: Ending?
        var logProbability: Double?
    }

    private let pass: any InferencePass
    /// The most tokens that the model sees at once; nil for one that reads on.
    private let contextLimit: Int?
    private let configuration: GenerationConfiguration
    private let endTokens: Set<TokenID>
    private let givesLogProbabilities: Bool
    private var samples: [Sample]
    /// Whether the prompt has been read.
    private var hasBegun = false
    /// The tokens that the first state holds.
    private var cached: [TokenID] = []
    /// What the only sample is guessed to go on with.
    private var draft: TextDraft

    /// A generator whose samples end after the configured number of tokens, or at one of
    /// `endTokens`, which is not returned.
    ///
    /// - Parameters:
    ///   - model: the model to draw from.
    ///   - configuration: how to draw. Sample number i draws as a single one with the seed plus i.
    ///   - adjustments: changes of the logits, all of them finite.
    ///   - sampleCount: continuations at once, from 1 to ``maximumSampleCount``.
    ///   - endTokens: the tokens that end a text, if any does.
    ///   - givesLogProbabilities: whether ``logProbability(ofSample:)`` is wanted.
    ///   - weights: the numbers that the model's matrices are rounded to first.
    ///   - cache: the numbers that keys and values are kept in.
    ///   - team: the threads; without one, the caller's alone.
    ///   - level: which kernels run.
    public init(
        _ model: any LanguageModel, configuration: GenerationConfiguration,
        adjustments: LogitAdjustments = .init(), sampleCount: Int = 1,
        endTokens: Set<TokenID> = [], givesLogProbabilities: Bool = false,
        weights: WeightFormat = .float32, cache: CacheFormat = .float32, team: ThreadTeam? = nil,
        kernels level: KernelLevel = .best
    ) {
        let drafted = sampleCount == 1 ? configuration.draftTokenCount : 0
        let pass = model.makeInferencePass(
            weights: weights, cache: cache, textCount: max(sampleCount, drafted + 1),
            team: team ?? ThreadTeam(threadCount: 1), kernels: level)
        self.pass = pass
        draft = TextDraft(most: pass.stepsAhead ? drafted : 0)
        contextLimit = model.configuration.contextLimit
        self.configuration = configuration
        self.endTokens = endTokens
        self.givesLogProbabilities = givesLogProbabilities
        samples = (0..<sampleCount).map { number in
            var own = configuration
            own.seed &+= UInt64(number)
            // A state gets its size with the prompt.
            return Sample(
                state: pass.makeState(capacity: 1),
                sampler: Sampler(own, adjustments: adjustments, kernels: level))
        }
    }

    /// Bytes of weights that are read for a token of all samples.
    public var weightByteCount: Int { pass.weightByteCount }

    /// The most samples at once.
    public static var maximumSampleCount: Int { Kernels.fewRows }

    /// Starts over from `prompt`, of which the last tokens count if it is longer than the context.
    /// It needs at least one token; a text without a beginning starts from the end-of-text token.
    ///
    /// Tokens that the prompt has in common with the first sample so far are not read again, so
    /// that a conversation costs only what is new in it. Random choices go on where they were.
    public mutating func start(prompt: [TokenID]) {
        precondition(!prompt.isEmpty, "generation starts from at least one token")
        var window = prompt
        if let contextLimit, window.count > contextLimit { slide(&window, contextLimit) }
        for index in samples.indices {
            samples[index].window = window
            samples[index].tokenCount = 0
            samples[index].ending = nil
            samples[index].sampler.forget()
            samples[index].sampler.note(prompt)
        }
        hasBegun = false
        draft.clear()
    }

    /// The next token of the only sample, or nil at its end.
    public mutating func next() -> TokenID? {
        precondition(samples.count == 1, "several samples advance together")
        return advance()[0]
    }

    /// The next token of each sample; nil for those that have ended.
    public mutating func advance() -> [TokenID?] {
        precondition(!samples[0].window.isEmpty, "start(prompt:) comes first")
        for index in samples.indices where samples[index].tokenCount >= maximumTokenCount {
            if samples[index].ending == nil { samples[index].ending = .length }
        }
        var tokens = [TokenID?](repeating: nil, count: samples.count)
        let active = samples.indices.filter { samples[$0].ending == nil }
        guard !active.isEmpty else { return tokens }
        if !hasBegun {
            readPrompt()
            for index in active { tokens[index] = draw(index, row: 0) }
            return tokens
        }
        if draft.isUsed, let row = draftedRow() {
            tokens[0] = draw(0, row: row)
            return tokens
        }
        for index in active {
            guard let contextLimit, samples[index].window.count > contextLimit else { continue }
            slide(&samples[index].window, contextLimit)
            _ = samples[index].state.rewind(to: 0)
            let window = samples[index].window
            pass.read(window.span, into: samples[index].state)
            if index == 0 { cached = window }
            tokens[index] = draw(index, row: 0)
        }
        let stepping = active.filter {
            samples[$0].state.count < samples[$0].window.count && tokens[$0] == nil
                && samples[$0].ending == nil
        }
        guard !stepping.isEmpty else { return tokens }
        if draft.isUsed {
            stepWithDraft()
            tokens[0] = draw(0, row: 0)
            return tokens
        }
        pass.step(
            stepping.map { samples[$0].window[samples[$0].window.count - 1] },
            stepping.map { samples[$0].state })
        if stepping[0] == 0 { cached.append(samples[0].window[samples[0].window.count - 1]) }
        for (row, index) in stepping.enumerated() { tokens[index] = draw(index, row: row) }
        return tokens
    }

    /// Number of tokens of the first sample that the model reads: right after ``start(prompt:)``,
    /// the last ones of the prompt; all, unless the context is shorter.
    public var windowCount: Int { samples[0].window.count }

    /// Ends a sample, because what it says is enough.
    public mutating func stop(sample index: Int = 0) {
        if samples[index].ending == nil { samples[index].ending = .stopped }
    }

    /// Reason for which a sample ended; nil while it goes on.
    public func ending(ofSample index: Int = 0) -> Ending? { samples[index].ending }

    /// The natural logarithm of the probability that the model gave a sample's last token, before
    /// temperature and everything else that changes the choice; nil unless it was asked for.
    public func logProbability(ofSample index: Int = 0) -> Double? {
        samples[index].logProbability
    }

    // MARK: Reading

    private var maximumTokenCount: Int { configuration.maximumTokenCount }

    /// Reads the prompt into the first state, but for what that already holds, and lets the others
    /// take it over.
    private mutating func readPrompt() {
        hasBegun = true
        let window = samples[0].window
        let needed =
            contextLimit.map { window.count + min(maximumTokenCount, $0 - window.count) } ?? 1
        // The last token is read in any case: its logits are wanted.
        var common = zip(cached, window.dropLast()).prefix { $0 == $1 }.count
        common = min(common, samples[0].state.count)
        if let capacity = samples[0].state.capacity, capacity < needed {
            let state = pass.makeState(capacity: needed)
            state.copy(from: samples[0].state, count: common)
            samples[0].state = state
        }
        common = samples[0].state.rewind(to: common)
        let rest = Array(window[common...])
        pass.read(rest.span, into: samples[0].state)
        cached = window
        for index in samples.indices.dropFirst() {
            if let capacity = samples[index].state.capacity, capacity < needed {
                samples[index].state = pass.makeState(capacity: needed)
            }
            samples[index].state.copy(from: samples[0].state, count: window.count)
        }
    }

    /// The row of logits behind the last token, if the draft was right about it; else what was read
    /// behind it is forgotten.
    private mutating func draftedRow() -> Int? {
        guard let last = samples[0].window.last, !draft.tokens.isEmpty else { return nil }
        if let row = draft.row(behind: last) { return row }
        let known = samples[0].window.count - 1
        if samples[0].state.count > known {
            _ = samples[0].state.rewind(to: known)
            cached.removeLast(cached.count - known)
        }
        return nil
    }

    /// Reads the last token of the only sample and what is drafted behind it.
    private mutating func stepWithDraft() {
        let sample = samples[0]
        let room = min(
            sample.state.capacity.map { $0 - sample.state.count - 1 } ?? .max,
            maximumTokenCount - sample.tokenCount - 1)
        draft.begin(behind: sample.window, room: room)
        let tokens = [sample.window[sample.window.count - 1]] + draft.tokens
        pass.step(tokens, into: sample.state)
        cached += tokens
    }

    /// Draws a sample's next token from a row of logits.
    private mutating func draw(_ index: Int, row: Int) -> TokenID? {
        let chosen = pass.withLogits(ofText: row) { logits in
            logits.areFinite ? samples[index].sampler.next(from: logits) : nil
        }
        guard let token = chosen else {
            samples[index].ending = .notFinite
            return nil
        }
        if givesLogProbabilities {
            samples[index].logProbability = pass.logits.logProbability(of: token, ofText: row)
        }
        if endTokens.contains(token) {
            samples[index].ending = .endToken
            return nil
        }
        samples[index].window.append(token)
        samples[index].sampler.noteDrawn(token)
        samples[index].tokenCount += 1
        return token
    }

    /// Drops the oldest tokens but those that are to be kept, so that three quarters of the context
    /// remain in use.
    private func slide(_ window: inout [TokenID], _ limit: Int) {
        let kept = max(1, limit - max(1, limit / 4))
        guard window.count > kept else { return }
        let first = min(configuration.keptTokenCount, limit / 2, kept - 1)
        window.removeSubrange(first..<first + window.count - kept)
    }
}
