import Models
import Testing
import Tokenization
import Work

@testable import Server

/// The texts of a request by the plainest loop: the whole prompt in one call, a step a token, every
/// text by itself, and its bytes looked through from the beginning after each token.
struct PlainText {
    let model: any LanguageModel
    let vocabulary: Vocabulary
    let pass: any InferencePass

    init(
        _ model: any LanguageModel, _ vocabulary: Vocabulary, weights: WeightFormat,
        cache: CacheFormat
    ) {
        self.model = model
        self.vocabulary = vocabulary
        pass = model.makeInferencePass(
            weights: weights, cache: cache, textCount: 1, team: ThreadTeam(threadCount: 1),
            kernels: .best)
    }

    func trace(_ request: TextRequest) throws -> TextTrace {
        var trace = TextTrace(sampleCount: request.sampleCount)
        for sample in 0..<request.sampleCount { try draw(request, sample, into: &trace) }
        return trace
    }

    private func draw(
        _ request: TextRequest, _ sample: Int, into trace: inout TextTrace
    ) throws {
        let most = request.generation.maximumTokenCount
        let state = pass.makeState(capacity: request.prompt.count + most)
        var configuration = request.generation
        configuration.seed &+= UInt64(sample)
        var sampler = Sampler(configuration, adjustments: request.adjustments)
        sampler.note(request.prompt)
        var token = TokenID(0)
        var score: ScoredToken?
        var prompt = [ScoredToken(request.prompt[0], nil)]
        let pad = model.configuration.startTokenID.map { TokenID($0) }
        let scored = pad.flatMap { request.prompt.firstIndex(of: $0) } ?? 0
        let part = TextPart(
            request.prompt, into: state, wanted: 0..<request.prompt.count)
        pass.read([part]) { _, place, logits, row in
            if place + 1 < request.prompt.count {
                let next = request.prompt[place + 1]
                prompt.append(
                    place < scored
                        ? ScoredToken(next, nil) : self.score(next, request, logits, row))
            } else if most > 0 {
                token = logits.withLogits(ofText: row) { sampler.next(from: $0) }
                score = self.score(token, request, logits, row)
            }
        }
        if request.echoesPrompt, request.alternativeCount != nil { trace.prompt = prompt }
        var text: [UInt8] = []
        var count = 0
        var reason: FinishReason? = most == 0 ? .length : nil
        while reason == nil {
            count += 1
            sampler.noteDrawn(token)
            let isEnd = !request.ignoresEnd && ends(token, request)
            trace.pieces[sample].append(
                .init(
                    token: ScoredToken(
                        token, logProbability: score?.logProbability,
                        alternatives: score?.alternatives ?? [], isEnd: isEnd), bytes: []))
            if isEnd {
                reason = .stop
            } else if token.index < vocabulary.count {
                text += vocabulary.bytes(of: token)
            }
            if let end = stop(text, request.generation.stopStrings) {
                text.removeSubrange(end...)
                reason = .stop
            }
            if reason == nil, count == most { reason = .length }
            if reason == nil {
                pass.step([token], [state])
                token = pass.withLogits { sampler.next(from: $0) }
                score = self.score(token, request, pass.logits, 0)
            }
        }
        trace.completionCount += count
        trace.reasons[sample] = reason
        trace.pieces[sample].append(.init(token: nil, bytes: text))
    }

    private func ends(_ token: TokenID, _ request: TextRequest) -> Bool {
        token.index >= vocabulary.count
            || (request.endTokens.map { $0.contains(token) } ?? (token == vocabulary.endOfText))
            || request.moreEndTokens.contains(token)
    }

    /// The place of the string that is complete first, of several at once of the longest.
    private func stop(_ text: [UInt8], _ strings: [String]) -> Int? {
        for count in text.indices.map({ $0 + 1 }) {
            let seen = text.prefix(count)
            let ending = strings.map { Array($0.utf8) }.filter { seen.suffix($0.count) == $0[...] }
            if let longest = ending.map(\.count).max() { return count - longest }
        }
        return nil
    }

    /// A token with its log-probability and those of the likeliest, each asked for by itself.
    private func score(
        _ token: TokenID, _ request: TextRequest, _ logits: LogitRows, _ row: Int
    ) -> ScoredToken {
        guard let count = request.alternativeCount else { return ScoredToken(token, nil) }
        let all = logits.withLogits(ofText: row) { span in span.indices.map { span[$0] } }
        let order = all.indices.sorted { (-all[$0], $0) < (-all[$1], $1) }
        return ScoredToken(
            token, logProbability: logits.logProbability(of: token, ofText: row),
            alternatives: order.prefix(count).map {
                .init(
                    token: TokenID($0),
                    logProbability: logits.logProbability(of: TokenID($0), ofText: row))
            })
    }
}

extension TextTrace {
    /// Checks that these are the texts of a plain loop, in whole characters.
    func expect(_ plain: TextTrace, _ comment: String) {
        #expect(failure == nil, "\(comment)")
        #expect(prompt == plain.prompt, "\(comment)")
        #expect(tokens == plain.tokens, "\(comment)")
        #expect(texts == plain.texts, "\(comment)")
        #expect(reasons == plain.reasons, "\(comment)")
        #expect(completionCount == plain.completionCount, "\(comment)")
    }
}
