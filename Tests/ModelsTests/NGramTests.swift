import Foundation
import Models
import Testing
import Work

/// Modified Kneser–Ney smoothing over dictionaries of n-grams, as Chen and Goodman write it.
private struct PlainNGram {
    let order: Int
    let vocabularySize: Int
    /// Occurrences of every n-gram up to the order.
    private var occurrences: [[UInt32]: Int] = [:]
    /// The tokens that each was seen behind, and its occurrences at the beginning of a text.
    private var left: [[UInt32]: Set<UInt32>] = [:]
    private var beginnings: [[UInt32]: Int] = [:]

    init(order: Int, vocabularySize: Int, texts: [[UInt32]]) {
        self.order = order
        self.vocabularySize = vocabularySize
        for text in texts {
            for start in text.indices {
                for length in 1...order where start + length <= text.count {
                    let gram = Array(text[start..<start + length])
                    occurrences[gram, default: 0] += 1
                    if start > 0 {
                        left[gram, default: []].insert(text[start - 1])
                    } else {
                        beginnings[gram, default: 0] += 1
                    }
                }
            }
        }
    }

    /// Count of an n-gram behind the longest context that there is, or behind a shorter one.
    private func count(_ gram: [UInt32], _ isLongest: Bool) -> Int {
        isLongest
            ? occurrences[gram] ?? 0 : (left[gram]?.count ?? 0) + (beginnings[gram] ?? 0)
    }

    private func discounts(_ length: Int, _ isLongest: Bool) -> [Double] {
        var n = [0.0, 0, 0, 0, 0]
        for gram in occurrences.keys where gram.count == length {
            let count = count(gram, isLongest)
            if count <= 4 { n[count] += 1 }
        }
        let y = n[1] / (n[1] + 2 * n[2])
        let d = [1 - 2 * y * n[2] / n[1], 2 - 3 * y * n[3] / n[2], 3 - 4 * y * n[4] / n[3]]
        let areSound = d[0] > 0 && d[0] <= 1 && d[1] > 0 && d[1] <= 2 && d[2] > 0 && d[2] <= 3
        return [0] + (areSound ? d : [0.5, 1, 1.5])
    }

    /// The probability of `token` after the whole `text`, which is not empty.
    func probability(of token: UInt32, after text: [UInt32]) -> Double {
        let context = Array(text.suffix(order - 1))
        return probability(of: token, context, isLongest: true)
    }

    private func probability(
        of token: UInt32, _ context: [UInt32], isLongest: Bool
    ) -> Double {
        let next = (0..<UInt32(vocabularySize)).map { count(context + [$0], isLongest) }
        let total = Double(next.reduce(0, +))
        let shorter =
            context.isEmpty
            ? 1 / Double(vocabularySize)
            : probability(of: token, Array(context.dropFirst()), isLongest: false)
        guard total > 0 else { return shorter }
        let d = discounts(context.count + 1, isLongest)
        let taken = next.reduce(0) { $0 + d[min($1, 3)] }
        let own = Double(next[Int(token)]) - d[min(next[Int(token)], 3)]
        return (own + taken * shorter) / total
    }
}

/// Texts in which some tokens are frequent and some never occur.
private func randomTexts(_ count: Int, vocabulary: Int, seed: UInt64) -> [[UInt32]] {
    var generator = RandomGenerator(seed: seed)
    return (0..<count).map { number in
        (0..<(number % 9 == 0 ? number % 4 : 40)).map { _ in
            let share = generator.uniform() * generator.uniform()
            return UInt32(share * Double(vocabulary - 2))
        }
    }
}

private func model(
    order: Int, vocabulary: Int, _ texts: [[UInt32]], memory: Int = 1 << 30
) -> NGramModel {
    var counter = NGramCounter(order: order, vocabularySize: vocabulary, memoryLimit: memory)
    count(texts, &counter)
    return counter.model()
}

private func count(_ texts: [[UInt32]], _ counter: inout NGramCounter) {
    for text in texts {
        let ids = text.map { TokenID($0) }
        counter.add(ids.span)
    }
}

private func state(_ model: NGramModel, after text: [UInt32]) -> NGramModel.State {
    var state = NGramModel.State()
    for token in text { model.read(TokenID(token), into: &state) }
    return state
}

@Suite struct NGramTests {
    @Test(arguments: [2, 3, 5])
    func `every probability is that of the formulas over dictionaries`(order: Int) {
        let vocabulary = 12
        let texts = randomTexts(30, vocabulary: vocabulary, seed: 3)
        let plain = PlainNGram(order: order, vocabularySize: vocabulary, texts: texts)
        let model = model(order: order, vocabulary: vocabulary, texts)
        let contexts =
            [texts[1], Array(texts[2].prefix(1)), Array(texts[4].prefix(2)), [11], [3, 11, 3]]
            + randomTexts(4, vocabulary: vocabulary, seed: 8).dropFirst()
        for context in contexts {
            let state = state(model, after: context)
            let all = model.probabilities(after: state)
            for token in 0..<UInt32(vocabulary) {
                let truth = plain.probability(of: token, after: context)
                let found = model.probability(of: TokenID(token), after: state)
                #expect(abs(found - truth) < 1e-12, "\(token) after \(context)")
                #expect(found == all[Int(token)])
            }
        }
    }

    @Test func `probabilities of all tokens sum to one after any context`() {
        let texts = randomTexts(200, vocabulary: 60, seed: 1)
        let model = model(order: 4, vocabulary: 60, texts)
        for context in randomTexts(40, vocabulary: 62, seed: 2) {
            let all = model.probabilities(after: state(model, after: context))
            #expect(abs(all.reduce(0, +) - 1) < 1e-12)
            #expect(all.allSatisfy { $0 > 0 })
        }
    }

    @Test func `a text shorter than the context is continued by the model of shorter n-grams`() {
        let texts = randomTexts(60, vocabulary: 20, seed: 4)
        let (long, short) = (
            model(order: 5, vocabulary: 20, texts), model(order: 3, vocabulary: 20, texts)
        )
        for text in texts where text.count > 1 {
            let context = Array(text.prefix(2))
            #expect(
                long.probabilities(after: state(long, after: context))
                    == short.probabilities(after: state(short, after: context)))
        }
    }

    @Test func `a token that repeats a pattern becomes likely`() {
        let texts: [[UInt32]] = Array(repeating: [1, 2, 3, 1, 2, 3, 1, 2, 3], count: 5)
        let model = model(order: 3, vocabulary: 100, texts)
        #expect(model.probability(of: 3, after: state(model, after: [1, 2])) > 0.8)
    }

    @Test func `counting ends where the memory does, and keeps what it has`() {
        let texts = randomTexts(300, vocabulary: 5_000, seed: 9)
        var counter = NGramCounter(order: 4, vocabularySize: 5_000, memoryLimit: 400_000)
        count(texts, &counter)
        #expect(counter.isFull)
        #expect(counter.byteCount <= 400_000)
        #expect((1_000..<texts.map(\.count).reduce(0, +)).contains(counter.tokenCount))
        let model = counter.model()
        #expect(model.byteCount <= 400_000 + 8 * 5_000)
        let all = model.probabilities(after: state(model, after: [1, 2, 3]))
        #expect(abs(all.reduce(0, +) - 1) < 1e-12)
    }

    @Test func `a scorer reads each sequence and each document from its beginning`() {
        let texts = randomTexts(50, vocabulary: 20, seed: 6)
        let model = model(order: 4, vocabulary: 20, texts)
        let ids = texts.dropFirst().prefix(2).flatMap { $0.prefix(8) }
        let inputs = ids.map { TokenID($0) }
        var targets = Array(inputs.dropFirst()) + [3]
        targets[2] = .ignored
        let starts = (0..<16).map { $0 < 8 ? 0 : $0 < 13 ? Int32(0) : 5 }
        let losses = NGramScorer(model, batchSize: 2, contextLength: 8)
            .tokenLosses(inputs: inputs.span, targets: targets.span, documentStarts: starts)
        for index in 0..<16 {
            let first = index / 8 * 8 + Int(starts[index])
            let state = state(model, after: Array(ids[first...index]))
            let truth =
                index == 2 ? 0 : -log(model.probability(of: targets[index], after: state))
            #expect(abs(Double(losses[index]) - truth) < 1e-6)
        }
    }
}
