import Testing
import Work

@testable import Refinement

@Suite struct NearDuplicatesTests {
    private func shingles(_ text: String) -> Set<UInt32> {
        Set(MinHash(NearDuplicateRule()).shingles(of: Array(text.utf8).span))
    }

    private func jaccard(_ one: String, _ other: String) -> Double {
        let (one, other) = (shingles(one), shingles(other))
        let shared = one.intersection(other).count
        return Double(shared) / Double(one.count + other.count - shared)
    }

    private var configuration: RefinementConfiguration {
        var configuration = RefinementConfiguration()
        configuration.removesNearDuplicates = true
        return configuration
    }

    @Test("shingles are runs of words, or the whole of a short text")
    func shingleCounts() {
        let signer = MinHash(NearDuplicateRule())
        for (text, count) in [
            ("", 0), (" . ", 0), ("one", 1), ("a b c d e", 1), ("a b c d e f", 2),
        ] {
            #expect(signer.shingles(of: Array(text.utf8).span).count == count)
            #expect(signer.signature(of: Array(text.utf8).span).count == (count == 0 ? 0 : 120))
        }
        #expect(shingles("The cat SAT, on. the mat") == shingles("the cat sat on the Mat!"))
        #expect(shingles("a b c d e") != shingles("a b c e d"))
    }

    @Test("signatures estimate the Jaccard index within their standard error")
    func estimates() {
        var generator = TextGenerator(seed: 2)
        let signer = MinHash(NearDuplicateRule())
        var squares = 0.0
        var bias = 0.0
        let pairCount = 300
        for index in 0..<pairCount {
            let words = generator.words(200)
            let one = words.joined(separator: " ")
            let other = generator.edited(words, changes: index % 20).joined(separator: " ")
            let truth = jaccard(one, other)
            let estimate = MinHash.similarity(
                signer.signature(of: Array(one.utf8).span),
                signer.signature(of: Array(other.utf8).span))
            let deviation = max(0.01, (truth * (1 - truth) / 120).squareRoot())
            squares += (estimate - truth) * (estimate - truth) / deviation / deviation
            bias += (estimate - truth) / Double(pairCount)
        }
        #expect(squares / Double(pairCount) < 1.3)
        #expect(abs(bias) < 0.01)
    }

    @Test("the probability of being compared is the documented S-curve")
    func curve() {
        let rule = NearDuplicateRule()
        let table = [
            (0.4, 0.079), (0.5, 0.270), (0.6, 0.615), (0.7, 0.918), (0.8, 0.998), (0.9, 1),
        ]
        for (similarity, probability) in table {
            #expect(abs(rule.candidateProbability(similarity: similarity) - probability) < 0.0006)
        }
    }

    @Test("planted duplicates go and their likes stay, measured against every pair's Jaccard index")
    func recallAndPrecision() async throws {
        var generator = TextGenerator(seed: 4)
        var texts: [String] = []
        var originals: [Int?] = []
        for index in 0..<400 {
            // Every other text is an edited copy of the one before, from hardly to thoroughly.
            if index % 2 == 1 {
                let words = texts[index - 1].split(separator: " ").map(String.init)
                texts.append(
                    generator.edited(words, changes: 1 + index % 40 / 2).joined(separator: " "))
                originals.append(index - 1)
            } else {
                texts.append(generator.words(250).joined(separator: " "))
                originals.append(nil)
            }
        }
        let (kept, report) = try await refine(texts, configuration)
        let keptSet = Set(kept)
        var (clear, clearFound, unlike, unlikeLost) = (0, 0, 0, 0)
        for (index, original) in originals.enumerated() {
            guard let original else {
                #expect(keptSet.contains(texts[index]), "the first of a pair stays")
                continue
            }
            let truth = jaccard(texts[index], texts[original])
            let isGone = !keptSet.contains(texts[index])
            if truth >= 0.88 { (clear, clearFound) = (clear + 1, clearFound + (isGone ? 1 : 0)) }
            if truth <= 0.7 { (unlike, unlikeLost) = (unlike + 1, unlikeLost + (isGone ? 1 : 0)) }
        }
        // Two standard errors on either side of the threshold.
        #expect(clear >= 25 && unlike >= 100)
        #expect(Double(clearFound) >= 0.95 * Double(clear))
        #expect(Double(unlikeLost) <= 0.05 * Double(unlike))
        let step = try #require(report.steps.last)
        #expect(step.name == "remove_near_duplicates")
        #expect(step.removed.documents == 400 - kept.count)
        #expect(report.nearDuplicates?.clusters == 400 - kept.count)
        #expect(step.examples[0].keptPlace != nil)
        let small = try await refine(texts, configuration, memory: noMemory)
        #expect(small.kept == kept)
        #expect(small.report == report)
    }

    @Test("of a chain the first stays, and documents without words are never alike")
    func chains() async throws {
        var generator = TextGenerator(seed: 5)
        let first = generator.words(400)
        var (chain, texts) = (first, ["."])
        for _ in 0..<6 {
            texts.append(chain.joined(separator: " "))
            chain = generator.edited(chain, changes: 4)
        }
        texts.append("!")
        #expect(jaccard(texts[1], texts[6]) < 0.75)
        let (kept, report) = try await refine(texts, configuration)
        #expect(kept == [".", texts[1], "!"])
        #expect(report.nearDuplicates?.clusters == 1)
        #expect(
            report.steps[1].examples.allSatisfy { $0.keptPlace == "a.jsonl, line 2" })
    }

    @Test("a text that many share is found, though each is compared with few")
    func boilerplate() async throws {
        var generator = TextGenerator(seed: 6)
        let words = generator.words(300)
        let texts = (0..<500).map { _ in
            generator.edited(words, changes: 1).joined(separator: " ")
        }
        let (kept, report) = try await refine(texts, configuration)
        #expect(kept == [texts[0]])
        #expect(try #require(report.nearDuplicates).comparedPairs < 500 * 8)
    }

    @Test("exact duplicates are counted as such, and everything combines in any memory")
    func combination() async throws {
        var generator = TextGenerator(seed: 8)
        var texts: [String] = []
        for index in 0..<300 {
            switch index % 3 {
            case 0: texts.append(generator.words(100).joined(separator: " "))
            case 1: texts.append(texts[index - 1])
            default:
                let words = texts[index - 2].split(separator: " ").map(String.init)
                texts.append(generator.edited(words, changes: 1).joined(separator: " "))
            }
        }
        var configuration = configuration
        configuration.shuffles = true
        configuration.filter.maximumWordCount = 1_000
        let (kept, report) = try await refine(texts, configuration)
        #expect(report.steps.map(\.removed.documents) == [0, 100, 100])
        #expect(kept.count == 100)
        #expect(report.sources[0].kept == report.kept)
        let small = try await refine(texts, configuration, memory: noMemory)
        #expect(small.kept == kept)
        #expect(small.report == report)
    }

    @Test("too many documents for the memory are an error that says how much it takes")
    func limit() async throws {
        var memory = muchMemory
        memory.clusters = 4 * 9
        await #expect(
            throws: RefinementError.tooManyDocuments(count: 10, needed: .init(byteCount: 1 << 20))
        ) {
            _ = try await refine((0..<10).map { "text \($0)" }, configuration, memory: memory)
        }
    }

    @Test("sets are those of a plain relabelling")
    func unionFind() {
        var random = SplitMix64(seed: 9)
        var sets = UnionFind(count: 60)
        var labels = Array(0..<60)
        for _ in 0..<45 {
            let (one, other) = (Int(random.next() % 60), Int(random.next() % 60))
            sets.unite(one, other)
            let (old, new) = (
                max(labels[one], labels[other]), min(labels[one], labels[other])
            )
            labels = labels.map { $0 == old ? new : $0 }
            for number in 0..<60 { #expect(sets.root(of: number) == labels[number]) }
        }
    }
}
