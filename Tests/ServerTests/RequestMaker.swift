import Models
import Tokenization
import Work

@testable import Server

/// Requests of mixed kinds, whose prompts often begin alike.
struct RequestMaker {
    private var generator: RandomGenerator
    private let vocabulary: Vocabulary
    private let isPairs: Bool
    private var bases: [[TokenID]] = []

    init(_ model: EngineModel, _ vocabulary: Vocabulary, seed: UInt64) {
        generator = RandomGenerator(seed: seed)
        self.vocabulary = vocabulary
        isPairs = model == .pairs
        bases = (0..<3).map { _ in tokens(number(12...30)) }
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(generator.next() % UInt64(range.count))
    }

    private mutating func chance(_ percent: Int) -> Bool { number(0...99) < percent }

    mutating func tokens(_ count: Int) -> [TokenID] {
        (0..<count).map { _ in TokenID(number(0...265)) }
    }

    private mutating func prompt() -> [TokenID] {
        var prompt = chance(60) ? bases[number(0...2)] : []
        if prompt.isEmpty || chance(70) { prompt += tokens(number(1...20)) }
        guard isPairs else { return prompt }
        return prompt + [vocabulary.endOfText!, vocabulary.specialToken(PairTemplate.padding)!]
    }

    mutating func next() -> TextRequest {
        var request = TextRequest(prompt: prompt())
        request.generation.maximumTokenCount = chance(10) ? 0 : number(1...14)
        request.generation.temperature = chance(30) ? 0 : Double(number(3...15)) / 10
        request.generation.topK = chance(50) ? 0 : number(1...60)
        request.generation.topP = chance(50) ? 1 : 0.9
        request.generation.minP = chance(70) ? 0 : 0.02
        request.generation.repetitionPenalty = chance(70) ? 1 : 1.2
        request.generation.seed = generator.next()
        if chance(30) { request.generation.stopStrings = ["e", "\u{e9}", "the m", "\n"] }
        if chance(30) { request.adjustments.presencePenalty = 0.7 }
        if chance(30) { request.adjustments.frequencyPenalty = -0.4 }
        if chance(30) { request.adjustments.logitBias = [vocabulary.endOfText!: 2, 7: -100] }
        if chance(30) { request.sampleCount = number(2...4) }
        if chance(60) { request.alternativeCount = [0, 1, 3, 20][number(0...3)] }
        request.echoesPrompt = chance(40)
        request.ignoresEnd = chance(30)
        if chance(30) { request.endTokens = Set(vocabulary.specialTokens.map(\.id)) }
        if chance(20) { request.moreEndTokens = [TokenID(number(0...265))] }
        request.usesCache = chance(80)
        return request
    }

    mutating func order(_ count: Int) -> [Int] {
        (0..<count).shuffled(using: &generator)
    }
}
