import Foundation
import Testing

@testable import TokenShards

@Suite struct MixtureTests {
    @Test("each position draws one source, and a source's draws are numbered without a gap")
    func numbering() {
        for weights in [[1], [1, 1], [3, 1], [0.7, 0.2, 0.1], [1e-3, 5, 2, 2, 1e-2, 8, 1]] {
            let schedule = MixtureSchedule(weights: weights)
            var next = weights.map { _ in 0 }
            for position in 0..<5_000 {
                let (source, index) = schedule[position]
                #expect(index == next[source])
                next[source] += 1
            }
        }
    }

    @Test("proportions hold over every stretch, from the first position on")
    func proportions() {
        for weights in [[1, 1], [3, 1], [0.7, 0.2, 0.1], [1e-3, 5, 2, 2, 1e-2, 8, 1]] {
            let schedule = MixtureSchedule(weights: weights)
            let sum = weights.reduce(0, +)
            let depth = Double(Int.bitWidth - (weights.count - 1).leadingZeroBitCount)
            var drawn = weights.map { _ in 0.0 }
            for position in 0..<20_000 {
                drawn[schedule[position].source] += 1
                for (count, weight) in zip(drawn, weights) {
                    #expect(abs(count - Double(position + 1) * weight / sum) <= depth)
                }
            }
        }
    }

    @Test("a schedule is as exact after 10^15 positions")
    func far() {
        let schedule = MixtureSchedule(weights: [2, 1, 1])
        let start = 1_000_000_000_000_000
        let (source, index) = schedule[start]
        #expect(abs(Double(index) - Double(start) * [0.5, 0.25, 0.25][source]) <= 2)
        let drawn = (0..<400).map { schedule[start + $0].source }
        #expect((0..<3).map { source in drawn.count { $0 == source } } == [200, 100, 100])
    }

    /// Two data sets of one vocabulary.
    private func makeMixture(_ fixture: ShardFixture, _ weights: [Double]) throws -> Mixture {
        _ = try fixture.write(to: "a")
        _ = try fixture.write(to: "b", tokensPerShard: 45)
        return try Mixture(
            zip(["a", "b"], weights).map {
                WeightedShards(
                    name: $0, set: try ShardSet(directory: fixture.path($0)), weight: $1)
            })
    }

    @Test("a data set without a window, and weights without a sum, are refused by name")
    func refusals() throws {
        let fixture = try ShardFixture()
        let mixture = try makeMixture(fixture, [1, 2])
        // The shards of b have at most 45 tokens or one document.
        let length = try #require(
            mixture.sources[1].set.shards(of: .train).map(\.tokenCount).max())
        #expect(throws: Never.self) {
            _ = try mixture.loader(length: length - 1, batchSize: 1, seed: 0)
        }
        let error = #expect(throws: ShardError.self) {
            _ = try mixture.loader(length: length, batchSize: 1, seed: 0)
        }
        #expect("\(error, default: "")".contains("b has no shard of \(length + 1) training"))
        let heavy = #expect(throws: ShardError.self) { try makeMixture(fixture, [1, 1e308]) }
        #expect(
            "\(heavy, default: "")".contains("the weight of b is 1e+308; give a number above 0"))
    }

    @Test("each source's epochs see each of its rows once", arguments: Packing.allCases)
    func epochs(packing: Packing) throws {
        let fixture = try ShardFixture()
        let mixture = try makeMixture(fixture, [3, 1])
        let loader = try mixture.loader(packing: packing, length: 16, batchSize: 4, seed: 9)
        var seen: [[Int: [Int]]] = [[:], [:]]
        for position in 0..<4 * loader.windowCount {
            let row = loader.row(at: position)
            seen[row.source][row.epoch, default: []].append(row.number)
        }
        for (epochs, source) in zip(seen, mixture.sources) {
            let count = source.set.rows(in: .train, packing: packing, length: 16).count
            #expect(epochs.count > 1)
            for epoch in 0..<epochs.count - 1 {
                #expect(epochs[epoch]?.sorted() == Array(0..<count))
            }
        }
        #expect(seen[0][0] != seen[0][1])
    }

    @Test("a mixture of one data set has that data set's order and fingerprint")
    func alone() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write()
        let set = try ShardSet(directory: fixture.path("set"))
        let mixture = Mixture(set)
        let loader = try mixture.loader(length: 16, batchSize: 2, seed: 4)
        let plain = try BatchLoader(
            windows: set.windows(in: .train, length: 16, stride: 16), batchSize: 2, seed: 4)
        for position in 0..<50 { #expect(loader.batch(at: position) == plain.batch(at: position)) }
        #expect(mixture.fingerprint == set.fingerprint)
        #expect(
            try makeMixture(fixture, [1, 2]).fingerprint
                != makeMixture(fixture, [2, 1]).fingerprint)
    }

    @Test(
        "any number of processes, started anywhere, have together the rows of an undisturbed run",
        arguments: Packing.allCases)
    func ranks(packing: Packing) throws {
        let fixture = try ShardFixture()
        let loader = try makeMixture(fixture, [2, 1]).loader(
            packing: packing, length: 16, marksDocuments: true, batchSize: 12, seed: 2)
        let steps = 40
        let undisturbed = (0..<steps).map { loader.batch(at: $0 * 12) }
        var random = TestRandom(seed: 5)
        for _ in 0..<30 {
            // Stops and starts at random steps, with another number of processes each time.
            var step = 0
            while step < steps {
                let stop = min(steps, step + 1 + Int(random.next() % 15))
                let worldSize = [1, 2, 3, 4, 6, 12][Int(random.next() % 6)]
                // A process that starts knows nothing but the step.
                let loader = try makeMixtureAgain(fixture).loader(
                    packing: packing, length: 16, marksDocuments: true, batchSize: 12, seed: 2)
                for step in step..<stop {
                    let shares = (0..<worldSize).map {
                        loader.batch(at: step * 12, rank: $0, of: worldSize)
                    }
                    #expect(shares.flatMap(\.inputs) == undisturbed[step].inputs)
                    #expect(shares.flatMap(\.targets) == undisturbed[step].targets)
                    #expect(
                        shares.flatMap { $0.documentStarts! } == undisturbed[step].documentStarts)
                    #expect(
                        shares.reduce(0) { $0 + $1.scoredCount } == undisturbed[step].scoredCount)
                }
                step = stop
            }
        }
    }

    private func makeMixtureAgain(_ fixture: ShardFixture) throws -> Mixture {
        try Mixture([
            WeightedShards(name: "a", set: try ShardSet(directory: fixture.path("a")), weight: 2),
            WeightedShards(name: "b", set: try ShardSet(directory: fixture.path("b")), weight: 1),
        ])
    }

    @Test("mixtures that make no sense are refused with the reason")
    func refused() throws {
        let fixture = try ShardFixture()
        let other = try ShardFixture(documentCount: 20)
        _ = try other.write()
        #expect(throws: ShardError.self) { try Mixture([]) }
        #expect(throws: ShardError.self) { try makeMixture(fixture, [1, 0]) }
        #expect(throws: ShardError.self) { try makeMixture(fixture, [1, .infinity]) }
        let error = #expect(throws: ShardError.self) {
            try Mixture([
                WeightedShards(name: "a", set: try ShardSet(directory: fixture.path("a"))),
                WeightedShards(name: "c", set: try ShardSet(directory: other.path("set"))),
            ])
        }
        #expect(error?.description.contains("different vocabularies") == true)
    }
}
