import Testing

@testable import TokenShards

@Suite struct StreamOrderTests {
    @Test("an epoch has each window once, but for fewer than streams, and those change")
    func epochs() {
        for (windowCount, streamCount) in [(1, 1), (7, 1), (7, 7), (7, 3), (20, 8), (100, 9)] {
            let order = StreamOrder(windowCount: windowCount, streamCount: streamCount)
            var left: Set<Int> = Set(0..<windowCount)
            for epoch in 0...windowCount % streamCount {
                var seen: Set<Int> = []
                for stream in 0..<streamCount {
                    for place in 0..<order.length {
                        let found = order[stream, epoch * order.length + place]
                        #expect(found.epoch == epoch && found.isFirst == (place == 0))
                        #expect(seen.insert(found.window).inserted)
                        guard place > 0 else { continue }
                        let before = order[stream, epoch * order.length + place - 1]
                        #expect(found.window == before.window + 1)
                    }
                }
                #expect(seen.count == windowCount - windowCount % streamCount)
                #expect(seen.isSubset(of: 0..<windowCount))
                left.subtract(seen)
            }
            #expect(left.isEmpty)
        }
    }

    @Test(
        "a row that goes on begins with the token that the row before it predicted last",
        arguments: [false, true])
    func rows(marksDocuments: Bool) throws {
        let fixture = try ShardFixture()
        _ = try fixture.write(tokensPerShard: 250)
        let set = try ShardSet(directory: fixture.path("set"))
        let (length, batchSize) = (4, 6)
        let loader = try Mixture(set).loader(
            length: length, marksDocuments: marksDocuments, batchSize: batchSize, seed: 1,
            isContinuous: true)
        let steps = loader.windowCount / batchSize
        var (continuing, beginnings, ends) = (0, 0, 0)
        for step in 0..<2 * steps {
            let batch = loader.batch(at: step * batchSize)
            let continues = try #require(batch.continues)
            #expect(continues.count == batchSize)
            for row in 0..<batchSize {
                let window = loader.row(at: step * batchSize + row).windows[0]
                let shard = set.shards(of: .train)[window.shard]
                #expect(
                    Array(batch.inputs[row * length..<(row + 1) * length])
                        == shard.tokens(window.start..<window.start + length))
                if step % steps == 0 {
                    #expect(!continues[row])
                    continue
                }
                let before = loader.row(at: (step - 1) * batchSize + row).windows[0]
                let isNext = before.shard == window.shard && before.start + length == window.start
                let beginsDocument = (0..<shard.documentCount).contains {
                    shard.document($0).firstToken == window.start
                }
                #expect(continues[row] == (isNext && !(marksDocuments && beginsDocument)))
                if continues[row] {
                    continuing += 1
                } else if isNext {
                    beginnings += 1
                } else {
                    ends += 1
                }
            }
        }
        // All three cases are there.
        #expect(continuing > 50 && ends > 2)
        #expect(marksDocuments ? beginnings > 2 : beginnings == 0)
    }

    @Test("several data sets have whole rows each, by weight, in any number of processes")
    func mixture() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write(to: "a")
        _ = try fixture.write(to: "b", tokensPerShard: 45)
        func mixture(_ weight: Double) throws -> Mixture {
            try Mixture([
                WeightedShards(
                    name: "a", set: try ShardSet(directory: fixture.path("a")), weight: weight),
                WeightedShards(name: "b", set: try ShardSet(directory: fixture.path("b"))),
            ])
        }
        let loader = try mixture(2).loader(
            length: 5, marksDocuments: true, batchSize: 6, seed: 2, isContinuous: true)
        let sources = (0..<6).map { loader.row(at: $0).source }
        #expect(sources.count { $0 == 0 } == 4)
        for step in 1..<60 {
            #expect((0..<6).map { loader.row(at: 6 * step + $0).source } == sources)
            let batch = loader.batch(at: 6 * step)
            let shares = (0..<3).map { loader.batch(at: 6 * step, rank: $0, of: 3) }
            #expect(shares.flatMap(\.inputs) == batch.inputs)
            #expect(shares.flatMap { $0.continues ?? [] } == batch.continues)
        }
        let error = #expect(throws: ShardError.self) {
            _ = try mixture(100).loader(length: 5, batchSize: 6, seed: 2, isContinuous: true)
        }
        #expect("\(error, default: "")".contains("data set 2 has less than one"))
    }

    @Test("rows are given out by weight, all of them")
    func rowCounts() {
        func counts(_ weights: [Double], _ batchSize: Int) -> [Int] {
            MixtureSchedule(weights: weights).rowCounts(of: batchSize)
        }
        #expect(counts([1], 5) == [5])
        #expect(counts([2, 1], 6) == [4, 2])
        #expect(counts([1, 1, 1], 8) == [3, 3, 2])
        #expect(counts([0.5, 0.3, 0.2], 8) == [4, 2, 2])
        #expect(counts([100, 1], 6) == [6, 0])
        for batchSize in 1...70 {
            #expect(counts([3, 0.1, 7, 2.5, 1], batchSize).reduce(0, +) == batchSize)
        }
    }

    @Test("rows without a window each are refused")
    func tooFew() throws {
        let fixture = try ShardFixture(documentCount: 4)
        _ = try fixture.write()
        let mixture = Mixture(try ShardSet(directory: fixture.path("set")))
        let count = try mixture.loader(length: 16, batchSize: 1, seed: 0).windowCount
        #expect(throws: Never.self) {
            _ = try mixture.loader(length: 16, batchSize: count, seed: 0, isContinuous: true)
        }
        #expect(throws: ShardError.tooFewWindows(windowCount: count, rowCount: count + 1)) {
            _ = try mixture.loader(length: 16, batchSize: count + 1, seed: 0, isContinuous: true)
        }
    }
}
