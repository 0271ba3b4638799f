import Testing
import Work

@testable import Models

@Suite struct TextDraftTests {
    @Test func `a draft is what stood behind the last tokens before, the longest match first`() {
        func drafted(_ window: [UInt32], most: Int, room: Int = .max) -> [UInt32] {
            var draft = TextDraft(most: most)
            draft.begin(behind: window.map { TokenID($0) }, room: room)
            return draft.tokens.map(\.rawValue)
        }
        #expect(drafted([1, 2, 3, 4, 5, 1, 2], most: 3) == [3, 4, 5])
        #expect(drafted([1, 2, 3, 4, 5, 1, 2], most: 9) == [3, 4, 5, 1, 2])
        #expect(drafted([1, 2, 3, 4, 5, 1, 2], most: 9, room: 2) == [3, 4])
        #expect(drafted([1, 2, 3, 4, 5, 1, 2], most: 9, room: 0).isEmpty)
        #expect(drafted([1, 2, 3, 4, 5], most: 3).isEmpty)
        // Three tokens rather than two, and of equals the last.
        #expect(drafted([7, 1, 2, 8, 0, 1, 2, 9, 7, 1, 2], most: 1) == [8])
        #expect(drafted([7, 1, 2, 8, 7, 1, 2, 9, 7, 1, 2], most: 1) == [9])
        #expect(drafted([5, 5, 5, 5], most: 4) == [5])
        #expect(drafted([], most: 4).isEmpty && drafted([1, 2, 1, 2], most: 0).isEmpty)
    }

    @Test func `a draft is kept as far as it is right, and the next is as long as that is worth`() {
        var draft = TextDraft(most: 8)
        let window = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2].map { TokenID($0) }
        draft.begin(behind: window, room: 100)
        #expect(draft.tokens.count == 8)
        #expect(draft.row(behind: 3) == 1 && draft.row(behind: 4) == 2)
        #expect(draft.row(behind: 3) == nil && draft.tokens.isEmpty)
        draft.begin(behind: window, room: 100)
        #expect(draft.tokens.map(\.rawValue) == [3, 4, 5])
        #expect([3, 4, 5].map { draft.row(behind: $0) } == [1, 2, 3])
        #expect(draft.row(behind: 6) == nil)
        draft.begin(behind: window, room: 100)
        #expect(draft.tokens.count == 6)
    }

    @Test(
        "a text is the same with drafts of any length, whatever is drawn how",
        arguments: [0, 3, 5, 12, 13, 18].map { ModelKind.all[$0] })
    func sameText(kind: ModelKind) throws {
        // Few tokens, so that drafts are often right.
        let model = try tinyModel(kind, width: 16, positions: 24, vocabulary: 6)
        for (temperature, penalty, keep) in [(0.0, 1.0, 0), (0.9, 1.0, 3), (0.3, 1.2, 0)] {
            func text(
                _ draft: Int, _ weights: WeightFormat, _ cache: CacheFormat
            ) -> [TokenID] {
                var configuration = GenerationConfiguration()
                configuration.temperature = temperature
                configuration.repetitionPenalty = penalty
                configuration.keptTokenCount = keep
                configuration.draftTokenCount = draft
                configuration.maximumTokenCount = 60
                var generator = TextGenerator(
                    model, configuration: configuration, weights: weights, cache: cache,
                    team: ThreadTeam(threadCount: 2))
                var tokens: [TokenID] = []
                // A conversation, of which the second text begins as the first did.
                for prompt in [[1, 2, 3, 1, 2], [1, 2, 3, 1, 2, 4, 0, 4, 0]] {
                    generator.start(prompt: prompt.map { TokenID($0) } + tokens.suffix(4))
                    while let token = generator.next() { tokens.append(token) }
                }
                return tokens
            }
            for (weights, cache) in [
                (WeightFormat.float32, CacheFormat.float32), (.int8, .float32),
                (.float32, .float16), (.blocks4, .float16),
            ] {
                let plain = text(0, weights, cache)
                #expect(plain.count == 120)
                for draft in [1, 2, 7, 15] { #expect(text(draft, weights, cache) == plain) }
            }
        }
    }

    @Test func `tokens that are read together have the bits of steps`() throws {
        let model = try tinyModel(width: 48, positions: 40, vocabulary: 61)
        let ids = randomBatch(30, vocabulary: 61, seed: 3).inputs
        let (one, more) = (
            GPTInferencePass(model, team: ThreadTeam(threadCount: 1)),
            GPTInferencePass(model, textCount: 8, team: ThreadTeam(threadCount: 3))
        )
        let (first, second) = (one.makeState(capacity: 40), more.makeState(capacity: 40))
        let prompt = Array(ids[..<6])
        one.read(prompt.span, into: first)
        more.read(prompt.span, into: second)
        for start in stride(from: 6, to: 30, by: 8) {
            more.step(Array(ids[start..<start + 8]), into: second)
            for row in 0..<8 {
                one.step([ids[start + row]], [first])
                let expected = one.withLogits { Array(copying: $0) }
                #expect(more.withLogits(ofText: row) { Array(copying: $0) } == expected)
            }
        }
    }
}

extension [Float] {
    fileprivate init(copying span: Span<Float>) {
        self = span.indices.map { span[$0] }
    }
}
