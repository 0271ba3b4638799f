import CKernels
package import Work

/// Work over all floats of a buffer of parameters, on all threads.
///
/// Buffers are cut into blocks of a fixed size, so that sums come out the same for any number of
/// threads.
package enum ParameterBlocks {
    /// Floats in a block.
    package static let blockCount = 16_384

    /// The sum of the squares of all floats: the square of a gradient's global norm.
    package static func sumOfSquares(
        of buffer: FloatBuffer, team: ThreadTeam, kernels level: KernelLevel = .best
    ) -> Double {
        let blocks = 0..<(buffer.count + blockCount - 1) / blockCount
        return sumsOfSquares(of: buffer, blocks: blocks, team: team, kernels: level).reduce(0, +)
    }

    /// The sum of the squares of each of some blocks, in their order: a process that has a part of
    /// a buffer adds up its own.
    package static func sumsOfSquares(
        of buffer: FloatBuffer, blocks: some RandomAccessCollection<Int>, team: ThreadTeam,
        kernels level: KernelLevel = .best
    ) -> [Double] {
        let sums = DoubleScratch(count: blocks.count)
        team.run(blocks.count) { item in
            let start = blocks[blocks.index(blocks.startIndex, offsetBy: item)] * blockCount
            let range = start..<min(start + blockCount, buffer.count)
            sums[item] = unsafe qk_numeric(level.number).pointee
                .sum_of_squares(range.count, buffer.slice(range).base)
        }
        return (0..<blocks.count).map { sums[$0] }
    }

    /// Calls `body` on all threads with the blocks of 0..<count.
    static func eachBlock(of count: Int, _ team: ThreadTeam, _ body: (Range<Int>) -> Void) {
        let blocks = (count + blockCount - 1) / blockCount
        team.run(blocks) { block in
            let start = block * blockCount
            body(start..<min(start + blockCount, count))
        }
    }
}

/// A double for each block, written by many threads in different places.
@safe private final class DoubleScratch {
    private let base: UnsafeMutablePointer<Double>
    private let count: Int

    init(count: Int) {
        unsafe base = .allocate(capacity: max(count, 1))
        unsafe base.initialize(repeating: 0, count: max(count, 1))
        self.count = count
    }

    deinit { unsafe base.deallocate() }

    subscript(index: Int) -> Double {
        get {
            precondition(index >= 0 && index < count)
            return unsafe base[index]
        }
        set {
            precondition(index >= 0 && index < count)
            unsafe base[index] = newValue
        }
    }
}
