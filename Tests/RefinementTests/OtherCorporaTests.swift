import Corpora
import Testing
import Work

@testable import Refinement

/// Documents that are held against those of other corpora.
@Suite struct OtherCorporaTests {
    private let corpus: [String]
    private let others: [[String]]

    init() {
        var generator = TextGenerator(seed: 21)
        var others: [[String]] = [[], []]
        var corpus: [String] = []
        for index in 0..<400 {
            let words = generator.words(60 + generator.number(below: 60))
            let text = words.joined(separator: " ")
            func near() -> String {
                generator.edited(words, changes: 1 + index % 3).joined(separator: " ")
            }
            switch index % 8 {
            case 0: corpus += [text, text, near()]
            case 1: (others[0], corpus) = (others[0] + [text], corpus + [text])
            case 2: (others[1], corpus) = (others[1] + [text], corpus + [near(), near()])
            case 3: (others[0], others[1]) = (others[0] + [text, text], others[1] + [near()])
            case 4: (others[0], others[1]) = (others[0] + [text], others[1] + [text, near()])
            case 5:
                (others[1], corpus) = (others[1] + [near(), text], corpus + [near(), "few", text])
            default: corpus.append(text)
            }
        }
        (self.corpus, self.others) = (corpus + [".", ""], others + [["."]])
    }

    private func configuration(exact: Bool, near: Bool) -> RefinementConfiguration {
        var configuration = RefinementConfiguration()
        configuration.removesDuplicates = exact
        configuration.removesNearDuplicates = near
        configuration.filter.minimumWordCount = 3
        configuration.shuffles = exact && near
        configuration.otherPaths = ["first", "second", "third"]
        return configuration
    }

    private func document(_ text: String, _ path: String, _ number: Int) -> Document {
        Document(
            text: Array(text.utf8), origin: DocumentOrigin(path: path, position: .line(number)))
    }

    /// What stays, the report, and what goes.
    private func refine(
        _ configuration: RefinementConfiguration, _ memory: RefinementMemory
    ) async throws -> (kept: [String], report: RefinementReport, removed: [RemovedDocument]) {
        let refiner = try Refiner(configuration, memory: memory, scratchPath: scratchPath)
        var (kept, removed): ([String], [RemovedDocument]) = ([], [])
        refiner.didRemove = { removed.append($0) }
        for (number, texts) in others.enumerated() {
            for (line, text) in texts.enumerated() {
                try refiner.append(
                    other: refiner.measure(other: document(text, "other\(number)", line)),
                    of: number)
            }
        }
        func take(_ document: Document) {
            kept.append(String(decoding: document.text, as: UTF8.self))
        }
        for (line, text) in corpus.enumerated() {
            try await refiner.append(
                refiner.measure(document(text, "corpus", line)), emit: take)
        }
        let report = try await refiner.finish(checkpoint: { _, _, _ in }, emit: take)
        return (kept, report, removed)
    }

    @Test(arguments: [(true, false), (false, true), (true, true)])
    func `what stays is what would stay behind the other corpora`(
        exact: Bool, near: Bool
    ) async throws {
        let configuration = configuration(exact: exact, near: near)
        let (kept, report, removed) = try await refine(configuration, muchMemory)
        // The others before the corpus, as if all were one.
        var plain = configuration
        plain.otherPaths = []
        plain.filter = DocumentFilter()
        plain.shuffles = false
        let together = try await RefinementTests.refine(
            others.joined() + corpus.filter { $0 != "few" && $0.count > 1 }, plain)
        let theirs = try await RefinementTests.refine(Array(others.joined()), plain)
        #expect(together.kept.starts(with: theirs.kept))
        let own = Array(together.kept.dropFirst(theirs.kept.count))
        #expect(configuration.shuffles ? kept.sorted() == own.sorted() : kept == own)
        #expect(Set(kept) != Set(corpus))
        // Little memory changes nothing.
        let small = try await refine(configuration, noMemory)
        #expect(small.kept == kept && small.report == report)
        #expect(small.removed.count == removed.count)
        try check(report, removed, near: near)
    }

    /// Holds counts against the list, and the list against the texts.
    private func check(
        _ report: RefinementReport, _ removed: [RemovedDocument], near: Bool
    ) throws {
        #expect(report.read.documents == corpus.count)
        #expect(Set(report.sources.map(\.path)) == ["corpus"])
        let step = try #require(report.steps.first { $0.name == "against" })
        let told = removed.filter { $0.step == "against" }
        #expect(step.removed.documents == told.count && told.count > 40)
        #expect(step.removed.bytes == told.reduce(0) { $0 + $1.byteCount })
        #expect(step.examples.count == 8 && step.examples.allSatisfy { $0.keptPlace != nil })
        let entries = try #require(report.others)
        #expect(entries.map(\.path) == ["first", "second", "third"])
        #expect(entries.map(\.read.documents) == others.map(\.count))
        #expect(entries[2].removed.documents == 0)
        let signer = MinHash(NearDuplicateRule())
        for (number, entry) in entries.enumerated() {
            #expect(
                entry.removed.documents
                    == told.count { $0.keptOrigin?.path == "other\(number)" })
        }
        for document in removed where document.keptOrigin != nil {
            func text(_ origin: DocumentOrigin) -> String {
                let texts =
                    origin.path == "corpus" ? corpus : others[Int(String(origin.path.last!))!]
                guard case .line(let line) = origin.position else { return "" }
                return texts[line]
            }
            let (one, other) = (text(document.origin), text(document.keptOrigin!))
            #expect((document.step == "against") == (document.keptOrigin!.path != "corpus"))
            if let similarity = document.similarity {
                let signatures = [one, other].map { signer.signature(of: Array($0.utf8).span) }
                #expect(similarity == MinHash.similarity(signatures[0], signatures[1]))
            } else {
                #expect(one == other)
            }
        }
        let similar = removed.count { $0.similarity != nil }
        #expect(near ? similar > 40 : similar == 0)
    }

    @Test func `without a search for duplicates there is nothing to hold against`() {
        #expect(throws: RefinementError.self) {
            try configuration(exact: false, near: false).validate(threadCount: 1)
        }
    }
}
