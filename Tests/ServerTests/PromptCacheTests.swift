import Models
import Testing
import Tokenization
import Work

@testable import Server

@Suite struct PromptCacheTests {
    private let pass: any InferencePass

    init() throws { pass = try Self.pass(.gpt2) }

    private static func pass(_ kind: EngineModel) throws -> any InferencePass {
        try kind.model(of: EngineModel.vocabulary()).makeInferencePass(
            weights: .float32, textCount: 1, team: ThreadTeam(threadCount: 1), kernels: .best)
    }

    /// A state that has read `tokens`.
    private func state(
        _ tokens: [TokenID], _ pass: (any InferencePass)? = nil
    ) -> any ReadingState {
        let pass = pass ?? self.pass
        let state = pass.makeState(capacity: tokens.count)
        pass.read(tokens.span, into: state)
        return state
    }

    @Test func `the longest common beginning is taken`() {
        var cache = PromptCache(limit: 1 << 20)
        #expect(cache.match([1, 2], needsLogits: true) == nil)
        let (short, long) = (state([1, 2, 3]), state([1, 2, 4, 5, 6]))
        cache.keep([1, 2, 3], state: short, logits: [0.5])
        cache.keep([1, 2, 4, 5, 6], state: long, logits: [0.25])
        var match = cache.match([1, 2, 4, 5, 9], needsLogits: true)
        #expect(match?.count == 4 && match?.state === long && match?.logits == [])
        match = cache.match([1, 2, 3, 4], needsLogits: true)
        #expect(match?.count == 3 && match?.state === short && match?.logits == [])
        // Of a prompt that is known whole the logits are known as well.
        match = cache.match([1, 2, 3], needsLogits: true)
        #expect(match?.count == 3 && match?.logits == [0.5])
        // Of one that is the beginning of another they are read again.
        #expect(cache.match([1, 2, 4], needsLogits: true)?.count == 2)
        #expect(cache.match([1, 2, 4], needsLogits: false)?.count == 3)
        #expect(cache.match([7, 1, 2], needsLogits: true) == nil)
        #expect(cache.match([1], needsLogits: true) == nil)
    }

    @Test func `a prompt that another begins with is not kept twice`() {
        var cache = PromptCache(limit: 1 << 20)
        cache.keep([1, 2, 3], state: state([1, 2, 3]), logits: [1])
        cache.keep([1, 2, 3, 4], state: state([1, 2, 3, 4]), logits: [2])
        #expect(cache.entries.map(\.tokens) == [[1, 2, 3, 4]])
        cache.keep([1, 2], state: state([1, 2]), logits: [3])
        #expect(cache.entries.map(\.tokens) == [[1, 2, 3, 4]])
        // The same with its logits takes the place of one without.
        cache.keep([5], state: state([5]), logits: [])
        cache.keep([5], state: state([5]), logits: [4])
        cache.keep([5], state: state([5]), logits: [])
        #expect(cache.match([5], needsLogits: true)?.logits == [4])
        #expect(cache.byteCount == cache.entries.reduce(0) { $0 + $1.byteCount })
    }

    @Test func `the prompt that was of use longest ago goes first`() {
        let prompts: [[TokenID]] = [[1, 1], [2, 2], [3, 3], [4, 4]]
        let states = prompts.map { state($0) }
        let size = PromptCache.Entry(
            tokens: prompts[0], state: states[0], logits: [0], lastUse: 0
        ).byteCount
        var cache = PromptCache(limit: 3 * size + size / 2)
        for place in 0..<3 { cache.keep(prompts[place], state: states[place], logits: [0]) }
        _ = cache.match([1, 1, 5], needsLogits: true)
        cache.keep(prompts[3], state: states[3], logits: [0])
        #expect(Set(cache.entries.map(\.tokens)) == [[1, 1], [3, 3], [4, 4]])
        cache.keep([6, 6], state: state([6, 6]), logits: [0])
        #expect(Set(cache.entries.map(\.tokens)) == [[1, 1], [4, 4], [6, 6]])
    }

    @Test func `memory stays within its limit`() throws {
        var generator = RandomGenerator(seed: 3)
        var cache = PromptCache(limit: 60_000)
        var most = 0
        for _ in 0..<300 {
            let count = 1 + Int(generator.next() % 40)
            let tokens = (0..<count).map { _ in TokenID(generator.next() % 3) }
            if let match = cache.match(tokens, needsLogits: generator.next() % 2 == 0) {
                #expect(match.count <= tokens.count && match.count <= match.state.count)
            }
            cache.keep(tokens, state: state(tokens), logits: [Float](repeating: 0, count: count))
            #expect(cache.byteCount <= 60_000)
            #expect(cache.byteCount == cache.entries.reduce(0) { $0 + $1.byteCount })
            most = max(most, cache.entries.count)
        }
        #expect(most > 3)
        // What is larger than the limit is not kept, and takes nobody's place.
        let before = cache.entries.map(\.tokens)
        cache.keep([1, 2], state: state([1, 2]), logits: [Float](repeating: 0, count: 15_000))
        #expect(cache.entries.map(\.tokens) == before)
    }

    @Test(arguments: [EngineModel.lstm, .pairs])
    func `states that cannot be divided are taken whole`(kind: EngineModel) throws {
        let pass = try Self.pass(kind)
        var cache = PromptCache(limit: 1 << 20)
        let whole = state([1, 2, 3], pass)
        cache.keep([1, 2, 3], state: whole, logits: [7])
        cache.keep([1, 2], state: state([1, 2], pass), logits: [8])
        #expect(cache.entries.count == 2)
        #expect(cache.match([1, 2, 3, 4], needsLogits: true)?.state === whole)
        #expect(cache.match([1, 2, 4], needsLogits: true)?.count == 2)
        #expect(cache.match([1, 2], needsLogits: true)?.logits == [8])
        #expect(cache.match([1, 5], needsLogits: true) == nil)
        #expect(cache.match([1], needsLogits: false) == nil)
    }
}
