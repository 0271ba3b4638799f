import Foundation
import Testing

@testable import TokenShards

@Suite struct WindowTests {
    @Test("training windows are full, in order, a stride apart, and never cross a shard")
    func trainingWindows() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write(tokensPerShard: 120)
        let set = try ShardSet(directory: fixture.path("set"))
        let shards = set.shards(of: .train)
        for length in [1, 2, 7, 30, 59] {
            for stride in [1, 3, length, length + 5] {
                let windows = set.windows(in: .train, length: length, stride: stride)
                var expected: [[Int]] = []
                for (number, shard) in shards.enumerated() {
                    var start = 0
                    while start + length + 1 <= shard.tokenCount {
                        expected.append(
                            [number, start, length, 0])
                        start += stride
                    }
                }
                #expect(
                    (0..<windows.count).map { number in
                        let window = windows[number]
                        return [window.shard, window.start, window.length, window.alreadyScored]
                    } == expected)
            }
        }
    }

    @Test("each epoch cuts its windows elsewhere, inside of their shards")
    func cutsOfEpochs() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write(tokensPerShard: 120)
        let set = try ShardSet(directory: fixture.path("set"))
        let shards = set.shards(of: .train)
        for (length, stride) in [(7, 7), (30, 30), (30, 8), (7, 12)] {
            let windows = set.windows(in: .train, length: length, stride: stride)
            var shifts: [Int] = []
            for epoch in 0..<8 {
                let cut = (0..<windows.count).map { windows.window($0, inEpoch: epoch) }
                // The golden ratio's part of the stride, by floating-point numbers.
                let turn = Double(epoch) * (5.0.squareRoot() - 1) / 2
                let shift = Int((turn - turn.rounded(.down)) * Double(stride))
                shifts.append(shift)
                for (number, window) in cut.enumerated() {
                    let plain = windows[number]
                    let last = shards[plain.shard].tokenCount - length - 1
                    #expect(window.shard == plain.shard && window.length == length)
                    #expect(window.start == min(plain.start + shift, last))
                }
            }
            #expect(shifts[0] == 0)
            #expect(Set(shifts.prefix(5)).count == 5)
        }
    }

    @Test("a loader that shifts windows has the first epoch as it is, and others elsewhere")
    func shiftedBatches() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write(tokensPerShard: 120)
        let set = try ShardSet(directory: fixture.path("set"))
        let windows = set.windows(in: .train, length: 16, stride: 16)
        let sampler = WindowSampler(windowCount: windows.count, seed: 5)
        let loaders = try [false, true].map {
            try Mixture(set).loader(length: 16, batchSize: 4, seed: 5, shiftsWindows: $0)
        }
        for position in 0..<4 * windows.count {
            let window = loaders[1].row(at: position).windows
            let epoch = position / windows.count
            #expect(window == [windows.window(sampler[position], inEpoch: epoch)])
            #expect(loaders[0].row(at: position).windows == [windows[sampler[position]]])
            if position % 4 == 0 {
                // Any number of processes reads the same, and what is said of a row is read.
                let whole = loaders[1].batch(at: position)
                let half = loaders[1].batch(at: position, rank: 1, of: 2)
                #expect(Array(whole.inputs.suffix(32)) == Array(half.inputs))
                let tokens = set.shards(of: .train)[window[0].shard]
                    .tokens(window[0].start..<window[0].start + 16)
                #expect(Array(whole.inputs.prefix(16)) == Array(tokens))
            }
        }
    }

    @Test("scoring windows predict every token but a shard's first exactly once, with full context")
    func scoringWindows() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write(tokensPerShard: 120)
        let set = try ShardSet(directory: fixture.path("set"))
        for length in [1, 2, 7, 30, 500] {
            for stride in [1, 3, length] where stride <= length {
                let windows = set.windows(in: .validation, length: length, stride: stride)
                var scored = set.shards(of: .validation).map {
                    [Int](repeating: 0, count: $0.tokenCount)
                }
                for window in windows.scoringWindows() {
                    for index in window.alreadyScored..<window.length {
                        let position = window.start + index + 1
                        scored[window.shard][position] += 1
                        // As much context as there is, up to the length less the stride.
                        #expect(index + 1 >= min(position, length - stride + 1))
                    }
                }
                for counts in scored {
                    #expect(counts.first == 0)
                    #expect(counts.dropFirst().allSatisfy { $0 == 1 })
                }
            }
        }
    }

    @Test(
        "each epoch of a sampler is a permutation, and epochs and seeds differ", arguments: 1...70)
    func permutation(count: Int) {
        let sampler = WindowSampler(windowCount: count, seed: 7)
        let first = (0..<count).map { sampler[$0] }
        let second = (count..<2 * count).map { sampler[$0] }
        #expect(first.sorted() == Array(0..<count))
        #expect(second.sorted() == Array(0..<count))
        if count > 8 {
            let other = WindowSampler(windowCount: count, seed: 8)
            #expect(first != second)
            #expect(first != (0..<count).map { other[$0] })
            #expect(first != Array(0..<count))
        }
    }

    @Test("a sampler over many windows visits early and late ones alike")
    func spread() {
        let sampler = WindowSampler(windowCount: 1_000_003, seed: 1)
        let mean = (0..<10_000).reduce(0) { $0 + sampler[$1] } / 10_000
        #expect(abs(mean - 500_001) < 15_000)
        #expect(Set((0..<10_000).map { sampler[$0] }).count == 10_000)
    }

    @Test("targets are the inputs one token on, and rows without a window are not scored")
    func batches() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write(tokensPerShard: 10_000)
        let set = try ShardSet(directory: fixture.path("set"))
        let windows = set.windows(in: .train, length: 16, stride: 16)
        let loader = try BatchLoader(windows: windows, batchSize: 3, seed: 5)
        let sampler = WindowSampler(windowCount: windows.count, seed: 5)
        let shard = set.shards(of: .train)[0]
        for position in [0, 3, 6, 3 * windows.count + 1] {
            let batch = loader.batch(at: position)
            #expect(batch.scoredCount == 48)
            for row in 0..<3 {
                let start = windows[sampler[position + row]].start
                let tokens = shard.tokens(start..<start + 17)
                #expect(Array(batch.inputs[row * 16..<row * 16 + 16]) == Array(tokens.dropLast()))
                #expect(Array(batch.targets[row * 16..<row * 16 + 16]) == Array(tokens.dropFirst()))
            }
        }
        let scoring = windows.scoringWindows()
        let last = windows.batch(of: scoring.suffix(1), batchSize: 2)
        #expect(last.scoredCount == scoring.last!.length - scoring.last!.alreadyScored)
        #expect(last.targets.count { $0 != TokenID.ignored } == last.scoredCount)
        #expect(last.targets.suffix(16).allSatisfy { $0 == TokenID.ignored })
    }

    @Test(
        "batches say where documents begin, wherever windows cut them",
        arguments: EndOfTextPolicy.allCases)
    func documents(policy: EndOfTextPolicy) throws {
        let fixture = try ShardFixture()
        _ = try fixture.write(policy: policy, tokensPerShard: 200)
        let set = try ShardSet(directory: fixture.path("set"))
        let windows = set.windows(in: .train, length: 16, stride: 5, marksDocuments: true)
        let loader = try BatchLoader(windows: windows, batchSize: 3, seed: 5)
        let sampler = WindowSampler(windowCount: windows.count, seed: 5)
        for position in stride(from: 0, to: windows.count, by: 3) {
            let batch = loader.batch(at: position)
            let starts = try #require(batch.documentStarts)
            for row in 0..<3 {
                let window = windows[sampler[position + row]]
                let shard = set.shards(of: .train)[window.shard]
                let expected = (0..<16).map { offset in
                    let range = (0..<shard.documentCount).map { shard.tokenRange(ofDocument: $0) }
                        .first { $0.contains(window.start + offset) }!
                    return Int32(max(range.lowerBound, window.start) - window.start)
                }
                #expect(Array(starts[row * 16..<row * 16 + 16]) == expected)
            }
        }
        let scored = windows.batch(of: windows.scoringWindows().suffix(2), batchSize: 3)
        #expect(scored.documentStarts?.count == 48)
        #expect(scored.documentStarts?.suffix(16).allSatisfy { $0 == 0 } == true)
        let unmarked = set.windows(in: .train, length: 16, stride: 5)
        #expect(unmarked.batch(of: [windows[0]], batchSize: 1).documentStarts == nil)
    }

    @Test("a split without a full window cannot be trained on")
    func tooFew() throws {
        let fixture = try ShardFixture(documentCount: 2)
        _ = try fixture.write()
        let set = try ShardSet(directory: fixture.path("set"))
        #expect(throws: ShardError.self) {
            try BatchLoader(
                windows: set.windows(in: .train, length: 10_000, stride: 1), batchSize: 1, seed: 1)
        }
    }
}
