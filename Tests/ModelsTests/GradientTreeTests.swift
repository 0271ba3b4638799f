import Testing
import Work

@testable import Models

@Suite struct GradientTreeTests {
    /// The sum of `values` as a binary tree padded to a power of two, as plainly as it can be said.
    private func treeSum<Value>(
        _ values: ArraySlice<Value>, _ add: (Value, Value) -> Value
    ) -> Value {
        guard values.count > 1 else { return values.first! }
        var half = 1
        while 2 * half < values.count { half *= 2 }
        let middle = values.startIndex + half
        return add(treeSum(values[..<middle], add), treeSum(values[middle...], add))
    }

    @Test("the additions are those of the tree, whatever the size of waves")
    func additions() {
        #expect(treeSum(["0", "1", "2", "3", "4"][...]) { "(\($0)+\($1))" } == "(((0+1)+(2+3))+4)")
        for slotCount in 1...70 {
            let names = (0..<slotCount).map(String.init)
            let expected = treeSum(names[...]) { "(\($0)+\($1))" }
            for waveSize in [1, 2, 4, 8, 16, 128, slotCount] {
                guard waveSize >= slotCount || waveSize.nonzeroBitCount == 1 else { continue }
                let tree = GradientTree(slotCount: slotCount, waveSize: waveSize)
                var buffers = Array(repeating: "nothing", count: tree.bufferCount)
                var usedCount = 0
                for wave in tree.waves {
                    for (place, slot) in wave.slots.enumerated() {
                        buffers[wave.firstBuffer + place] = names[slot]
                        usedCount = max(usedCount, wave.firstBuffer + place + 1)
                    }
                    for addition in wave.additions {
                        let (source, target) = (addition.source, addition.target)
                        buffers[target] = "(\(buffers[target])+\(buffers[source]))"
                        buffers[source] = "taken"
                    }
                }
                #expect(buffers[0] == expected)
                #expect(usedCount == tree.bufferCount)
                #expect(tree.waves.flatMap { Array($0.slots) } == Array(0..<slotCount))
            }
        }
    }

    @Test("the sequences of slots are neighbours, each in one slot, and differ by one at most")
    func sequences() {
        for slotCount in 1...9 {
            let tree = GradientTree(slotCount: slotCount, waveSize: slotCount)
            for count in slotCount...40 {
                let slots = (0..<slotCount).map { tree.sequences(ofSlot: $0, of: count) }
                #expect(slots.flatMap { Array($0) } == Array(0..<count))
                let sizes = slots.map(\.count)
                #expect(sizes == sizes.sorted(by: >) && sizes[0] - sizes[slotCount - 1] <= 1)
            }
        }
    }

    // MARK: The runner

    private struct Sum: Equatable {
        var loss: Double
        var gradients: [Float]

        static func + (a: Sum, b: Sum) -> Sum {
            Sum(loss: a.loss + b.loss, gradients: zip(a.gradients, b.gradients).map { $0 + $1 })
        }
    }

    private static let length = 6
    private let model: GPT
    private let batch = randomBatch(17 * length, vocabulary: 11, seed: 6)

    init() throws { model = try tinyModel(layers: 1) }

    /// Sum of the gradients of some of the sequences, by a runner of their own.
    private func sum(of sequences: Range<Int>, slots: Int, threads: Int) -> Sum {
        let runner = BatchRunner(
            model: model, batchSize: sequences.count, contextLength: Self.length,
            team: ThreadTeam(threadCount: threads), slotCount: slots)
        let places =
            sequences.lowerBound * Self.length..<sequences.upperBound * Self.length
        let loss = runner.computeGradients(
            inputs: batch.inputs.span.extracting(places),
            targets: batch.targets.span.extracting(places), scale: 0.125,
            dropout: Dropout(rate: 0.1, seed: 1, firstSequence: sequences.lowerBound))
        return Sum(loss: loss, gradients: runner.gradients.array)
    }

    @Test("gradients and loss are the plain tree's over those of slots", arguments: 1...17)
    func runner(slots: Int) {
        let tree = GradientTree(slotCount: slots, waveSize: slots)
        let parts = (0..<slots).map {
            sum(of: tree.sequences(ofSlot: $0, of: 17), slots: 1, threads: 1)
        }
        let expected = treeSum(parts[...], +)
        for threads in 1...4 {
            #expect(sum(of: 0..<17, slots: slots, threads: threads) == expected)
        }
    }

    @Test(
        "a half, a quarter and an eighth of the slots are subtrees", arguments: [2, 4, 8, 16],
        [2, 4, 8])
    func subtrees(slots: Int, processes: Int) {
        guard processes <= slots else { return }
        let share = 16 / processes
        let parts = (0..<processes).map {
            sum(
                of: $0 * share..<($0 + 1) * share, slots: slots / processes, threads: 1 + $0 % 3)
        }
        #expect(treeSum(parts[...], +) == sum(of: 0..<16, slots: slots, threads: 2))
    }

    @Test("the gradients are those of the last batch alone")
    func again() {
        let runner = BatchRunner(
            model: model, batchSize: 8, contextLength: Self.length,
            team: ThreadTeam(threadCount: 2))
        var sums: [Sum] = []
        for first in [0, 9, 0] {
            let places = first * Self.length..<(first + 8) * Self.length
            let loss = runner.computeGradients(
                inputs: batch.inputs.span.extracting(places),
                targets: batch.targets.span.extracting(places), scale: 1)
            sums.append(Sum(loss: loss, gradients: runner.gradients.array))
        }
        #expect(sums[0] == sums[2])
        #expect(sums[0] != sums[1])
    }
}
