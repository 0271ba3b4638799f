import Models
import Testing
import Tokenization
import Work

@testable import Server

@Suite struct EngineStressTests {
    @Test(
        "many clients that come and go leave nothing behind",
        arguments: [EngineModel.gpt2, .lstm, .pairs])
    func comingAndGoing(kind: EngineModel) async throws {
        let vocabulary = try EngineModel.vocabulary()
        var model: (any LanguageModel)? = try kind.model(of: vocabulary)
        weak let watched = model
        var options = EngineOptions()
        (options.slotCount, options.queueLength, options.threadCount) = (5, 12, 2)
        (options.cacheByteCount, options.chunkLength) = (60_000, 16)
        var engine: TextEngine? = try TextEngine(
            model: #require(model), vocabulary: vocabulary, name: "mill", options: options)
        model = nil
        let counts = try await Self.visit(#require(engine), kind, vocabulary)
        await engine?.stop(grace: .seconds(600))
        let statistics = try #require(engine?.statistics)
        #expect(statistics.runningCount == 0 && statistics.waitingCount == 0)
        #expect(statistics.stateByteCount == 0)
        #expect(statistics.cacheByteCount <= 60_000)
        #expect(statistics.failedCount == 0)
        #expect(statistics.refusedCounts["queue_full", default: 0] == counts.refused)
        #expect(
            statistics.finishedCount + statistics.cancelledCount == counts.taken,
            "\(statistics)")
        #expect(statistics.finishedCount >= counts.whole)
        #expect(counts.whole > 0 && counts.taken > counts.whole)
        // The thread lets go of the model right after its end.
        engine = nil
        while watched != nil { await Task.yield() }
    }

    private struct Counts {
        var taken = 0
        var whole = 0
        var refused = 0
    }

    /// Twenty clients, each with some requests after each other, of which some are left early.
    private static func visit(
        _ engine: TextEngine, _ kind: EngineModel, _ vocabulary: Vocabulary
    ) async throws -> Counts {
        await withTaskGroup(of: Counts.self) { group in
            for client in 0..<20 {
                group.addTask {
                    var maker = RequestMaker(kind, vocabulary, seed: UInt64(client))
                    var counts = Counts()
                    for _ in 0..<6 {
                        let request = maker.next()
                        let patience = maker.number(0...30)
                        guard let events = try? engine.submit(request) else {
                            counts.refused += 1
                            await Task.yield()
                            continue
                        }
                        counts.taken += 1
                        var seen = 0
                        for await event in events {
                            if case .finished = event { counts.whole += 1 }
                            seen += 1
                            if seen > patience { break }
                        }
                    }
                    return counts
                }
            }
            return await group.reduce(into: Counts()) {
                $0.taken += $1.taken
                $0.whole += $1.whole
                $0.refused += $1.refused
            }
        }
    }
}
